import { table } from "arquero";
import { describe, expect, it } from "vitest";
import { markdown, render } from "../../kernel-lib/src/notebook/index.js";

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
    expect(metadata["image/png"]).toEqual({ width: 300, height: 200 });
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
    expect(data["text/html"]).toContain('<th style="text-align:left">&lt;b&gt;&amp;</th>');
    expect(data["text/html"]).toContain('<td style="text-align:right">0.12346</td>');
  });

  it("shows a table's rows in its own order, up to a limit, and says how many there are", () => {
    const long = table({ i: Array.from({ length: 50 }, (_, i) => 49 - i) }).orderby("i");
    const { data } = render(long, { rows: 3 });
    expect(data["text/plain"]).toBe("i\n0\n1\n2\n3 of 50 rows; display(table, { rows: 30 }) shows more");
    expect(String(data["text/html"]).match(/<tr>/g)).toHaveLength(4);
    expect(data["text/html"]).toContain("3 of 50 rows");
    expect(render(table({ a: [null, 2], b: ["x", "yy"] })).data["text/plain"]).toBe("a  b\n   x\n2  yy");
  });

  it("shows other HTML, Markdown, text and values", () => {
    expect(render({ toHTML: () => "<i>x</i>" }).data["text/html"]).toBe("<i>x</i>");
    expect(render(markdown("**b**")).data).toEqual({ "text/markdown": "**b**", "text/plain": "**b**" });
    expect(render("plain").data).toEqual({ "text/plain": "plain" });
    expect(render({ a: [1, 2] }).data).toEqual({ "text/plain": "{ a: [ 1, 2 ] }" });
    expect(render(undefined).data).toEqual({ "text/plain": "undefined" });
  });
});
