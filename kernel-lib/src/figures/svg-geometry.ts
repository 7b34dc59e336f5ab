import { type FontFace, type FontMetrics, fontMetrics } from "./font.js";

/** An axis-parallel box in px; `null` where an element draws nothing. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** x and y in px. */
export type Point = readonly [number, number];

/** The six numbers of an SVG `matrix(a b c d e f)`. */
type Matrix = readonly [number, number, number, number, number, number];

const identity: Matrix = [1, 0, 0, 1, 0, 0];
const drawsNothing = new Set(["defs", "clipPath", "style", "title", "desc", "linearGradient", "pattern", "mask"]);

/** The box of an element and its children in the element's own coordinates, as SVG's `getBBox` defines it. */
export function boundingBox(element: Element): Box | null {
  const tag = element.localName;
  if (drawsNothing.has(tag) || /display:\s*none/.test(element.getAttribute("style") ?? "")) return null;
  if (tag === "text") return textBox(element);
  if (tag === "path") return boxOf(pathPoints(element.getAttribute("d") ?? ""));
  if (tag === "rect" || tag === "image") {
    return {
      x: attribute(element, "x"),
      y: attribute(element, "y"),
      width: attribute(element, "width"),
      height: attribute(element, "height"),
    };
  }
  if (tag === "circle") {
    const r = attribute(element, "r");
    return { x: attribute(element, "cx") - r, y: attribute(element, "cy") - r, width: 2 * r, height: 2 * r };
  }
  if (tag === "line") {
    return boxOf([
      [attribute(element, "x1"), attribute(element, "y1")],
      [attribute(element, "x2"), attribute(element, "y2")],
    ]);
  }
  const corners = [...element.children].flatMap((child) => {
    const box = boundingBox(child);
    return box === null ? [] : cornersOf(box, transformOf(child));
  });
  return boxOf(corners);
}

/** The box of an element in the coordinates of its outermost SVG, as `getBoundingClientRect` gives it on a page without scrolling. */
export function boxOnPage(element: Element): Box | null {
  let box = boundingBox(element);
  for (let node: Element | null = element; node !== null && box !== null; node = node.parentElement) {
    if (node.localName === "svg") {
      box = { ...box, x: box.x + attribute(node, "x"), y: box.y + attribute(node, "y") };
    } else {
      box = boxOf(cornersOf(box, transformOf(node)));
    }
  }
  return box;
}

/** Width in px of an element's text on one line. */
export function textLength(element: Element): number {
  let width = 0;
  for (const node of element.childNodes) {
    if (node.nodeType === 3) {
      const size = fontSize(element);
      width += faceOf(element).width((node.textContent ?? "").replaceAll(/[\n\t]/g, " ")) * size;
    } else if (node.nodeType === 1) width += textLength(node as Element);
  }
  return width;
}

/** Plotly writes one line as text nodes, several lines as `tspan.line` children with `dy` in em. */
function textBox(text: Element): Box | null {
  if ((text.textContent ?? "") === "") return null;
  const lines = [...text.children].filter((child) => child.classList.contains("line"));
  const corners: Point[] = [];
  for (const line of lines.length > 0 ? lines : [text]) {
    const width = textLength(line);
    const size = fontSize(line);
    const { ascent, descent } = faceOf(line);
    const x = anchored(attribute(line, "x") || attribute(text, "x"), width, inherited(line, "text-anchor"));
    const dy = line.getAttribute("dy") ?? "0";
    const shift = dy.endsWith("em") ? Number.parseFloat(dy) * size : Number.parseFloat(dy);
    const baseline = attribute(text, "y") + (line === text ? 0 : attribute(text, "dy")) + shift;
    corners.push([x, baseline - ascent * size], [x + width, baseline + descent * size]);
  }
  return boxOf(corners);
}

function anchored(x: number, width: number, anchor: string | undefined): number {
  if (anchor === "middle") return x - width / 2;
  return anchor === "end" ? x - width : x;
}

