/** The page in a real browser, asked by a real process: keys, clock, resume after a kill. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findChromium } from "../../kernel-lib/src/figures/chromium.js";
import type { Judgement } from "../../kernel-lib/src/human/index.js";

const executablePath = findChromium();
const script = join(import.meta.dirname, "ask.ts");
let browser: Browser;
let folder: string;
let running: ChildProcess[] = [];

describe.skipIf(executablePath === undefined)("the page that asks", () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ilr-page-"));
  });
  afterEach(async () => {
    for (const child of running) child.kill("SIGKILL");
    running = [];
    await rm(folder, { recursive: true, force: true });
  });

  interface Asking {
    readonly url: string;
    readonly child: ChildProcess;
    readonly ended: Promise<string>;
  }
  async function ask(pairs: number, clockMs: number): Promise<Asking> {
    const child = spawn(process.execPath, ["--import", "tsx", script, session(), String(pairs), String(clockMs)]);
    running.push(child);
    let out = "";
    let err = "";
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString();
    });
    const ended = new Promise<string>((resolve) => child.on("close", () => resolve(out + err)));
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.on("data", (chunk: Buffer) => {
        out += chunk.toString();
        const line = /^http.*$/m.exec(out);
        if (line) resolve(line[0]);
      });
      void ended.then(() => reject(new Error(err)));
    });
    return { url, child, ended };
  }
  const session = (): string => join(folder, "ann.jsonl");
  const judgements = async (): Promise<readonly Judgement[]> =>
    (await readFile(session(), "utf8").catch(() => ""))
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Judgement);

  interface Visit {
    readonly page: Page;
    readonly requests: string[];
    readonly faults: string[];
  }
  async function visit<T>(
    url: string,
    look: (visit: Visit) => Promise<T>,
    options: BrowserContextOptions = {},
  ): Promise<T> {
    const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
    try {
      const page = await context.newPage();
      const requests: string[] = [];
      const faults: string[] = [];
      page.on("request", (request) => void requests.push(request.url()));
      page.on("pageerror", (error) => void faults.push(error.message));
      page.on("console", (message) => void (message.type() === "error" && faults.push(message.text())));
      page.on("dialog", (dialog) => {
        faults.push(`dialog: ${dialog.message()}`);
        return dialog.dismiss();
      });
      await page.goto(url);
      return await look({ page, requests, faults });
    } finally {
      await context.close();
    }
  }
  const count = (page: Page): Promise<string> => page.locator("#count").innerText();
  const gate = (page: Page): Promise<void> => page.locator("#go").waitFor();
  /** A pair is there and its clock runs: keys before that mean nothing. */
  const shown = async (page: Page, place: number): Promise<void> => {
    await expect.poll(() => count(page), { timeout: 15_000 }).toMatch(new RegExp(`^${place} of `));
    await page.locator('#item[aria-busy="false"]').waitFor();
  };

  it("takes answers from the keyboard, survives a kill half way, and goes on at the next pair", async () => {
    const first = await ask(6, 60_000);
    await visit(first.url, async ({ page, requests, faults }) => {
      await gate(page);
      expect(await page.locator("#item").isVisible(), "the clock does not start by itself").toBe(false);
      await page.keyboard.press("Space");
      await shown(page, 1);
      expect(await page.locator("#question").innerText()).toBe("<img src=x onerror=alert(1)> & more");
      for (const [i, key] of ["ArrowLeft", "ArrowRight", "u"].entries()) {
        await shown(page, i + 1);
        await expect.poll(() => page.locator("#left-over").evaluate((bar) => bar.clientWidth)).toBeGreaterThan(0);
        await page.keyboard.press(key);
      }
      await shown(page, 4);
      expect(new Set(requests.map((url) => new URL(url).origin))).toEqual(new Set([new URL(first.url).origin]));
      expect(faults).toEqual([]);
      first.child.kill("SIGKILL");
      await first.ended;
      await page.keyboard.press("ArrowLeft");
      await expect.poll(() => page.locator("#message").innerText()).toContain("The server has stopped");
    });
    const before = await judgements();
    expect(
      before.map(({ verdict, left }) => (verdict === "unsure" ? "u" : (verdict === "accept") === (left === "b"))),
    ).toEqual([true, false, "u"]);
    for (const { responseMs, clockMs } of before) {
      expect(responseMs).toBeGreaterThan(0);
      expect(responseMs).toBeLessThan(clockMs);
    }

    const second = await ask(6, 60_000);
    expect(second.url).not.toBe(first.url);
    await visit(second.url, async ({ page, faults }) => {
      await gate(page);
      expect(await count(page)).toBe("3 of 8");
      await page.locator("#go").click();
      for (let place = 4; place <= 8; place++) {
        await shown(page, place);
        await page.locator("#right").click();
      }
      await page.locator("#finished").waitFor();
      expect(await page.locator("#finished").innerText()).toContain("right on gold pairs");
      expect(faults).toEqual([]);
    });
    expect(await second.ended).toContain("done");
    const after = await judgements();
    expect(after.slice(0, 3)).toEqual(before);
    expect(new Set(after.map(({ pair }) => pair)).size).toBe(8);
    expect(after.filter(({ gold }) => gold !== null)).toHaveLength(2);
  }, 90_000);

  it("lets the clock run out in sight, counts it as a timeout, and waits after two of them", async () => {
    const { url } = await ask(4, 1500);
    await visit(url, async ({ page }) => {
      await gate(page);
      await page.keyboard.press("Space");
      const widths: number[] = [];
      await expect
        .poll(
          async () => {
            widths.push(await page.locator("#left-over").evaluate((bar) => bar.getBoundingClientRect().width));
            return (await judgements()).length;
          },
          { timeout: 15_000, interval: 50 },
        )
        .toBe(1);
      const seen = widths.filter((width) => width > 0);
      expect(seen.length).toBeGreaterThan(2);
      expect(Math.min(...seen)).toBeLessThan(Math.max(...seen));
      await gate(page);
      expect(await page.locator("#gate-title").innerText()).toBe("A pause");
      expect(await judgements()).toMatchObject([
        { verdict: "timeout", responseMs: 1500 },
        { verdict: "timeout", responseMs: 1500 },
      ]);
      // Nothing happens while it waits.
      await page.waitForTimeout(2000);
      expect(await judgements()).toHaveLength(2);
    });
  }, 60_000);

  it("goes on after a reload, and measures from when a pair is seen", async () => {
    const { url } = await ask(3, 60_000);
    await visit(url, async ({ page }) => {
      await gate(page);
      await page.keyboard.press("Space");
      await shown(page, 1);
      await page.keyboard.press("1");
      await shown(page, 2);
      await page.reload();
      await gate(page);
      expect(await count(page)).toBe("1 of 5");
      await page.keyboard.press("Space");
      await shown(page, 2);
      await page.waitForTimeout(700);
      await page.keyboard.press("2");
      await shown(page, 3);
    });
    const [quick, slow] = await judgements();
    expect(slow!.responseMs).toBeGreaterThanOrEqual(650);
    expect(quick!.pair).not.toBe(slow!.pair);
  }, 60_000);

  it("fits a phone and likes the dark", async () => {
    const { url } = await ask(3, 60_000);
    const phone = { viewport: { width: 360, height: 740 }, colorScheme: "dark" } as const;
    await visit(
      url,
      async ({ page }) => {
        await gate(page);
        await page.locator("#go").click();
        await shown(page, 1);
        const overflow = await page.evaluate(() => {
          const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement;
          return [scrollWidth - clientWidth, scrollHeight - clientHeight];
        });
        expect(overflow).toEqual([0, 0]);
        expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(20, 23, 26)");
        if (process.env.ILR_SCREENSHOTS)
          await page.screenshot({ path: join(process.env.ILR_SCREENSHOTS, "phone.png") });
      },
      phone,
    );
    await visit(url, async ({ page }) => {
      await gate(page);
      if (process.env.ILR_SCREENSHOTS) await page.screenshot({ path: join(process.env.ILR_SCREENSHOTS, "gate.png") });
      await page.locator("#go").click();
      await shown(page, 1);
      if (process.env.ILR_SCREENSHOTS) await page.screenshot({ path: join(process.env.ILR_SCREENSHOTS, "desk.png") });
      for (let place = 1; place <= 5; place++) {
        await shown(page, place);
        await page.keyboard.press("ArrowLeft");
      }
      await page.locator("#finished").waitFor();
      if (process.env.ILR_SCREENSHOTS)
        await page.screenshot({ path: join(process.env.ILR_SCREENSHOTS, "finished.png") });
    });
  }, 60_000);
});
