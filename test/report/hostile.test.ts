import fc from "fast-check";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { renderMarkdown } from "../../kernel-lib/src/report/markdown.js";
import { sanitise, serialise } from "../../kernel-lib/src/report/sanitise.js";
import {
  type Cell,
  code,
  describeInBrowser,
  figure,
  inBrowser,
  reportOf,
  scrollThrough,
  shown,
  text,
} from "./fixture.js";

const attack = "window.attacked=1;alert(1);fetch('https://attack.example/')";
const quoted = attack.replaceAll("'", "&#39;");
const picture = "https://attack.example/pixel.png";

/** What a model, or whoever wrote a notebook, might put into text/html. */
const htmlAttacks: { readonly [name: string]: string } = {
  script: `<script>${attack}</script>`,
  "script in a table": `<table><tr><td><script>${attack}</script>x</td></tr></table>`,
  "script that is split": `<scr<script>ipt>${attack}</scr</script>ipt>`,
  "module script": `<script type="module" src="https://attack.example/a.js"></script>`,
  "image with onerror": `<img src=x onerror="${quoted}">`,
  "image from afar": `<img src="${picture}" srcset="${picture} 2x">`,
  "event handlers": `<div onclick="${quoted}" onmouseover="${quoted}" onanimationstart="${quoted}">hover</div>`,
  "details with ontoggle": `<details open ontoggle="${quoted}"><summary>x</summary>y</details>`,
  "autofocus with onfocus": `<input autofocus onfocus="${quoted}"><p tabindex=0 autofocus onfocus="${quoted}">x</p>`,
  "javascript link": `<a href="javascript:${quoted}">press</a><a href="&#106;avascript:${quoted}">press</a><a href=" java\nscript:${quoted}">press</a>`,
  "data link": `<a href="data:text/html,<script>${quoted}</script>">press</a>`,
  iframe: `<iframe src="https://attack.example/"></iframe><iframe srcdoc="<script>parent.${quoted}</script>"></iframe>`,
  "object and embed": `<object data="https://attack.example/x"></object><embed src="https://attack.example/x">`,
  form: `<form action="https://attack.example/"><input name=q><button formaction="javascript:${quoted}">send</button></form>`,
  base: `<base href="https://attack.example/"><a href="x">x</a>`,
  meta: `<meta http-equiv="refresh" content="0;url=https://attack.example/">`,
  "link to a style sheet": `<link rel="stylesheet" href="https://attack.example/a.css"><style>@import "https://attack.example/b.css"; body { display: none }</style>`,
  "style that covers the page": `<div style="position:fixed;inset:0;top:0;left:0;width:100vw;height:100vh;z-index:9999;background:red" >covered</div>`,
  "style that fetches": `<div style="background:url(${picture});background-image:url('${picture}')">x</div>`,
  "style that moves away": `<div style="margin-top:-900px;padding:99999px;transform:scale(99);font-size:9000px">x</div>`,
  "svg with script": `<svg onload="${quoted}"><script>${attack}</script><a xlink:href="javascript:${quoted}"><text>x</text></a></svg>`,
  "svg with animation": `<svg><animate onbegin="${quoted}" attributeName=x dur=1s></svg>`,
  "mathml that becomes html": `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${quoted}&gt;">`,
  "noscript that becomes html": `<noscript><p title="</noscript><img src=x onerror=${quoted}>"></noscript>`,
  "template with script": `<template><script>${attack}</script></template>`,
  "comment that ends late": `<!--><img src=x onerror="${quoted}">-->`,
  "names of the page's own parts": `<a id="plotly" name="plotly">x</a><div id="content" class="skip claims">x</div><img name="getElementById">`,
  "video and audio": `<video src="https://attack.example/v" onerror="${quoted}" autoplay></video><audio src=x onerror="${quoted}">`,
  "shadow root": `<div><template shadowrootmode="open"><script>${attack}</script></template></div>`,
  "the end of everything": `</div></article></main></body></html><script>${attack}</script>`,
};

const markdownAttacks: { readonly [name: string]: string } = {
  "raw html": `<script>${attack}</script>\n\n<img src=x onerror="${attack}">`,
  "javascript link": `[press](javascript:${encodeURIComponent(attack)}) <javascript:${encodeURIComponent(attack)}>`,
  "picture from afar": `![p](${picture})`,
  "title that breaks out": `[x](https://example.org "\\"onmouseover=\\"${attack}")`,
  "fence that breaks out": `\`\`\`"><script>${attack}</script>\nx\n\`\`\``,
  "formula with a link": `$\\href{javascript:${attack.replaceAll(/[^\w.=()]/g, "")}}{x}$ $\\url{javascript:x}$`,
  "formula with a picture": `$\\includegraphics{${picture}}$ $\\htmlStyle{position:fixed}{x}$ $\\htmlData{x=1}{y}$`,
  "formula without end": `$\\def\\a{\\a\\a}\\a$ $\\rule{99999em}{99999em}$`,
  "marks of trusted pieces": "\uE0000\uE001 and `code` and $x$ ![\uE0000\uE001](data:,x) ![$x$](data:,x)",
  heading: `# <img src=x onerror=${attack}> [x](javascript:1)`,
};

