import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Browser, type Locator, type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Cell, parseNotebook } from "../../kernel-lib/src/notebook/nbformat.js";
import { runNotebook } from "../../kernel-lib/src/notebook/run-notebook.js";
import { type LabServer, startLab } from "./lab-server.js";
import { chromium, type JupyterHome, kernelTitle, labMissing, makeJupyterHome } from "./support.js";

const root = resolve(import.meta.dirname, "..", "..");
const out = join(root, "out");

const figure = `display({
  data: [{ type: "scatter", name: "ILR", x: [0, 1, 2], y: [0.31, 0.38, 0.42] }],
  layout: { title: "Accuracy by round", width: 640, height: 400 },
});`;
const frame = `display(table({ method: ["SFT", "<b>DPO</b>"], accuracy: [0.312, 0.318] }));`;
const imports = 'import { display, displayLive } from "ilr-lab";\nimport { table } from "arquero";';

let home: JupyterHome;
let server: LabServer;
let browser: Browser;

beforeAll(async () => {
  if (labMissing !== undefined) return;
  home = await makeJupyterHome();
  await mkdir(out, { recursive: true });
  [server, browser] = await Promise.all([
    startLab(home, { ...home.env, ILR_ROOT: root, ILR_STORE: join(home.folder, "store") }),
    playwright.launch({ executablePath: chromium!, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] }),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await home?.remove();
});

describe.skipIf(labMissing !== undefined)("JupyterLab", () => {
  it("runs the quickstart from an empty store", { timeout: 600_000 }, async () => {
    await copyFile(join(root, "notebooks", "00-quickstart.ipynb"), join(home.notebooks, "00-quickstart.ipynb"));
    const { page, complaints } = await openNotebook("00-quickstart.ipynb");
    const seen = new Set<string>();
    await runAll(page);
    await until(page, hasEnded, 420_000, async () => {
      if ((await prompts(page))[0] !== "[*]:") return;
      const texts = await outputsOf(page, 0).allInnerTexts();
      expect(texts.length, texts.join("\n")).toBeLessThanOrEqual(1);
      for (const text of texts) seen.add(text.trim());
    });
    expect(seen.size, [...seen].join("\n")).toBeGreaterThan(5);
    const cells = await savedCells(page, "00-quickstart.ipynb");
    expectWhole(cells, cells.filter(({ cell_type }) => cell_type === "code").length);
    await page.locator(".jp-OutputArea-output table").first().waitFor();
    const pictures = page.locator(".jp-OutputArea-child", { has: page.locator("svg, img") });
    expect(await pictures.count()).toBeGreaterThanOrEqual(2);
    for (const shown of await pictures.all()) await expectPicture(shown);
    expect(complaints).toEqual([]);

    await codeCell(page, 2).evaluate((element) => element.scrollIntoView({ block: "end" })); // the table, under the figure
    await screenshot(page, "jupyterlab.png");
    await growToWholeNotebook(page);
    await screenshot(page, "jupyterlab-whole.png");
  });

  it("shows a table, a figure, and progress in one place", async () => {
    const steps =
      'for (let i = 1; i <= 10; i++) { await new Promise((end) => setTimeout(end, 150)); line.update([i, "of 10"].join(" ")); }';
    await home.notebook("small.ipynb", [
      imports,
      { markdown: "Text between." },
      frame,
      figure,
      `const line = displayLive("0 of 10");\n${steps}`,
      'console.log("done");\n1 + 1',
    ]);
    const { page, complaints } = await openNotebook("small.ipynb");
    const progress = outputsOf(page, 3);
    const seen = new Set<string>();
    await runAll(page);
    await until(page, hasEnded, 60_000, async () => {
      expect(await progress.count()).toBeLessThanOrEqual(1);
      for (const text of await progress.allInnerTexts()) seen.add(text.trim());
    });
    expect([...seen].filter((text) => /^\d+ of 10$/.test(text)).length).toBeGreaterThan(3);
    expect(await progress.allInnerTexts()).toEqual([expect.stringMatching(/^\s*10 of 10\s*$/)]);
    expect(await outputsOf(page, 1).locator("td").allInnerTexts()).toEqual(["SFT", "0.312", "<b>DPO</b>", "0.318"]);
    await expectPicture(outputsOf(page, 2), { width: 640, height: 400 });
    expectWhole(await savedCells(page, "small.ipynb"), 5);
    expect(complaints).toEqual([]);
  });

  it("shows the same of a notebook that our runner executed, without running it", async () => {
    await runNotebook(await home.notebook("executed.ipynb", [imports, frame, figure]), { env: home.env });
    const { page, complaints } = await openNotebook("executed.ipynb");
    expect(await outputsOf(page, 1).locator("td").count()).toBe(4);
    await expectPicture(outputsOf(page, 2), { width: 640, height: 400 });
    expect(complaints).toEqual([]);
  });

  it("shows a mistake in a cell with its line, and says which cells did not run", async () => {
    await home.notebook("mistake.ipynb", ["const fine = 1;", "const one = 1;\nlet two = (;", "fine + 1"]);
    const { page } = await openNotebook("mistake.ipynb");
    await runAll(page);
    await until(page, hasEnded, 30_000);
    const shown = await outputsOf(page, 1).innerText();
    expect(shown).toContain("2:12 - Expression expected.");
    expect(shown).toMatch(/2 \| let two = \(;\n +\^/);
    expect(await prompts(page)).toEqual(["[1]:", "[2]:", "[ ]:"]);
  });

  it("stops an endless loop after an await with its stop button; variables stay", async () => {
    await home.notebook("endless.ipynb", [
      "let kept = 41;",
      'await new Promise((end) => setTimeout(end, 50)); console.log("looping");\nawait new Promise((end) => setTimeout(end, 50));\nwhile (true) {}',
      "kept + 1",
    ]);
    const { page } = await openNotebook("endless.ipynb");
    await runAll(page);
    await outputsOf(page, 1).getByText("looping").waitFor();
    await page.waitForTimeout(500);
    expect(await prompts(page)).toEqual(["[1]:", "[*]:", "[*]:"]);
    await page.locator('[data-command="notebook:interrupt-kernel"], [data-jp-item-name="interrupt"]').first().click();
    await outputsOf(page, 1).getByText("Interrupted").waitFor();
    await until(page, hasEnded, 10_000);
    await codeCell(page, 2).locator(".jp-InputArea-editor").click();
    await page.keyboard.press("Shift+Enter");
    await outputsOf(page, 2).getByText("42").waitFor();
  });
});

interface OpenNotebook {
  readonly page: Page;
  /** Errors of the page and of its console. */
  readonly complaints: readonly string[];
}

/** Opens a notebook of the home and waits for its kernel; a dialog that asks for one would be a failure. */
async function openNotebook(name: string): Promise<OpenNotebook> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  page.setDefaultTimeout(30_000);
  onTestFinished(async ({ task }) => {
    if (task.result?.state === "fail") await screenshot(page, `failed-${name}.png`);
    await page.close();
  });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.text()} (${message.location().url})`);
  });
  await page.goto(server.address(name));
  await page.locator(".jp-Toolbar-kernelName", { hasText: kernelTitle }).waitFor();
  await page.locator(idle).waitFor();
  expect(await page.locator(".jp-Dialog").allInnerTexts()).toEqual([]);
  return { page, complaints };
}

const idle = '.jp-Notebook-ExecutionIndicator[data-status="idle"]';

async function runAll(page: Page): Promise<void> {
  await page.getByRole("menubar").getByText("Run", { exact: true }).click();
  await page.getByRole("menuitem", { name: "Run All Cells", exact: true }).click();
}

/** Waits for a condition; `meanwhile` looks at the page, too. */
async function until(
  page: Page,
  condition: (page: Page) => Promise<boolean>,
  timeoutMs: number,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !(await condition(page)); ) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${await prompts(page)}`);
    await meanwhile();
    await page.waitForTimeout(100);
  }
}

