import { JSDOM } from "jsdom";
import { type Figure, figureToSvg } from "../../kernel-lib/src/figures/index.js";
import { type Box, boxOnPage } from "../../kernel-lib/src/figures/svg-geometry.js";

/** Text of a drawn figure that cannot be read: outside the picture, or on top of other text. */
export function illegible(figure: Figure, width: number): readonly string[] {
  const svg = figureToSvg({ ...figure, layout: { ...figure.layout, width } });
  const { document } = new JSDOM(svg, { contentType: "image/svg+xml" }).window;
  const page = document.documentElement;
  const height = Number(page.getAttribute("height"));
  const texts = [...page.querySelectorAll("text")].flatMap((element) => {
    const box = boxOnPage(element);
    const text = (element.textContent ?? "").trim();
    return box === null || text === "" || isHidden(element) ? [] : [{ text, box }];
  });
  const outside = texts.filter(
    ({ box }) => box.x < -1 || box.y < -1 || box.x + box.width > width + 1 || box.y + box.height > height + 1,
  );
  const onTop = texts.flatMap((one, i) =>
    texts.slice(i + 1).flatMap((other) => (overlap(one.box, other.box) ? [`"${one.text}" on "${other.text}"`] : [])),
  );
  return [...outside.map(({ text }) => `"${text}" is outside`), ...onTop];
}

function isHidden(element: Element): boolean {
  for (let node: Element | null = element; node !== null; node = node.parentElement) {
    if (/display:\s*none|opacity:\s*0[;"]/.test(node.getAttribute("style") ?? "")) return true;
  }
  return false;
}

/** Boxes are of the font's full height; lines that touch are no overlap. */
function overlap(a: Box, b: Box): boolean {
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return across > 1 && down > 3;
}
