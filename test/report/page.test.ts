import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeHtml, html, jsonForScript, trusted } from "../../kernel-lib/src/report/html.js";
import { buildReport } from "../../kernel-lib/src/report/index.js";
import { pageStyle } from "../../kernel-lib/src/report/page-style.js";
import { terminalText } from "../../kernel-lib/src/report/terminal-text.js";
import {
  all,
  claim,
  code,
  figureOutput,
  notebooks,
  open,
  provenance,
  reportOf,
  shown,
  text,
  words,
} from "./fixture.js";

const stream = (content: string, name = "stdout") => ({ output_type: "stream", name, text: content });

describe("the page", () => {
  it("is the same, byte for byte, when it is built again", async () => {
    const paths = await notebooks({
      "a.ipynb": [text("# A\n\n$x^2$"), code("1", [figureOutput({ kind: "figure", provenance })])],
      "b.ipynb": [text("# B"), code("1", [shown({ "text/plain": "x" }, { claims: [claim("C1", "holds", 0.1)] })])],
    });
    const [first, second] = [await buildReport(paths), await buildReport(paths)];
    expect(second.html === first.html).toBe(true);
  });

  it("is a document with a language, one heading of level 1, landmarks and unique ids", async () => {
    const { html: page } = await reportOf(
      text("# Title\n\n## Part\n\n## Part"),
      code("1", [figureOutput(), figureOutput()]),
    );
    const document = open(page);
    expect(document.documentElement.lang).toBe("en");
    expect(all(document, "h1").map(words)).toEqual(["Title"]);
    for (const landmark of ["header", "nav", "main", "footer"]) expect(all(document, landmark)).toHaveLength(1);
    const ids = all(document, "[id]").map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const link of all(document, "a[href^='#']")) expect(ids).toContain(link.getAttribute("href")!.slice(1));
    for (const image of all(document, "img"))
      expect(image.getAttribute("alt")).toBe('Figure "Test accuracy": ILR, DPO');
  });

  it("takes nothing from elsewhere", async () => {
    const { html: page } = await reportOf(text("$\\mathcal{L}$"), code("1", [figureOutput()]));
    const document = open(page);
    const sources = all(document, "[src], link[href]").map(
      (node) => node.getAttribute("src") ?? node.getAttribute("href")!,
    );
    for (const source of sources) expect(source).toMatch(/^data:/);
    const style = document.querySelector("style")!.textContent!;
    for (const [, url] of style.matchAll(/url\(([^)]*)\)/g)) expect(url).toMatch(/^data:font\/woff2;base64,/);
  });

  it("carries plotly only for figures, and fonts only for formulas that need them", async () => {
    const sizes = async (source: string): Promise<number> => (await reportOf(text(source))).html.length;
    const [plain, formula, calligraphic] = [await sizes("x"), await sizes("$x$"), await sizes("$\\mathcal{L}$")];
    expect(plain).toBeLessThan(40_000);
    expect(formula).toBeGreaterThan(plain + 50_000);
    expect(calligraphic).toBeGreaterThan(formula + 5_000);
    expect((await reportOf(code("1", [figureOutput()]))).html.length).toBeGreaterThan(1_000_000);
  });

  it("has a section for each of several notebooks, and links between them lead to it", async () => {
    const paths = await notebooks({
      "01-one.ipynb": [
        text(
          "# One\n\nSee [two](./02-two.ipynb#the-end), [below](#Part-1), [a file](../README.md), [a site](https://example.org).",
        ),
        text("## Part 1"),
      ],
      "02-two.ipynb": [text("# Two\n\n## The end")],
    });
    const { html: page, notebooks: count } = await buildReport(paths);
    expect(count).toBe(2);
    const document = open(page);
    expect(all(document, "article > h2").map(({ id }) => id)).toEqual(["01-one", "02-two"]);
    expect(all(document, ".text a:not(.anchor)").map((link) => link.getAttribute("href"))).toEqual([
      ...["#02-two--the-end", "#01-one--part-1", "https://example.org"],
    ]);
    expect(words(document.querySelector("nav"))).toContain("One Part 1 Two The end");
    expect(all(document, "h3").map(({ id }) => id)).toEqual(["01-one--part-1", "02-two--the-end"]);
  });

  it("says when it was executed, from the notebooks and not from the clock", async () => {
    const later = { ...provenance, ended: "2026-12-01T23:30:00+02:00" };
    const recorded = { ...provenance, ended: "2027-01-01T00:00:00Z", recorded: true };
    const facts = async (...own: object[]): Promise<string> =>
      words(
        open(
          (
            await reportOf(
              code(
                "1",
                own.map((one) => shown({ "text/plain": "x" }, { provenance: one })),
              ),
            )
          ).html,
        ).querySelector(".facts"),
      );
    expect(await facts(provenance, later, recorded)).toContain("Executed 1 December 2026, 21:30 UTC");
    expect(await facts(recorded)).toContain("Recorded 1 January 2027, 00:00 UTC");
    expect(await facts()).toContain("not stated");
  });
});

