import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { buildReport } from "../../kernel-lib/src/report/index.js";
import {
  type Cell,
  claim,
  code,
  describeInBrowser,
  figureOutput,
  inBrowser,
  notebooks,
  provenance,
  scrollThrough,
  shown,
  text,
} from "./fixture.js";

const wide = { viewport: { width: 1200, height: 900 } };
const phone = { viewport: { width: 360, height: 740 } };
const longRow = `| ${Array.from({ length: 30 }, (_, i) => `column ${i}`).join(" | ")} |\n|${"---|".repeat(30)}\n|${" 1 |".repeat(30)}`;
const formula =
  "$$a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w + x + y + z = 0$$";

const cells: readonly Cell[] = [
  text(
    `# A title with averyveryveryveryveryveryveryveryveryveryverylongword\n\n${longRow}\n\n${formula}\n\n\`\`\`ts\n${"x".repeat(300)}\n\`\`\``,
  ),
  code(`const answer = ${"1 + ".repeat(100)}1;`, [
    figureOutput({ kind: "figure", provenance }),
    shown(
      { "text/html": `<table><tr>${"<td>cell of a table</td>".repeat(30)}</tr></table>` },
      { kind: "table", provenance },
    ),
    shown({ "text/plain": "x".repeat(500) }, { kind: "claims", provenance, claims: [claim("C1", "holds", 0.1, 0.2)] }),
    { output_type: "stream", name: "stdout", text: `${"y".repeat(500)}\n` },
  ]),
];

const build = async (...more: readonly Cell[]): Promise<string> =>
  (await buildReport(await notebooks({ "one.ipynb": [...cells, ...more], "two.ipynb": cells }))).html;

const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
const live = (page: Page): Promise<number> => page.locator("figure.live").count();

describeInBrowser("a report, opened from disk", () => {
  it("draws figures when they come into view, and they answer the mouse", async () => {
    const html = await build(...Array.from({ length: 100 }, () => code("1", [figureOutput()])));
    await inBrowser(html, wide, async (page, deeds) => {
      await page.locator("figure").first().scrollIntoViewIfNeeded();
      await page.waitForSelector("figure.live .plot .main-svg");
      expect(await live(page)).toBeLessThan(10);
      const first = page.locator("figure.live").first();
      expect(await first.locator("img.still").isVisible()).toBe(false);
      const point = (await first.locator(".plot .points path").first().boundingBox())!;
      await page.mouse.move(point.x + point.width / 2, point.y + point.height / 2, { steps: 5 });
      await first.locator(".hoverlayer .hovertext").first().waitFor();
      expect(deeds).toEqual({ requests: [], messages: [], dialogs: [] });
    });
  });

  it("shows static pictures without JavaScript", async () => {
    await inBrowser(await build(), { ...wide, javaScriptEnabled: false }, async (page) => {
      const picture = page.locator("figure img.still").first();
      await picture.scrollIntoViewIfNeeded();
      expect(await picture.isVisible()).toBe(true);
      expect((await picture.boundingBox())!.width).toBeGreaterThan(500);
      expect(await page.locator(".plot").count()).toBe(0);
    });
  });

  it("keeps static pictures where plotly fails", async () => {
    const html = (await build()).replace(/(<script type="text\/plain" id="plotly">).{100}/, "$1");
    await inBrowser(html, wide, async (page, { messages }) => {
      await page.locator("figure").first().scrollIntoViewIfNeeded();
      await expect.poll(() => messages.join()).toContain("stays static");
      expect(await page.locator("figure img.still").first().isVisible()).toBe(true);
    });
  });

  it.each([
    ["a phone", phone],
    ["a desk", wide],
    ["something between", { viewport: { width: 760, height: 700 } }],
  ])("does not scroll sideways on %s, whatever is opened", async (_name, options) => {
    await inBrowser(await build(), options, async (page) => {
      expect(await overflow(page)).toBe(0);
      await scrollThrough(page);
      await page.waitForFunction(() => document.querySelectorAll("figure.live").length === 2);
      expect(await overflow(page)).toBe(0);
      await page.evaluate(() => {
        for (const fold of document.querySelectorAll("details")) fold.open = true;
      });
      expect(await overflow(page)).toBe(0);
      const table = page.locator(".text .scroll").first();
      expect(await table.evaluate((box) => box.scrollWidth > box.clientWidth)).toBe(true);
    });
  });

  it("fits figures to a phone", async () => {
    await inBrowser(await build(), phone, async (page) => {
      await page.locator("figure").first().scrollIntoViewIfNeeded();
      const plot = page.locator("figure.live .plot .main-svg").first();
      await plot.waitFor();
      expect((await plot.boundingBox())!.width).toBeLessThanOrEqual(340);
      expect(await page.locator("figure.live .gtitle").count()).toBe(0);
    });
  });

  it("renders formulas with the fonts that it carries", async () => {
    await inBrowser(await build(), wide, async (page) => {
      await page.evaluate(() => document.fonts.ready);
      expect(await page.evaluate(() => document.fonts.check("16px KaTeX_Math"))).toBe(true);
      const loaded = await page.evaluate(() =>
        [...document.fonts].filter(({ status }) => status === "loaded").map(({ family }) => family),
      );
      expect(loaded).toContain("KaTeX_Math");
    });
  });

  it("prints text, tables and static pictures on white, and no code", async () => {
    await inBrowser(await build(), { ...wide, colorScheme: "dark" }, async (page) => {
      await page.locator("figure").first().scrollIntoViewIfNeeded();
      await page.waitForSelector("figure.live");
      await page.emulateMedia({ media: "print" });
      const first = page.locator("figure").first();
      expect(await first.locator(".still").isVisible()).toBe(true);
      expect(await first.locator(".plot").isVisible()).toBe(false);
      for (const hidden of ["nav", "details.code", ".anchor"])
        expect(await page.locator(hidden).first().isVisible()).toBe(false);
      expect(await page.locator(".claims").isVisible()).toBe(true);
      const [ground, ink] = await page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body);
        return [backgroundColor, color];
      });
      expect([ground, ink]).toEqual(["rgb(255, 255, 255)", "rgb(28, 33, 38)"]);
      expect((await page.pdf({ format: "A4" })).length).toBeGreaterThan(10_000);
    });
  });

  it("is dark for those who like it dark, but for the paper of figures", async () => {
    await inBrowser(await build(), { ...wide, colorScheme: "dark" }, async (page) => {
      const grounds = await page.evaluate(() =>
        [document.body, document.querySelector("figure .paper")!].map((node) => getComputedStyle(node).backgroundColor),
      );
      expect(grounds).toEqual(["rgb(20, 23, 26)", "rgb(255, 255, 255)"]);
    });
  });

  it("can be worked with the keyboard", async () => {
    await inBrowser(await build(), phone, async (page) => {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement!.className)).toBe("skip");
      const summary = page.locator("details.code > summary").first();
      await summary.focus();
      await page.keyboard.press("Enter");
      expect(await page.locator("details.code pre").first().isVisible()).toBe(true);
    });
  });
});
