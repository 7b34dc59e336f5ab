import { table } from "arquero";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import {
  displayedAs,
  displaySymbol,
  markdown,
  provenanceOf,
  render,
  withProvenance,
} from "../../kernel-lib/src/notebook/index.js";

describe("render", () => {
  it("gives a figure its interactive form, an SVG, a PNG at its own size, and text", () => {
    const { data, metadata } = render({
      data: [{ y: [1, 2], name: "SFT" }],
      layout: { title: "Accuracy", width: 300, height: 200 },
    });
    expect(data["application/vnd.plotly.v1+json"]).toMatchObject({
      data: [{ y: [1, 2] }],
      layout: { title: { text: "Accuracy" } },
    });
    expect(data["image/svg+xml"]).toMatch(/^<svg /);
    expect(Buffer.from(String(data["image/png"]), "base64").subarray(1, 4).toString()).toBe("PNG");
    expect(metadata).toEqual({ "image/png": { width: 300, height: 200 }, "ilr-lab": { kind: "figure" } });
    expect(data["text/plain"]).toBe('Figure "Accuracy": SFT');
  });

  it("says in words that a figure has no static picture, and keeps the interactive one", () => {
    const { data } = render({ data: [{ type: "heatmap", z: [[1, 2]] }] });
    expect(Object.keys(data)).toEqual(["application/vnd.plotly.v1+json", "text/plain"]);
    expect(data["text/plain"]).toContain('no static picture: trace 0 is of type "heatmap"');
  });

  it("escapes what is in a table, column names too", () => {
    const { data } = render(table({ "<b>&": ["<script>alert(1)</script>", '"'], n: [1, 0.123456789] }));
    expect(data["text/html"]).not.toContain("<script>");
    expect(data["text/html"]).toContain('<th style="text-align:left">&lt;b&gt;&amp;<br>');
    expect(data["text/html"]).toContain('<td style="text-align:right">0.123</td>');
  });

  it("writes the numbers of a column with equally many decimals, unless one of them would lose its digits", () => {
    const column = (values: readonly number[]): readonly string[] =>
      String(render(table({ v: values })).data["text/plain"])
        .split("\n")
        .slice(1)
        .map((line) => line.trim());
    expect(column([-12.4, 21.95, -10.0494, 0])).toEqual(["-12.40", "21.95", "-10.05", "0.00"]);
    expect(column([54, 52.5, 67.45])).toEqual(["54.00", "52.50", "67.45"]);
    expect(column([1, 2, 300000])).toEqual(["1", "2", "300000"]);
    expect(column([1234.5678, 0.00012])).toEqual(["1235", "0.00012"]);
    expect(column([Number.NaN, 0.5, Number.POSITIVE_INFINITY])).toEqual(["NaN", "0.5", "Infinity"]);
  });

  it("shows a table's rows in its own order, up to a limit, and says how many there are", () => {
    const long = table({ i: Array.from({ length: 50 }, (_, i) => 49 - i) }).orderby("i");
    const { data } = render(long, { rows: 3 });
    expect(data["text/plain"]).toBe("i\n0\n1\n2\n3 of 50 rows; display(table, { rows: 30 }) shows more");
    expect(String(data["text/html"]).match(/<tr>/g)).toHaveLength(4);
    expect(data["text/html"]).toContain("3 of 50 rows");
    expect(render(table({ a: [null, 2], b: ["x", "yy"] })).data["text/plain"]).toBe("a  b\n   x\n2  yy");
  });

  it("says under each column's name what its values are", () => {
    const columns = {
      ...{
        n: [1, null, 2.5, 10n],
        t: ["a", null, "b", ""],
        b: [true, false, null, true],
        d: [new Date(0), null, null, null],
      },
      ...{
        l: [[1], null, new Float32Array(2), []],
        o: [{}, null, null, null],
        m: [1, "1", null, null],
        e: [null, null, null, null],
      },
    };
    const { data } = render(table(columns));
    const heads = [...new JSDOM(String(data["text/html"])).window.document.querySelectorAll("th")];
    expect(heads.map(({ innerHTML }) => innerHTML.replace(/<br><span[^>]*>|<\/span>/g, " ").trim())).toEqual([
      "n number",
      "t text",
      "b boolean",
      "d date",
      "l list",
      "o object",
      "m mixed",
      "e empty",
    ]);
    expect(data["text/plain"].split("\n")[0]?.split(/ +/).filter(Boolean)).toEqual(Object.keys(columns));
    // A missing or late value changes nothing about what a column is, even where the first rows alone are shown.
    const late = table({ x: [...Array.from({ length: 30 }, () => null), 1] });
    expect(render(late, { rows: 2 }).data["text/html"]).toContain("number");
  });

  it("shows other HTML, Markdown, text and values", () => {
    expect(render({ toHTML: () => "<i>x</i>" }).data["text/html"]).toBe("<i>x</i>");
    expect(render(markdown("**b**")).data).toEqual({ "text/markdown": "**b**", "text/plain": "**b**" });
    expect(render("plain").data).toEqual({ "text/plain": "plain" });
    expect(render({ a: [1, 2] }).data).toEqual({ "text/plain": "{ a: [ 1, 2 ] }" });
    expect(render(undefined).data).toEqual({ "text/plain": "undefined" });
  });

  it("lets a value say how it is shown, by a symbol and by nothing else", () => {
    const rendered = { data: { "text/plain": "mine" }, metadata: { a: 1 } };
    const value = displayedAs({ columnNames: () => [], numRows: () => 0, get: () => 0 }, () => rendered);
    expect(render(value)).toEqual(rendered);
    expect(Object.keys(value)).not.toContain(displaySymbol);
    expect(displaySymbol).toBe(Symbol.for("ilr-lab.display"));
    const rows = (given: { rows: number }) => ({ data: { "text/plain": String(given.rows) }, metadata: {} });
    expect(render({ [displaySymbol]: rows }, { rows: 7 }).data["text/plain"]).toBe("7");
    expect(render({ [displaySymbol]: "not a method" }).data["text/plain"]).toContain("not a method");
  });

  it("shows no character that acts on a terminal or reorders text", () => {
    const evil = "\u001b]0;title\u0007 \u001b[2J \u009b31m a\rb \u202ecba \ud800";
    for (const value of [evil, table({ [evil]: [evil] }), markdown(evil), new Error(evil), [evil]]) {
      const text = render(value).data["text/plain"];
      expect(text).not.toMatch(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]|\p{Cs}/u);
    }
    expect(render("a\u001b[1mb\r\n\tc").data["text/plain"]).toBe("a␛[1mb\n\tc");
  });
});