describe("text and code", () => {
  it("has tables in boxes, formulas and coloured code", async () => {
    const source = "| a |\n|---|\n| 1 |\n\n$$\\frac{1}{2}$$\n\n```ts\nconst x = 1;\n```\n\n<b>not html</b>";
    const document = open((await reportOf(text(source))).html);
    expect(document.querySelector(".scroll > table")).not.toBeNull();
    expect(document.querySelector(".formula .katex-display")).not.toBeNull();
    expect(words(document.querySelector(".hljs-keyword"))).toBe("const");
    expect(words(document.querySelector(".text"))).toContain("<b>not html</b>");
  });

  it("folds code behind its first line, and says what was not executed", async () => {
    const document = open(
      (await reportOf(code("const a = 1;\nlong();", []), code("skipped()", [], { execution_count: null }))).html,
    );
    const folds = all(document, "details.code");
    expect(folds.map((fold) => fold.hasAttribute("open"))).toEqual([false, false]);
    expect(folds.map((fold) => words(fold.querySelector("summary")))).toEqual([
      "Code const a = 1;",
      "Code not executed skipped()",
    ]);
  });

  it("shows pictures that a cell holds, and says which it does not", async () => {
    const cell = {
      ...text("![in](attachment:a.png) ![out](plot.png)"),
      attachments: { "a.png": { "image/png": "AA==" } },
    };
    const document = open((await reportOf(cell)).html);
    expect(all(document, ".text img").map((image) => image.getAttribute("src"))).toEqual([
      "data:image/png;base64,AA==",
    ]);
    expect(words(document.querySelector(".absent"))).toBe("[picture not in this report: out (plot.png)]");
  });
});

describe("outputs", () => {
  const outputOf = async (...outputs: Parameters<typeof code>[1] & object): Promise<Document> =>
    open((await reportOf(code("1", outputs))).html);

  it("come in the richest form that is safe", async () => {
    const plain = { "text/plain": "plain" };
    const document = await outputOf(
      shown({ ...plain, "text/html": "<i>rich</i>", "text/markdown": "**m**" }),
      shown({ ...plain, "text/html": "<script>1</script>", "text/markdown": "**m**" }),
      shown({ ...plain, "text/html": "<script>1</script>" }),
      shown({ ...plain, "image/png": "AA==" }),
      shown({ "application/json": { a: 1 } }),
      shown({ "application/x-unknown": "x" }),
    );
    expect(
      all(document, ".output").map(
        (box) => box.querySelector("i, strong, .result-text, img, pre.block, .note")?.tagName,
      ),
    ).toEqual([...["I", "STRONG", "PRE", "IMG", "PRE", "P"]]);
  });

  it("give tables of even columns room, in a box that scrolls", async () => {
    const cells = (n: number): string => "<td>x</td>".repeat(n);
    const even = `<table style="table-layout:fixed;width:100%"><tr>${cells(3)}</tr><tr>${cells(12)}</tr></table>`;
    const table = (await outputOf(shown({ "text/html": even }))).querySelector<HTMLElement>(".scroll > table")!;
    expect(Number.parseInt(table.style.minWidth, 10)).toBeGreaterThanOrEqual(12 * 6);
  });

  it("keep a stream's pieces together, and mark stderr", async () => {
    const document = await outputOf(stream("a"), stream("b\n"), stream("careful\n", "stderr"));
    expect(all(document, ".output").map(words)).toEqual(["ab", "stderr careful"]);
  });

  it("show errors as errors", async () => {
    const document = await outputOf({
      output_type: "error",
      ename: "LabError",
      evalue: "alpha is 1.5",
      traceback: ["\u001b[31mat\u001b[0m cell"],
    });
    expect(words(document.querySelector(".error"))).toBe("Error LabError alpha is 1.5 at cell");
  });

  it("bear what a damaged file holds instead of an output", async () => {
    const document = await outputOf(
      shown({}),
      { output_type: "error" },
      { output_type: "display_data", data: { "text/x": 7 } },
    );
    expect(all(document, ".output").map(words)).toEqual(["Error", "An output that a report cannot show (text/x)."]);
  });
});

