import { createHash } from "node:crypto";
import { Resvg } from "@resvg/resvg-js";
import { describe, expect, it } from "vitest";
import { type Figure, figureToPng, figureToSvg, methodLine, svgToPng } from "../../kernel-lib/src/figures/index.js";

const rounds = [0, 1, 2];
const line = (method: string, at: number) =>
  methodLine(
    method,
    rounds,
    rounds.map((round) => ({ value: at + 0.02 * round, low: at - 0.02, high: at + 0.06 })),
  );
const figure: Figure = {
  data: [line("SFT", 0.3), line("ILR (evaluator)", 0.4)],
  layout: { title: "Test accuracy", xaxis: { title: "round" }, yaxis: { title: "accuracy" } },
};

describe("figureToSvg", () => {
  it("holds the traces' lines, markers, intervals and all text", () => {
    const svg = figureToSvg(figure);
    expect(svg.match(/class="js-line"[^>]*d="M[^"]+"/g)).toHaveLength(4); // the legend has them too
    expect(svg.match(/class="yerror"/g)).toHaveLength(6);
    for (const text of ["Test accuracy", "round", "accuracy", "SFT", "ILR (evaluator)"])
      expect(svg).toContain(`>${text}</text>`);
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it("gives the same text every time, whatever was drawn before", () => {
    const first = figureToSvg(figure);
    figureToSvg({ data: [{ type: "bar", x: ["a"], y: [1] }] });
    expect(figureToSvg(figure)).toBe(first);
  });

  it("makes room for long names, in the legend and on the axis", () => {
    const axisLeft = (names: string[]): number => {
      const svg = figureToSvg({ data: [{ type: "bar", orientation: "h", y: names, x: names.map(() => 1) }] });
      return Number(/<clipPath[^>]*class="axesclip"[^>]*id="[^"]*x"[^>]*><rect x="([\d.]+)"/.exec(svg)?.[1]);
    };
    expect(axisLeft(["a name much longer than the usual margin has room for"])).toBeGreaterThan(
      axisLeft(["a", "b"]) + 200,
    );
    const plotWidth = (name: string): number =>
      Number(
        /class="plotclip"><rect width="([\d.]+)"/.exec(figureToSvg({ data: [line(name, 0), line("SFT", 1)] }))?.[1],
      );
    expect(plotWidth("SFT on ground truth, with a long note")).toBeLessThan(plotWidth("SFT") - 150);
  });

  it.each([
    "heatmap",
    "contour",
    "scattergl",
    "scatter3d",
    "surface",
    "parcoords",
    "no-such-type",
  ])("refuses %s", (type) => {
    expect(() => figureToSvg({ data: [{ y: [1] }, { type }] })).toThrowError(
      expect.objectContaining({
        code: "unsupported",
        message: expect.stringContaining(`trace 1 is of type "${type}"`),
      }),
    );
  });

  it.each<[string, object]>([
    ["bar", { x: ["a", "b"], y: [1, 2], error_y: { type: "data", array: [0.1, 0.2] } }],
    ["box", { y: [1, 2, 3, 10] }],
    ["violin", { y: [1, 2, 3, 3, 4] }],
    ["histogram", { x: [1, 1, 2, 3] }],
    [
      "scatter",
      { x: [1, 2], y: [1, 2], mode: "markers", marker: { symbol: "square", color: [1, 2], showscale: true } },
    ],
  ])("draws %s", (type, members) => {
    const svg = figureToSvg({ data: [{ type, marker: { color: "#D55E00" }, ...members }] });
    const colored = countPixels(svg, ([r, g, b]) => Math.max(r, g, b) - Math.min(r, g, b) > 60);
    expect(colored).toBeGreaterThan(300);
  });
});

describe("figureToPng", () => {
  it("has the colours of the methods, text, and a white ground", () => {
    const svg = figureToSvg(figure);
    const near = (color: readonly number[]) => (pixel: readonly number[]) =>
      pixel.every((value, i) => Math.abs(value - color[i]!) < 8);
    expect(countPixels(svg, near([0, 0x72, 0xb2]))).toBeGreaterThan(1000);
    expect(countPixels(svg, near([0, 0, 0]))).toBeGreaterThan(1000);
    expect(countPixels(svg, near([0x22, 0x22, 0x22]))).toBeGreaterThan(500);
    expect(countPixels(svg, near([255, 255, 255])) / (760 * 440 * 4)).toBeGreaterThan(0.85);
  });

  it("draws text where no font is installed: taking the text away takes pixels away", () => {
    const svg = figureToSvg(figure);
    const dark = ([r, g, b]: readonly [number, number, number]): boolean => r < 0x80 && g < 0x80 && b < 0x80;
    const without = svg.replaceAll(/<text[\s\S]*?<\/text>/g, "");
    expect(countPixels(svg, dark) - countPixels(without, dark)).toBeGreaterThan(1000);
  });

  it("has the figure's size times the scale, and the same bytes every time", () => {
    const small = figureToPng({ ...figure, layout: { width: 300, height: 200 } }, 1);
    expect([small.width, small.height]).toEqual([300, 200]);
    const large = figureToPng({ ...figure, layout: { width: 300, height: 200 } }, 3);
    expect([large.width, large.height]).toEqual([900, 600]);
    const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
    expect(digest(figureToPng(figure).bytes)).toBe(digest(figureToPng(figure).bytes));
  });
});

/** Pixels of the picture that satisfy a condition on [red, green, blue]. */
function countPixels(svg: string, condition: (pixel: readonly [number, number, number]) => boolean): number {
  const { bytes, width, height } = svgToPng(svg, 2);
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}"><image width="${width}" height="${height}" xlink:href="data:image/png;base64,${Buffer.from(bytes).toString("base64")}"/></svg>`;
  const pixels = new Resvg(picture).render().pixels;
  let count = 0;
  for (let i = 0; i < pixels.length; i += 4) if (condition([pixels[i]!, pixels[i + 1]!, pixels[i + 2]!])) count++;
  return count;
}
