import { describe, expect, it } from "vitest";
import { mainFigure } from "../../kernel-lib/src/figures/index.js";
import { narrowLayout } from "../../kernel-lib/src/report/narrow-layout.js";
import { syntheticRun } from "../results/synthetic-run.js";
import { figure } from "./fixture.js";

describe("narrowLayout", () => {
  it("puts plots that stand side by side one above the other, with their titles", () => {
    const { xaxis, xaxis2, yaxis, yaxis2, annotations, legend } = narrowLayout(
      mainFigure(syntheticRun({ questions: 50 })),
    ) as {
      readonly [key: string]: { readonly domain: readonly [number, number]; readonly yref?: string };
    } & { readonly annotations: readonly { readonly x: number; readonly y: number }[] };
    expect([xaxis!.domain, xaxis2!.domain]).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(yaxis!.domain[0]).toBeGreaterThan(yaxis2!.domain[1]);
    expect([yaxis2!.domain[0], yaxis!.domain[1]]).toEqual([expect.closeTo(0), 1]);
    expect(annotations.slice(0, 2).map(({ x, y }) => [x, y])).toEqual([
      [0, yaxis!.domain[1]],
      [0, yaxis2!.domain[1]],
    ]);
    expect(legend!.yref).toBe("container");
  });

  it("makes room for the legend, an entry a line, and leaves the title to the caption", () => {
    const more = { ...figure, data: [...figure.data, { y: [1], name: "SFT" }] };
    const [two, three] = [narrowLayout(figure), narrowLayout(more)] as {
      height: number;
      title: object;
      dragmode: boolean;
    }[];
    expect(three!.height).toBeGreaterThan(two!.height);
    expect(two).toMatchObject({
      title: { text: "" },
      dragmode: false,
      xaxis: { fixedrange: true },
      yaxis: { fixedrange: true },
    });
  });

  it("has room for every name at the y axis", () => {
    const heightOf = (names: number): number => {
      const ticktext = Array.from({ length: names }, (_, i) => `arm ${i}`);
      return narrowLayout({ data: figure.data, layout: { yaxis: { ticktext } } }).height as number;
    };
    expect(heightOf(5)).toBe(heightOf(0));
    expect(heightOf(40) - heightOf(30)).toBe(200);
  });

  it("leaves other arrangements as they are", () => {
    const grid = {
      data: figure.data,
      layout: { xaxis: { domain: [0, 0.4] }, xaxis2: { domain: [0.5, 1] }, yaxis: { domain: [0, 0.4] }, yaxis2: {} },
    };
    expect(narrowLayout(grid)).toMatchObject({ xaxis: { domain: [0, 0.4] }, yaxis: { domain: [0, 0.4] } });
    expect(narrowLayout({ data: [{ type: "pie" }] })).not.toHaveProperty("title");
  });
});
