import { describe, expect, it } from "vitest";
import { contrast, divergingColor, textOn } from "../../kernel-lib/src/figures/diverging.js";
import { phaseAtMatchedKl, phaseDiagram, type Trace } from "../../kernel-lib/src/figures/index.js";
import { phaseCells } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "../results/synthetic-run.js";
import { curveOf, intervalsOf, legendOf } from "./reading.js";
import { phaseRun } from "./synthetic-studies.js";

const run = phaseRun({ seeds: [0, 1], questions: 400, rounds: 3 });

describe.each([
  ["phaseDiagram", phaseDiagram(run), phaseCells(run)],
  [
    "phaseAtMatchedKl",
    phaseAtMatchedKl(run),
    phaseCells(run).flatMap(({ matched, ...cell }) =>
      matched === null || matched.ratio > 1.5 ? [] : [{ ...cell, dpo: matched, difference: matched.difference }],
    ),
  ],
] as const)("%s", (_, figure, cells) => {
  const nameOf = ({ alpha, errors }: (typeof cells)[number]): string =>
    `alpha ${alpha}${errors === "by-question" ? ", fixed errors" : ""}`;
  const numbers = (name: string): Trace => figure.data.find((trace) => trace.name === name && trace.mode === "text")!;

  it("has a line for each alpha and kind of errors, with every difference and its interval in points", () => {
    expect(legendOf(figure).filter((name) => name !== "undefined")).toEqual([...new Set(cells.map(nameOf))]);
    for (const cell of cells) {
      const line = curveOf(figure, nameOf(cell));
      const at = (line.x as number[]).findIndex((x) => Math.abs(x - cell.accuracy) < 0.04);
      const { value, low, high } = cell.difference!;
      expect(intervalsOf(line)[at]).toEqual([value, low, high].map((share) => expect.closeTo(100 * share, 9)));
    }
  });

  it("has the same as a map: a coloured tile and a number, in brackets where the interval holds zero", () => {
    const tiles = figure.layout!.shapes as unknown as Record<string, number & string>[];
    expect(tiles).toHaveLength(cells.length);
    const largest = Math.max(...cells.map(({ difference }) => Math.abs(difference!.value)));
    for (const cell of cells) {
      const trace = numbers(nameOf(cell));
      const at = (trace.x as number[]).indexOf(cell.accuracy);
      const text = (trace.text as string[])[at]!;
      const { value, low, high } = cell.difference!;
      const written = Number(text.replace(/<\/?b>|[()+]/g, "").replace("−", "-"));
      expect(Math.abs(written - 100 * value)).toBeLessThan(0.0501);
      expect(text.startsWith("(")).toBe(low <= 0 && high >= 0);
      const row = (trace.y as number[])[at]!;
      const tile = tiles.find(
        ({ x0, x1, y0, y1 }) => x0! < cell.accuracy && cell.accuracy < x1! && y0! < row && row < y1!,
      )!;
      expect(tile.fillcolor).toBe(divergingColor(value / largest));
      expect((figure.layout!.yaxis2 as unknown as { ticktext: string[] }).ticktext[row]).toBe(
        nameOf(cell).replace(", ", "<br>"),
      );
    }
  });
});

describe("phaseAtMatchedKl", () => {
  it("is empty where no DPO came as far as ILR", () => {
    const [tiles, all] = [phaseAtMatchedKl, phaseDiagram].map((draw) => draw(run).layout!.shapes as readonly unknown[]);
    expect(tiles!.length).toBeGreaterThan(0);
    expect(tiles!.length).toBeLessThan(all!.length);
  });

  it("is refused where none did, with how near the nearest came", () => {
    const points = run.points.map((point) => (point.method === "ilr" ? { ...point, kl: 30 } : point));
    const farthest = Math.max(...run.points.map(({ method, kl }) => (method === "dpo" ? (kl ?? 0) : 0)));
    expect(() => phaseAtMatchedKl({ ...run, points })).toThrow(
      expect.objectContaining({
        code: "input-missing",
        message: expect.stringContaining(`the nearest is ${(30 / farthest).toFixed(1)} times off`),
      }),
    );
  });
});

describe("the phase diagram of a run without its arms", () => {
  it("is refused, with a preset that has them", () => {
    for (const draw of [phaseDiagram, phaseAtMatchedKl]) {
      expect(() => draw(syntheticRun({ questions: 40, arms: ["SFT", "ILR (oracle)"] }))).toThrow(
        expect.objectContaining({ code: "input-missing", hint: expect.stringContaining("micro-math/phase") }),
      );
    }
  });
});

describe("the diverging scale", () => {
  it("is white at zero, and the methods' colours at its ends", () => {
    expect([-2, -1, 0, 1].map(divergingColor)).toEqual(["#d55e00", "#d55e00", "#f7f7f7", "#0072b2"]);
  });

  it("has text that can be read on all of it", () => {
    for (let share = -1; share <= 1; share += 0.05) {
      const ground = divergingColor(share);
      expect(contrast(ground, textOn(ground)), ground).toBeGreaterThan(3.9);
    }
  });
});
