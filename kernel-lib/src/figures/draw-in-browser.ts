import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { BrowserContext, Page } from "playwright-core";
import { digestOf, type Json, LabError, limitOf } from "../core/index.js";
import { withBrowser } from "./browser.js";
import type { Figure } from "./figure.js";
import { fontFaceCss, fontFamily } from "./font.js";
import { fullLayout, type Png } from "./render.js";

export interface DrawOptions {
  /** Device pixels per px. Default: 2. */
  readonly scale?: number;
}

/** A picture of a figure. */
export interface Drawing {
  /** Missing where a figure has parts that only pixels can show (WebGL). */
  readonly svg?: string;
  readonly png: Png;
}

/** The most time for one figure, in ms. A figure that waits for the network (map tiles) never ends by itself. */
const timeoutMs = 30_000;

/** Pages take memory, and cores are few. */
const limit = limitOf(2);

/**
 * Draws a figure of any type with the Chromium of this machine, with the figures' own font and without the network. One browser a process
 * serves all figures. Unlike `figureToSvg`'s, its pictures may differ a little between versions of Chromium.
 *
 * @throws LabError `unsupported` where there is no Chromium, or the figure needs what is not there (the network, WebGL); `config-invalid` when
 *   plotly cannot draw the figure, or draws nothing: a blank picture would be a lie.
 * @example
 * const { png } = await drawInBrowser({ data: [{ type: "heatmap", z: [[1, 2], [3, 4]] }] });
 */
export function drawInBrowser(figure: Figure, { scale = 2 }: DrawOptions = {}): Promise<Drawing> {
  return limit(() =>
    withBrowser(async (browser) => {
      const context = await browser.newContext({ deviceScaleFactor: scale, offline: true, serviceWorkers: "block" });
      try {
        return await withinTime(drawOn(await emptyPage(context), figure, scale));
      } finally {
        await context.close().catch(() => {});
      }
    }),
  );
}

/** A page with plotly and fonts, whose policy lets nothing be loaded. */
async function emptyPage(context: BrowserContext): Promise<Page> {
  context.setDefaultTimeout(timeoutMs);
  await context.route("**/*", (route) => route.abort());
  const page = await context.newPage();
  const policy =
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; font-src data:";
  await page.setContent(`<!DOCTYPE html><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}; img-src data: blob:; worker-src blob:">
<style>${fontFaceCss()}
body{margin:0;background:white} .bare ${traceLayers.join(", .bare ")}{display:none!important}</style>
<div id="figure"></div>`);
  const plotly = createRequire(import.meta.url).resolve("plotly.js");
  await page.addScriptTag({ content: readFileSync(plotly, "utf8") });
  return page;
}

/** Where plotly draws what is data, without axes, titles and legends. */
const traceLayers = [
  ".cartesianlayer .overplot",
  ...["polar", "smith", "ternary"].map((name) => `.${name}layer .frontplot`),
  ...["geo", "pie", "funnelarea", "icicle", "treemap", "sunburst", "indicator"].map((name) => `.${name}layer`),
  ...[".gl-container", ".sankey", ".parcoords", ".parcats", ".table"],
] as const;

async function drawOn(page: Page, figure: Figure, scale: number): Promise<Drawing> {
  const drawn = { data: figure.data as Json, layout: fullLayout(figure) as Json };
  const seed = Number.parseInt(digestOf(drawn).slice(0, 8), 16);
  const result = await page.evaluate(plot, { figure: JSON.stringify(drawn), seed, scale, font: fontFamily });
  if (result.problem !== undefined) throw notDrawn(result.problem);
  const { width, height, svg } = result;
  await page.setViewportSize({ width, height });
  const shoot = (): Promise<Buffer> => page.screenshot({ type: "png", clip: { x: 0, y: 0, width, height } });
  const bytes = await shoot();
  await page.evaluate(() => document.body.classList.add("bare"));
  if (bytes.equals(await shoot())) throw notDrawn("nothing of its data is to be seen");
  const png = { bytes: new Uint8Array(bytes), width: Math.round(width * scale), height: Math.round(height * scale) };
  return { ...(svg !== undefined && { svg }), png };
}

interface Plotted {
  readonly problem?: string;
  /** In px. */
  readonly width: number;
  readonly height: number;
  readonly svg?: string | undefined;
}

interface PlotInput {
  /** JSON of data and layout. */
  readonly figure: string;
  readonly seed: number;
  readonly scale: number;
  readonly font: string;
}

interface PagePlotly {
  newPlot(element: Element, data: unknown, layout: unknown, config: object): Promise<unknown>;
  toImage(element: Element, options: object): Promise<string>;
}

/** Runs in the page, so it can use nothing of this module. */
async function plot({ figure, seed, scale, font }: PlotInput): Promise<Plotted> {
  const element = document.getElementById("figure") as HTMLElement & { _fullLayout: { width: number; height: number } };
  const { Plotly } = window as unknown as { Plotly: PagePlotly };
  const { data, layout } = JSON.parse(figure) as { data: unknown; layout: unknown };
  let state = seed;
  // Plotly names its clip paths at random; a plain generator keeps the text of the picture the same.
  Math.random = () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
  try {
    await Promise.all(
      ["", "bold ", "italic ", "italic bold "].map((face) => document.fonts.load(`${face}12px ${font}`)),
    );
    await Plotly.newPlot(element, data, layout, { displayModeBar: false, plotGlPixelRatio: scale });
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const { width, height } = element._fullLayout;
    if (element.querySelector(".no-webgl") !== null) return { width, height, problem: "this Chromium has no WebGL" };
    const inPixels = element.querySelector("canvas") !== null;
    const svg = inPixels ? undefined : await Plotly.toImage(element, { format: "svg", imageDataOnly: true });
    return { width, height, svg };
  } catch (error) {
    return { width: 0, height: 0, problem: error instanceof Error ? error.message : String(error) };
  }
}

function notDrawn(problem: string): LabError {
  return new LabError("config-invalid", `plotly cannot draw this figure: ${problem}`, {
    hint: "check the traces and the layout against plotly's reference; maps need the network, which figures do not get",
  });
}

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(notDrawn(`it was not ready after ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