describe("provenance", () => {
  const provenance = {
    ...{ experiment: "e", title: "t", seeds: [0], machine: "m", backend: "b", started: "", ended: "", versions: {} },
    ...{ counts: { executed: 1, cached: 2 }, keys: ["k"], recorded: true },
  };

  it("is in the metadata of what carries it", () => {
    const frame = withProvenance(table({ a: [1, 2] }), provenance);
    expect(render(frame).metadata).toEqual({ "ilr-lab": { kind: "table", provenance } });
    expect(render(table({ a: [1, 2] })).metadata).toEqual({ "ilr-lab": { kind: "table" } });
  });

  it("stays with a frame as long as its columns do", () => {
    const frame = withProvenance(table({ a: [1, 2], b: [3, 4] }), provenance);
    const other = withProvenance(table({ c: [1, 2] }), { ...provenance, experiment: "other" });
    const kept = [
      frame.filter((row: { a: number }) => row.a > 1),
      frame.orderby("b"),
      frame.select("b"),
      frame.rename({ a: "z" }),
    ];
    for (const derived of kept) expect(provenanceOf(derived)).toBe(provenance);
    expect(provenanceOf(frame.derive({ c: (row: { a: number }) => row.a + 1 }))).toBeUndefined();
    expect(provenanceOf(frame.slice(0, 1))).toBeUndefined();
    expect(provenanceOf(frame.assign(other))).toBeUndefined();
    expect(provenanceOf(table({}))).toBeUndefined();
  });
});