describe("terminalText", () => {
  const textOf = (content: string): string => open(terminalText(content, "stream").markup).body.textContent!;

  it("colours, rewrites lines and drops other escapes", () => {
    const { markup } = terminalText(
      "\u001b[1;31mred\u001b[0m plain\n10%\r20%\r\n\u001b[2Kdone\u001b]0;title\u0007\u0000",
      "stream",
    );
    expect(markup).toBe(
      '<pre class="stream" tabindex="0">\n<span class="ansi-red ansi-bold">red</span> plain\n20%\ndone</pre>',
    );
  });

  it("goes on with a colour on the next line", () => {
    expect(terminalText("\u001b[32ma\nb", "stream").markup).toContain(
      '<span class="ansi-green">a</span>\n<span class="ansi-green">b</span>',
    );
  });

  it("shows any plain text as it is, and escapes nothing away", () => {
    const plain = fc.string({ unit: fc.constantFrom("a", "<", "&", '"', " ", "\n", "é", "𝒳", "\t") });
    fc.assert(
      fc.property(plain, (content) => {
        expect(textOf(content)).toBe(content.replace(/\n$/, ""));
      }),
    );
  });

  it("folds what is long, counts it, and gives up on what is endless", () => {
    const lines = (n: number): string => Array.from({ length: n }, (_, i) => `line ${i}`).join("\n");
    expect(terminalText(lines(45), "stream").markup).not.toContain("<details");
    const folded = open(terminalText(lines(100), "stream").markup);
    expect(words(folded.querySelector("summary"))).toBe("60 more lines");
    expect(
      all(folded, "pre")
        .map((block) => block.textContent)
        .join("\n"),
    ).toBe(lines(100));
    const endless = open(terminalText(lines(20_000), "stream").markup);
    expect(words(endless.querySelector("summary"))).toBe("19960 more lines");
    expect(words(endless.querySelector(".note"))).toBe("14960 more lines are in the notebook.");
    expect(terminalText("x".repeat(1e6), "stream").markup.length).toBeLessThan(30_000);
  });
});

describe("html", () => {
  it("escapes every text, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (value) => {
        const clean = value.replaceAll(/[\0\r]/g, "");
        const { body } = open(html`<p title="${clean}">${[clean, trusted("<i></i>")]}</p>`.markup);
        expect(body.children).toHaveLength(1);
        expect(body.querySelector("p")!.title).toBe(clean);
        expect(body.textContent).toBe(clean);
      }),
    );
    expect(escapeHtml("<'&\">")).toBe("&lt;&#39;&amp;&quot;&gt;");
  });

  it("keeps JSON from ending its script", () => {
    const value = { a: "</script><!--<script>", b: ["\u2028"] };
    expect(jsonForScript(value).markup).not.toContain("<");
    expect(JSON.parse(jsonForScript(value).markup)).toEqual(value);
  });
});

describe("the colours", () => {
  /** WCAG 2's contrast of two colours such as #1c2126. */
  const contrast = (a: string, b: string): number => {
    const luminance = (colour: string): number =>
      [1, 3, 5]
        .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i]!, 0);
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
    return (light + 0.05) / (dark + 0.05);
  };

  it("can be read on every ground, by day and by night", () => {
    const schemes = [...pageStyle.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) =>
      Object.fromEntries([...body!.matchAll(/--(\w+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name!, value!])),
    );
    expect(schemes).toHaveLength(2);
    for (const scheme of schemes) {
      for (const name of ["ink", "soft", "accent", "good", "bad", "open", "k1", "k2", "k3", "k4", "k5"]) {
        for (const ground of ["ground", "panel"]) {
          expect(contrast(scheme[name]!, scheme[ground]!), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
        }
      }
      expect(contrast(scheme.ink!, scheme.warn!)).toBeGreaterThanOrEqual(4.5);
    }
  });
});