/** The same ways, by other media types and fields. */
const otherCells: readonly Cell[] = [
  code("svg", [
    shown({
      "image/svg+xml": `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="${quoted}"><script>${attack}</script><image href="${picture}"/></svg>`,
    }),
  ]),
  code("png", [shown({ "image/png": `"><script>${attack}</script>`, "text/plain": `"><script>${attack}</script>` })]),
  code("script output", [shown({ "application/javascript": attack, "text/plain": "script" })]),
  code("json", [shown({ "application/json": { a: `</code><script>${attack}</script>` } })]),
  code("latex", [shown({ "text/latex": `$$\\href{javascript:alert(1)}{x}</script><script>${attack}</script>$$` })]),
  code("figure", [
    shown({
      "application/vnd.plotly.v1+json": {
        data: [
          {
            y: [1, 2],
            name: `</script><script>${attack}</script><a href="javascript:${attack}">x</a>`,
            text: `<img src=x onerror="${attack}">`,
          },
        ],
        layout: {
          title: { text: `<a href="javascript:${attack}">x</a></script><script>${attack}</script>` },
          images: [{ source: picture, x: 0, y: 1, sizex: 1, sizey: 1 }],
          template: { layout: { images: [{ source: picture }] } },
        },
        config: { plotlyServerURL: "https://attack.example", topojsonURL: "https://attack.example" },
      },
    }),
  ]),
  code(`</code><script>${attack}</script>`, [
    {
      output_type: "stream",
      name: "stdout",
      text: `<script>${attack}</script>\u001b]8;;javascript:${attack}\u0007x\u001b]8;;\u0007`,
    },
    {
      output_type: "error",
      ename: `<script>${attack}</script>`,
      evalue: `<img src=x onerror="${attack}">`,
      traceback: [`<script>${attack}</script>`],
    },
    shown(
      { "text/plain": "x" },
      { kind: `<script>${attack}</script>`, provenance: { [`<img src=x onerror=${attack}>`]: 1 } },
    ),
  ]),
];

const outputs = (attacks: typeof htmlAttacks, mime: string): readonly Cell[] =>
  Object.entries(attacks).map(([name, content]) =>
    code(`// ${name}`, [shown({ [mime]: content, "text/plain": "plain" })]),
  );

describeInBrowser("a notebook full of attacks, in a browser", () => {
  it("shows itself and does nothing else", async () => {
    const { html } = await reportOf(
      text(`# <script>${attack}</script>`),
      ...outputs(htmlAttacks, "text/html"),
      ...outputs(markdownAttacks, "text/markdown"),
      ...Object.values(markdownAttacks).map(text),
      ...otherCells,
      code("// a figure", [shown({ "application/vnd.plotly.v1+json": figure })]),
    );
    await inBrowser(html, { viewport: { width: 1000, height: 800 } }, async (page, deeds) => {
      await scrollThrough(page);
      await page.waitForFunction(() => document.querySelectorAll("figure.live").length === 2);
      const links = page.locator(".output a[href], .text a[href]");
      expect(await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).protocol))).toEqual(
        expect.not.arrayContaining(["javascript:", "data:"]),
      );
      await page.mouse.move(500, 400);
      expect(deeds).toEqual({ requests: [], messages: [], dialogs: [] });
      expect(await page.evaluate(() => "attacked" in window)).toBe(false);
      // Ours: the data of two figures, plotly packed and unpacked, and the page's own.
      expect(await page.locator("script").count()).toBe(5);
    });
  });

  it("keeps its first words uncovered", async () => {
    const cover = Object.values(htmlAttacks).filter((attack) => attack.includes("style="));
    const { html } = await reportOf(
      text("# Title"),
      ...cover.map((markup) => code("x", [shown({ "text/html": markup })])),
    );
    await inBrowser(html, { viewport: { width: 1000, height: 800 } }, async (page) => {
      const ofPage = await page.evaluate(() =>
        [80, 200, 400, 790].flatMap((y) =>
          [10, 500, 990].map((x) => document.elementFromPoint(x, y)?.textContent !== "covered"),
        ),
      );
      expect(ofPage).not.toContain(false);
      // What the sanitiser might miss one day still cannot leave its box.
      expect(
        await page
          .locator(".output")
          .first()
          .evaluate((box) => getComputedStyle(box).contain),
      ).toContain("paint");
    });
  });

  it("has a policy that stops what the sanitiser might miss", async () => {
    const { html } = await reportOf(code("x", [shown({ "application/vnd.plotly.v1+json": figure })]));
    const slipped = html.replace(
      "<main",
      `<img src=x onerror="window.attacked=1"><script>window.attacked=1</script><img src="${picture}"><main`,
    );
    expect(slipped).not.toBe(html);
    await inBrowser(slipped, {}, async (page) => {
      const [attacked, fetched] = await page.evaluate(async () => {
        const gone = await fetch("https://attack.example/").then(
          () => "fetched",
          () => "refused",
        );
        return ["attacked" in window, gone] as const;
      });
      expect([attacked, fetched]).toEqual([false, "refused"]);
      // Plotly needs no `eval`, so nobody gets it; no place on the network is named.
      const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
      expect(policy).not.toMatch(/unsafe-eval|\*|https?:|file:/);
    });
  });
});