/** What stands beside the code cells: "[1]:", "[*]:" while one runs or waits, "[ ]:" when it has not run. */
async function prompts(page: Page): Promise<string[]> {
  return (await page.locator(".jp-CodeCell .jp-InputPrompt").allInnerTexts()).map((text) => text.trim());
}

/** Nothing runs or waits any more, and something ran. */
async function hasEnded(page: Page): Promise<boolean> {
  const all = await prompts(page);
  return (await page.locator(idle).count()) > 0 && !all.includes("[*]:") && all.some((prompt) => prompt !== "[ ]:");
}

/** A code cell, counted from 0. */
function codeCell(page: Page, index: number): Locator {
  return page.locator(".jp-CodeCell").nth(index);
}

function outputsOf(page: Page, index: number): Locator {
  return codeCell(page, index).locator(".jp-OutputArea-child");
}

/** An output that is a picture, drawn, in its size or one that can be seen, and not cut by the cell. */
async function expectPicture(
  output: Locator,
  size?: { readonly width: number; readonly height: number },
): Promise<void> {
  const shown = output.locator("svg, img").first();
  await shown.waitFor();
  const box = (await shown.boundingBox())!;
  const frameBox = (await output.boundingBox())!;
  if (size === undefined) {
    expect(box.width).toBeGreaterThan(200);
    expect(box.height).toBeGreaterThan(100);
  } else expect({ width: Math.round(box.width), height: Math.round(box.height) }).toEqual(size);
  expect(box.x + box.width).toBeLessThanOrEqual(frameBox.x + frameBox.width + 1);
  // A picture that could not be decoded has a box, too.
  const drawn = await shown.evaluate((element) => !("naturalWidth" in element) || Number(element.naturalWidth) > 0);
  expect(drawn).toBe(true);
}

/** Saves in the page, and reads the file. */
async function savedCells(page: Page, name: string): Promise<Cell[]> {
  await page.keyboard.press("Control+s");
  await page.locator(".lm-TabBar-tab.jp-mod-current:not(.jp-mod-dirty)").first().waitFor();
  return parseNotebook(await readFile(join(home.notebooks, name), "utf8")).cells;
}

/** Every code cell ran, in order, without an error. */
function expectWhole(cells: readonly Cell[], count: number): void {
  const code = cells.filter(({ cell_type }) => cell_type === "code");
  expect(code.flatMap(({ outputs }) => outputs!.filter(({ output_type }) => output_type === "error"))).toEqual([]);
  expect(code.map(({ execution_count }) => execution_count)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
}

async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(out, name) });
  console.log(`screenshot: out/${name}`);
}

/** Makes the window as high as the notebook, so that all of it is seen. */
async function growToWholeNotebook(page: Page): Promise<void> {
  const last = page.locator(".jp-Cell").last();
  const first = await page.locator(".jp-Cell").first().boundingBox();
  const end = await last.boundingBox();
  await page.setViewportSize({ width: 1280, height: Math.ceil(end!.y + end!.height - first!.y + 200) });
  await page.locator(".jp-WindowedPanel-outer").evaluate((element) => element.scrollTo(0, 0));
  await page.waitForTimeout(500);
}
