import { randomUUID } from "node:crypto";
import { LabError } from "../core/index.js";
import {
  type Drawing,
  drawInBrowser,
  type Figure,
  figureToSvg,
  findChromium,
  isFigure,
  svgToPng,
  themedLayout,
} from "../figures/index.js";
import type { Channel } from "./channel.js";
import type { Rendered } from "./displayable.js";
import { visibleText } from "./views/html.js";

/** Device pixels per px: sharp on dense screens. */
const scale = 2;

/**
 * A figure as interactive plotly, and as SVG and PNG where it can be drawn without a browser; where it cannot, words say so, since where only
 * text or images are shown, a reader must not take nothing for a picture.
 *
 * @throws LabError `config-invalid` for a figure that plotly cannot draw.
 */
export function figureForms(figure: Figure): Rendered {
  try {
    const svg = figureToSvg(figure);
    return withPicture(withoutPicture(figure), { svg, png: svgToPng(svg, scale) });
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== "unsupported") throw error;
    return withoutPicture(figure, `no static picture: ${error.message}; ${error.hint}`);
  }
}

/**
 * Shows a figure that needs a browser for its picture: interactive at once, and with the picture as soon as it is drawn.
 *
 * @returns false if there is nothing to wait for: no figure, one with a picture already, or no browser.
 */
export function displayPicture(value: unknown, rendered: Rendered, channel: Channel): boolean {
  if (!isFigure(value) || "image/png" in rendered.data || findChromium() === undefined) return false;
  const transient = { display_id: randomUUID() };
  const show = (next: Rendered, update: boolean): void => channel.send({ ...next, transient }, update);
  const { metadata } = rendered;
  const say = (note: string): Rendered => ({ ...withoutPicture(value, note), metadata });
  show(say("a browser is drawing the static picture"), false);
  const work = drawInBrowser(value, { scale }).then(
    (drawing) => show(withPicture({ ...withoutPicture(value), metadata }, drawing), true),
    (error: LabError) => show(say(`no static picture: ${error.message}${error.hint ? `; ${error.hint}` : ""}`), true),
  );
  channel.hold(work);
  return true;
}

function withPicture(rendered: Rendered, { svg, png }: Pick<Drawing, "svg" | "png">): Rendered {
  const { "text/plain": text, ...data } = rendered.data;
  const pictures = {
    ...(svg !== undefined && { "image/svg+xml": svg }),
    "image/png": Buffer.from(png.bytes).toString("base64"),
  };
  const size = { width: png.width / scale, height: png.height / scale };
  return { data: { ...data, ...pictures, "text/plain": text }, metadata: { ...rendered.metadata, "image/png": size } };
}

function withoutPicture(figure: Figure, note?: string): Rendered {
  const plotly = { data: figure.data, layout: themedLayout(figure.layout ?? {}) };
  const text = visibleText(note === undefined ? summaryOf(figure) : `${summaryOf(figure)}\n(${note})`);
  return { data: { "application/vnd.plotly.v1+json": plotly, "text/plain": text }, metadata: {} };
}

function summaryOf(figure: Figure): string {
  const title = figure.layout?.title;
  const text = typeof title === "object" && title !== null && "text" in title ? title.text : title;
  const names = figure.data.map((trace, i) => String(trace.name ?? `${trace.type ?? "scatter"} ${i}`));
  return `Figure${typeof text === "string" ? ` "${text}"` : ""}: ${names.join(", ")}`;
}
