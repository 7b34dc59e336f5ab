import { LabError } from "../core/index.js";
import { type Drawing, type DrawOptions, drawInBrowser } from "./draw-in-browser.js";
import type { Figure } from "./figure.js";
import { figureToSvg, svgToPng } from "./render.js";

/**
 * Draws a figure as SVG and PNG: without a browser where that can be done, which gives the same bytes on every machine, and with the
 * Chromium of this machine otherwise (heatmaps, contours, WebGL, ...).
 *
 * @throws LabError `unsupported` for what needs a browser where there is none; `config-invalid` when plotly cannot draw the figure.
 * @example
 * const { png } = await drawFigure({ data: [{ type: "contour", z: [[1, 2], [3, 4]] }] }, { scale: 2 });
 */
export async function drawFigure(figure: Figure, { scale = 2 }: DrawOptions = {}): Promise<Drawing> {
  try {
    const svg = figureToSvg(figure);
    return { svg, png: svgToPng(svg, scale) };
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== "unsupported") throw error;
    return drawInBrowser(figure, { scale });
  }
}
