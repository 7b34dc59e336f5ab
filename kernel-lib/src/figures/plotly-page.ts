import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { DOMWindow } from "jsdom";
import { seededRandom } from "../core/index.js";
import { type Box, boundingBox, boxOnPage, pathLength, pathPoints, pointAlong, textLength } from "./svg-geometry.js";

/** The part of plotly.js that drawing needs. */
interface Plotly {
  newPlot(element: Element, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
  purge(element: Element): void;
  readonly Snapshot: { toSVG(element: Element, format: "svg", scale: number): string };
}

const require = createRequire(import.meta.url);
const nothing: Box = { x: 0, y: 0, width: 0, height: 0 };
let page: DOMWindow | undefined;

/**
 * Draws a figure with plotly on a page that exists in memory only.
 *
 * Plotly draws SVG traces before its promise settles, so the picture can be taken at once: a notebook's `display(figure)` needs no
 * `await`, and its output lands in its own cell.
 *
 * @returns SVG text; the same figure gives the same text.
 */
export function drawOnPage(figure: { readonly data: unknown; readonly layout: unknown }, seed: string): string {
  page ??= openPage();
  const random = seededRandom(seed);
  page.Math.random = () => random.next(); // plotly names its clip paths with it
  const element = page.document.createElement("div");
  page.document.body.append(element);
  const plotly = (page as DOMWindow & { Plotly: Plotly }).Plotly;
  try {
    const { data, layout } = page.JSON.parse(JSON.stringify(figure)) as { data: unknown; layout: unknown };
    let failure: unknown;
    // `staticPlot` leaves out drag handles, whose invisible shapes would only make the file longer.
    plotly.newPlot(element, data, layout, { staticPlot: true }).catch((error: unknown) => {
      failure = error;
    });
    const svg = plotly.Snapshot.toSVG(element, "svg", 1);
    if (failure !== undefined) throw failure;
    return svg;
  } finally {
    plotly.purge(element);
    element.remove();
  }
}

/** About a second, once a process. */
function openPage(): DOMWindow {
  const { JSDOM, VirtualConsole } = require("jsdom") as typeof import("jsdom");
  const { window } = new JSDOM("<!DOCTYPE html><body></body>", {
    runScripts: "outside-only",
    virtualConsole: new VirtualConsole(), // "not implemented" notices stay silent
  });
  Object.assign(window, { TextDecoder, TextEncoder });
  window.URL.createObjectURL = () => "";
  window.HTMLCanvasElement.prototype.getContext = () => null;
  giveElementsSizes(window);
  window.eval(readFileSync(require.resolve("plotly.js"), "utf8"));
  return window;
}

/** jsdom has no layout; plotly's margins, legends and tick labels need the sizes of what it draws. */
function giveElementsSizes(window: DOMWindow): void {
  const prototype = window.SVGElement.prototype as unknown as {
    getBBox(this: Element): Box;
    getBoundingClientRect(this: Element): DOMRectLike;
    getComputedTextLength(this: Element): number;
    getTotalLength(this: Element): number;
    getPointAtLength(this: Element, distance: number): { x: number; y: number };
  };
  prototype.getBBox = function () {
    return boundingBox(this) ?? nothing;
  };
  prototype.getBoundingClientRect = function () {
    const box = boxOnPage(this) ?? nothing;
    return { ...box, left: box.x, top: box.y, right: box.x + box.width, bottom: box.y + box.height };
  };
  prototype.getComputedTextLength = function () {
    return textLength(this);
  };
  const points = (path: Element) => pathPoints(path.getAttribute("d") ?? "");
  prototype.getTotalLength = function () {
    return pathLength(points(this));
  };
  prototype.getPointAtLength = function (distance) {
    const [x, y] = pointAlong(points(this), distance);
    return { x, y };
  };
}

interface DOMRectLike extends Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}
