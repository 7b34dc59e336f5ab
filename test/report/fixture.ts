import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, describe } from "vitest";
import { type Figure, figureToSvg, findChromium } from "../../kernel-lib/src/figures/index.js";
import { buildReport, type Report } from "../../kernel-lib/src/report/index.js";

/** A cell as a notebook's file has it. */
export type Cell = { readonly cell_type: string; readonly [field: string]: unknown };
export type Output = { readonly output_type: string; readonly [field: string]: unknown };

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ilr-report-test-"));
  folders.push(folder);
  return folder;
}

export const text = (source: string): Cell => ({ cell_type: "markdown", metadata: {}, source });

export const code = (source: string, outputs: readonly Output[] = [], more: object = {}): Cell => ({
  ...{ cell_type: "code", metadata: {}, source, outputs, execution_count: 1 },
  ...more,
});

export const shown = (data: object, own?: unknown): Output => ({
  ...{ output_type: "display_data", data },
  metadata: own === undefined ? {} : { "ilr-lab": own },
});

/** Writes notebooks, `{ name: cells }`, and gives their paths. */
export async function notebooks(files: { readonly [name: string]: readonly Cell[] }): Promise<string[]> {
  const folder = await temporaryFolder();
  const paths: string[] = [];
  for (const [name, cells] of Object.entries(files)) {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    paths.push(path);
  }
  return paths;
}

/** The report of one notebook. */
export async function reportOf(...cells: readonly Cell[]): Promise<Report> {
  return buildReport(await notebooks({ "notebook.ipynb": cells }));
}

export const figure: Figure = {
  data: [
    { type: "scatter", x: [0, 1, 2], y: [0.3, 0.4, 0.5], name: "ILR" },
    { type: "scatter", x: [0, 1, 2], y: [0.3, 0.3, 0.2], name: "DPO" },
  ],
  layout: { title: { text: "Test accuracy" }, width: 760, height: 440 },
};

let drawn: string | undefined;

/** A figure's output as `display` leaves it: plotly, picture, words. */
export function figureOutput(own?: unknown): Output {
  drawn ??= figureToSvg(figure);
  const words = 'Figure "Test accuracy": ILR, DPO';
  const data = { "application/vnd.plotly.v1+json": figure, "image/svg+xml": drawn, "text/plain": words };
  return shown(data, own);
}

export const provenance = {
  experiment: "micro-math/main",
  title: "Main comparison",
  seeds: [0, 1],
  machine: "a machine, 2 cores",
  backend: "embedded",
  started: "2026-11-23T06:59:00.000Z",
  ended: "2026-11-23T07:01:22.878Z",
  versions: { "ilr-lab": "0.1.0", engine: "a1".repeat(32) },
  counts: { executed: 3, cached: 204 },
  keys: ["0f".repeat(32), `sha256:${"1e".repeat(32)}`],
  recorded: false,
} as const;

export const reading = (value: number, outcome: string): object => ({
  ...{ compares: "ILR (evaluator) - DPO (evaluator), round 3", expects: "positive", outcome },
  difference: { value, low: value - 0.01, high: value + 0.01 },
});

export const claim = (name: string, outcome: string, ...values: readonly number[]): object => ({
  ...{ claim: name, statement: `What ${name} says`, outcome },
  readings: values.map((value) => reading(value, outcome)),
});

/** A page, parsed. */
export const open = (page: string): Document => new JSDOM(page).window.document;

export const all = (node: Document | Element, selector: string): Element[] => [...node.querySelectorAll(selector)];

/** What can be read of an element, its parts apart. */
export function words(node: Element | null | undefined): string {
  if (!node) return "";
  const walker = node.ownerDocument.createTreeWalker(node, 4 /* NodeFilter.SHOW_TEXT */);
  const texts: string[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode.nodeValue ?? "");
  return texts.join(" ").replaceAll(/\s+/g, " ").trim();
}

const executablePath = findChromium();

/** Tests in a real browser; skipped where there is none. */
export const describeInBrowser = describe.skipIf(executablePath === undefined);

let browser: Promise<Browser> | undefined;
afterAll(async () => {
  await (await browser)?.close();
  browser = undefined;
});

/** What a page did besides showing itself. */
export interface Deeds {
  readonly requests: string[];
  readonly messages: string[];
  readonly dialogs: string[];
}

/** Opens a report from disk and looks at it. */
export async function inBrowser<T>(
  html: string,
  options: BrowserContextOptions,
  look: (page: Page, deeds: Deeds) => Promise<T>,
): Promise<T> {
  browser ??= chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox", "--disable-gpu"] });
  const path = join(await temporaryFolder(), "index.html");
  await writeFile(path, html);
  const context = await (await browser).newContext(options);
  const deeds: Deeds = { requests: [], messages: [], dialogs: [] };
  try {
    const page = await context.newPage();
    page.on("request", (request) => {
      const url = request.url();
      if (url !== `file://${path}` && !/^(data|blob):/.test(url)) deeds.requests.push(url);
    });
    page.on("console", (message) => void deeds.messages.push(message.text()));
    page.on("pageerror", (error) => void deeds.messages.push(error.message));
    page.on("dialog", (dialog) => {
      deeds.dialogs.push(dialog.message());
      return dialog.dismiss();
    });
    context.on("page", (other) => void deeds.requests.push(`a new page: ${other.url()}`));
    await page.goto(`file://${path}`);
    return await look(page, deeds);
  } finally {
    await context.close();
  }
}

/** Scrolls to the end and back, slowly enough that everything comes into view. */
export async function scrollThrough(page: Page): Promise<void> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  for (let y = 0; y < height; y += 500) {
    await page.evaluate((to) => window.scrollTo(0, to), y);
    await page.waitForTimeout(30);
  }
}
