import { createRequire } from "node:module";
import type { ResvgRenderOptions } from "@resvg/resvg-js";
import { digestOf, type Json, LabError } from "../core/index.js";
import type { Figure, Layout } from "./figure.js";
import { fontFamily, fontFiles } from "./font.js";
import { drawOnPage } from "./plotly-page.js";
import { themedLayout } from "./theme.js";

/** Trace types that plotly draws as SVG and that the tests here have looked at. */
const drawable: readonly string[] = ["bar", "box", "histogram", "scatter", "violin"];

/** Width and height of a figure without a size of its own, in px. */
export const defaultSize = { width: 760, height: 440 } as const;

/** A picture in pixels. */
export interface Png {
  readonly bytes: Uint8Array;
  /** Size in device pixels: the figure's size times the scale. */
  readonly width: number;
  readonly height: number;
}

/**
 * Draws a figure as SVG, without a browser. The same figure gives the same text on every machine.
 *
 * @throws LabError `unsupported` for trace types that need a canvas or WebGL (heatmap, scattergl, scatter3d, ...): there is
 *   nothing here to draw them with, and a blank picture would be a lie.
 * @throws LabError `config-invalid` when plotly cannot draw the figure.
 * @example
 * const svg = figureToSvg({ data: [{ type: "bar", x: ["SFT", "ILR"], y: [0.31, 0.44] }] });
 */
export function figureToSvg(figure: Figure): string {
  refuseUndrawable(figure);
  const drawn = { data: figure.data as Json, layout: fullLayout(figure) as Json };
  try {
    return drawOnPage(drawn, digestOf(drawn));
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw new LabError("config-invalid", `plotly cannot draw this figure: ${(cause as Error).message}`, {
      hint: "check the traces and the layout against plotly's reference",
      cause,
    });
  }
}

/** A figure's layout as it is drawn: in the house look, and of a fixed size. */
export function fullLayout(figure: Figure): Layout {
  return themedLayout({ ...defaultSize, ...definedOnly(figure.layout ?? {}), autosize: false });
}

/**
 * Draws a figure as PNG, without a browser.
 *
 * @param scale device pixels per px; 2 stays sharp on dense screens.
 * @throws LabError as `figureToSvg` does.
 */
export function figureToPng(figure: Figure, scale = 2): Png {
  return svgToPng(figureToSvg(figure), scale);
}

/** Pixels of an SVG of ours; text is drawn with the figures' own font, so a machine without fonts gives the same bytes. */
export function svgToPng(svg: string, scale = 2): Png {
  const { Resvg } = createRequire(import.meta.url)("@resvg/resvg-js") as typeof import("@resvg/resvg-js");
  const options: ResvgRenderOptions = {
    fitTo: { mode: "zoom", value: scale },
    background: "white",
    font: {
      loadSystemFonts: false,
      fontFiles: fontFiles(),
      defaultFontFamily: fontFamily,
      sansSerifFamily: fontFamily,
      serifFamily: fontFamily,
      monospaceFamily: fontFamily,
    },
  };
  const image = new Resvg(svg, options).render();
  return { bytes: image.asPng(), width: image.width, height: image.height };
}

function refuseUndrawable(figure: Figure): void {
  for (const [i, trace] of figure.data.entries()) {
    const type = trace.type ?? "scatter";
    if (typeof type === "string" && drawable.includes(type)) continue;
    throw new LabError(
      "unsupported",
      `trace ${i} is of type ${JSON.stringify(type)}, which cannot be drawn without a browser`,
      {
        hint: `display and drawFigure draw it with a Chromium, installed or named by ILR_CHROMIUM; without one: ${drawable.join(", ")}`,
      },
    );
  }
}

function definedOnly(layout: Layout): Layout {
  return Object.fromEntries(Object.entries(layout).filter(([, value]) => value !== undefined));
}