/** The points of a path; curves count with their control points, arcs with their ends, which is enough for margins. */
export function pathPoints(d: string): readonly Point[] {
  const points: Point[] = [];
  let [x, y] = [0, 0];
  for (const [, command, rest] of d.matchAll(/([a-zA-Z])([^a-zA-Z]*)/g)) {
    const numbers = (rest?.match(/[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi) ?? []).map(Number);
    const kind = command?.toUpperCase();
    const [baseX, baseY] = command === kind ? [0, 0] : [x, y];
    if (kind === "H") x = baseX + (numbers.at(-1) ?? 0);
    else if (kind === "V") y = baseY + (numbers.at(-1) ?? 0);
    else {
      const from = kind === "A" ? 5 : 0;
      for (let i = from; i + 1 < numbers.length; i += kind === "A" ? 7 : 2) {
        [x, y] = [baseX + numbers[i]!, baseY + numbers[i + 1]!];
        points.push([x, y]);
      }
      continue;
    }
    points.push([x, y]);
  }
  return points;
}

/** The point at a distance (px) along a path of straight lines (plotly asks for it to place arrow heads). */
export function pointAlong(points: readonly Point[], distance: number): Point {
  let left = Math.max(0, distance);
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!];
    const length = Math.hypot(x1 - x0, y1 - y0);
    if (left <= length && length > 0) return [x0 + ((x1 - x0) * left) / length, y0 + ((y1 - y0) * left) / length];
    left -= length;
  }
  return points.at(-1) ?? [0, 0];
}

/** Length in px of a path of straight lines. */
export function pathLength(points: readonly Point[]): number {
  return points.slice(1).reduce((sum, [x, y], i) => sum + Math.hypot(x - points[i]![0], y - points[i]![1]), 0);
}

function boxOf(points: readonly Point[]): Box | null {
  if (points.length === 0) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function cornersOf(box: Box, [a, b, c, d, e, f]: Matrix): Point[] {
  const xs = [box.x, box.x + box.width];
  const ys = [box.y, box.y + box.height];
  return xs.flatMap((x) => ys.map((y): Point => [a * x + c * y + e, b * x + d * y + f]));
}

function transformOf(element: Element): Matrix {
  let matrix = identity;
  for (const [, kind, list] of (element.getAttribute("transform") ?? "").matchAll(/(\w+)\s*\(([^)]*)\)/g)) {
    const numbers = (list ?? "").split(/[\s,]+/).map(Number);
    matrix = multiply(matrix, transformStep(kind ?? "", numbers));
  }
  return matrix;
}

function transformStep(kind: string, [p = 0, q, r = 0, s = 1, t = 0, u = 0]: readonly number[]): Matrix {
  if (kind === "translate") return [1, 0, 0, 1, p, q ?? 0];
  if (kind === "scale") return [p, 0, 0, q ?? p, 0, 0];
  if (kind === "matrix") return [p, q ?? 0, r, s, t, u];
  if (kind !== "rotate") return identity;
  const [sin, cos] = [Math.sin((p * Math.PI) / 180), Math.cos((p * Math.PI) / 180)];
  const [x, y] = [q ?? 0, r];
  return [cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y];
}

function multiply([a, b, c, d, e, f]: Matrix, [p, q, r, s, t, u]: Matrix): Matrix {
  return [a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f];
}

function attribute(element: Element, name: string): number {
  return Number.parseFloat(element.getAttribute(name) ?? "0") || 0;
}

/** A property from the style or attribute of the element or its nearest ancestor that has one (jsdom does not inherit SVG styles). */
function inherited(element: Element | null, name: string): string | undefined {
  for (let node = element; node !== null; node = node.parentElement) {
    const style = node.getAttribute("style");
    const match = style === null ? null : new RegExp(`(?:^|;)\\s*${name}:\\s*([^;]+)`).exec(style);
    const value = match?.[1]?.trim() ?? node.getAttribute(name);
    if (value !== null && value !== undefined && value !== "") return value;
  }
  return undefined;
}

/** Font size in px; percentages (plotly's subscripts) multiply what is inherited. */
function fontSize(element: Element | null): number {
  const value = inherited(element, "font-size");
  if (value === undefined) return 12;
  const size = Number.parseFloat(value);
  return value.endsWith("%") ? (size / 100) * fontSize(ancestorWithoutPercent(element)) : size;
}

function ancestorWithoutPercent(element: Element | null): Element | null {
  let node = element;
  while (node !== null && !/font-size:\s*[\d.]+%/.test(node.getAttribute("style") ?? "")) node = node.parentElement;
  return node?.parentElement ?? null;
}

function faceOf(element: Element): FontMetrics {
  const weight = inherited(element, "font-weight") ?? "normal";
  const bold = /bold/.test(weight) || Number(weight) >= 600;
  const italic = /italic|oblique/.test(inherited(element, "font-style") ?? "");
  const face: FontFace = bold ? (italic ? "boldItalic" : "bold") : italic ? "italic" : "regular";
  return fontMetrics(face);
}