describe("sanitise", () => {
  const { window } = new JSDOM("");
  const dangerous =
    /^(script|style|svg|math|iframe|object|embed|form|input|button|template|link|meta|base|video|audio)$/i;

  /** Parsed anew, as a browser will. */
  const elementsOf = (markup: string): Element[] => {
    const body = new window.DOMParser().parseFromString(`<!DOCTYPE html><body>${markup}`, "text/html").body;
    return [...body.querySelectorAll("*")];
  };
  const expectHarmless = (markup: string): void => {
    for (const element of elementsOf(markup)) {
      expect(element.tagName).not.toMatch(dangerous);
      for (const { name, value } of element.attributes) {
        expect(name).not.toMatch(/^(on|id$|name$|class$|srcset$|form|style$.*(url|position|fixed))/i);
        expect(value).not.toMatch(/^\s*(javascript|vbscript):/i);
        if (name === "style") expect(value).not.toMatch(/url|position|transform|inset|z-index|-\d|\d{4,}/i);
      }
    }
  };

  it.each(Object.entries(htmlAttacks))("leaves nothing of: %s", (_name, markup) => {
    expectHarmless(serialise(sanitise(markup)));
  });

  it("holds for any soup of tags and attributes", () => {
    const piece = fc.oneof(
      fc.constantFrom(...Object.values(htmlAttacks)),
      fc.constantFrom(
        "<svg>",
        "<math>",
        "<style>",
        "</style>",
        "<table>",
        "<td>",
        "</p>",
        "<!--",
        "-->",
        "<select>",
        "<xmp>",
        "<title>",
        "<b title='",
        "'>",
        '">',
        "`",
      ),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        expectHarmless(serialise(sanitise(pieces.join(""))));
      }),
      { numRuns: 300 },
    );
  });

  it("keeps tables, emphasis, colours and pictures", () => {
    const kept = `<table><tbody><tr><td style="text-align: right; background: #ffd">1</td></tr></tbody></table><b>x</b><img src="data:image/png;base64,AA==" alt="y">`;
    expect(serialise(sanitise(kept))).toBe(kept);
  });

  it("keeps the styles of the kit's own displays, on every side", () => {
    const own =
      "border: 1px solid rgba(128,128,128,.35); border-radius: 6px; padding: 12px 16px; max-width: 960px; line-height: 1.45; opacity: .72; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .95em; table-layout: fixed; width: 100%";
    expect(serialise(sanitise(`<div style="${own}">x</div>`))).toBe(`<div style="${own}">x</div>`);
  });

  it("leaves tokens and bars beside each other, and lets nothing hide itself", () => {
    const beside = `<span style="display: inline-block; min-width: 72px; height: .7em">x</span>`;
    expect(serialise(sanitise(beside))).toBe(beside);
    expect(serialise(sanitise(`<span style="display: none">x</span>`))).toBe("<span>x</span>");
  });
});

describe("renderMarkdown", () => {
  it("never lets a text forge the mark of a trusted piece", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("\uE000", "\uE001", "0", "1", "`", "$", "x", "\n", "![", "](y)") }),
        (source) => {
          const { markup, pieces } = renderMarkdown(source);
          const marks = markup.match(/\uE000\d+\uE001/g) ?? [];
          expect(marks.length).toBeLessThanOrEqual(pieces.length);
          expect(markup.replaceAll(/\uE000\d+\uE001/g, "")).not.toMatch(/[\uE000\uE001]/);
        },
      ),
    );
  });
});
