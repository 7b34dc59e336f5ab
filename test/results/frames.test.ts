import { describe, expect, it } from "vitest";
import {
  armsFrame,
  comparisonsFrame,
  differenceFrame,
  labelsFrame,
  roundsFrame,
} from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

const run = syntheticRun({ seeds: [0, 1], questions: 400 });

describe("roundsFrame", () => {
  it("has one row a point, in %, with the ends of the interval", () => {
    const frame = roundsFrame(run);
    expect(frame.numRows()).toBe(run.points.length);
    expect(frame.columnNames()).toEqual(
      "seed arm method round accuracy accuracyLow accuracyHigh labels proposals accepted fixed broken met pairs selected selectedPairs kl klError".split(
        " ",
      ),
    );
    for (const [row, point] of run.points.entries()) {
      expect(frame.get("accuracy", row)).toBeCloseTo(100 * point.testAccuracy, 10);
      expect(frame.get("accuracyLow", row)).toBeLessThan(frame.get("accuracy", row));
      expect(frame.get("accuracyHigh", row)).toBeGreaterThan(frame.get("accuracy", row));
    }
    expect(frame.get("labels", 0)).toBeCloseTo(51, 10);
    expect(frame.get("kl", 0)).toBeNull();
  });
});

describe("armsFrame", () => {
  it("has one row an arm at its last round, and the paired difference to SFT in points", () => {
    const rows = armsFrame(run).objects() as Record<string, number | string | null>[];
    expect(rows).toHaveLength(11);
    const of = (arm: string): Record<string, number | string | null> => rows.find((row) => row.arm === arm)!;
    expect(of("SFT").gain).toBeNull();
    const [oracle, sft] = [of("ILR (oracle)"), of("SFT")];
    expect(oracle).toMatchObject({ round: 3, seeds: 2, heldOut: null, met: 100 });
    expect(oracle.gain).toBeCloseTo(Number(oracle.accuracy) - Number(sft.accuracy), 10);
    expect(Number(oracle.gainHigh) - Number(oracle.gainLow)).toBeLessThan(
      Number(oracle.accuracyHigh) - Number(oracle.accuracyLow),
    );
    expect(of("DPO (evaluator)")).toMatchObject({ heldOut: 75, labels: null });
  });

  it("goes without SFT", () => {
    const frame = armsFrame(syntheticRun({ questions: 50, arms: ["Naive ILR"] }));
    expect(frame.objects()).toMatchObject([{ arm: "Naive ILR", gain: null, gainLow: null }]);
  });
});

describe("labelsFrame and comparisonsFrame", () => {
  it("count what happened to the labels of ILR's arms", () => {
    const rows = labelsFrame(run).objects() as { arm: string; net: number }[];
    expect(rows.map(({ arm }) => arm).filter((arm, i, all) => all.indexOf(arm) === i)).toEqual([
      "ILR (evaluator)",
      "ILR (noisy oracle 0.75)",
      "ILR (oracle)",
      "Naive ILR",
    ]);
    expect(rows[0]).toMatchObject({ round: 1, replaced: 300, fixed: 70, broken: 30, net: 40, trainedOn: null });
    const points = run.points.map((point) =>
      point.fixed === null ? point : { ...point, labelCount: 1700 + point.seed },
    );
    expect(labelsFrame({ ...run, points }).get("trainedOn", 0)).toBe(1700.5);
  });

  it("hold an evaluator's held-out accuracy against what it met", () => {
    const rows = comparisonsFrame(run).objects() as { arm: string }[];
    expect(rows).toHaveLength(7 * 3);
    const evaluator = rows.find(({ arm }) => arm === "DPO (evaluator)") as Record<string, unknown> | undefined;
    expect(evaluator).toMatchObject({ heldOut: 75, pairs: 800 });
    expect(evaluator?.met).toBeCloseTo(54, 10);
    expect(rows.find(({ arm }) => arm === "DPO (oracle)")).toMatchObject({ heldOut: null, met: 100 });
  });
});

describe("differenceFrame", () => {
  it("holds arms against each other in the rounds that both have, or at the last round of each", () => {
    const longer = { ...run, points: run.points.filter(({ arm, round }) => arm !== "ILR (oracle)" || round < 3) };
    const rounds = differenceFrame(longer, "DPO (oracle)", "ILR (oracle)").array("round");
    expect([...rounds]).toEqual([1, 2]);
    const [last] = differenceFrame(longer, "DPO (oracle)", "ILR (oracle)", { at: "last" }).objects();
    expect(last).toMatchObject({ arm: "DPO (oracle)", other: "ILR (oracle)", round: 3, otherRound: 2 });
    const accuracy = (arm: string, round: number): number => {
      const points = longer.points.filter((point) => point.arm === arm && point.round === round);
      return points.reduce((sum, { testAccuracy }) => sum + testAccuracy, 0) / points.length;
    };
    const expected = 100 * (accuracy("DPO (oracle)", 3) - accuracy("ILR (oracle)", 2));
    expect((last as { difference: number }).difference).toBeCloseTo(expected, 10);
  });

  it("takes seeds one by one on request, each with what a run of that seed alone would say", () => {
    const last = differenceFrame(run, "ILR (oracle)", "SFT", { by: "seed", at: "last" });
    expect(last.objects()).toMatchObject([
      { arm: "ILR (oracle)", other: "SFT", seed: 0, round: 3, otherRound: 0 },
      { seed: 1, round: 3 },
    ]);
    const rows = differenceFrame(run, "ILR (oracle)", "SFT", { by: "seed" }).objects() as {
      seed: number;
      round: number;
      difference: number;
    }[];
    expect(rows.map(({ seed, round }) => [seed, round])).toEqual(
      [0, 1].flatMap((seed) => [1, 2, 3].map((r) => [seed, r])),
    );
    for (const seed of [0, 1]) {
      const alone = { ...run, points: run.points.filter((point) => point.seed === seed) };
      const expected = differenceFrame(alone, "ILR (oracle)", "SFT").objects() as object[];
      expect(rows.filter((row) => row.seed === seed)).toEqual(expected.map((row) => ({ ...row, seed })));
    }
    const means = differenceFrame(run, "ILR (oracle)", "SFT").array("difference");
    for (const [i, mean] of [...means].entries()) {
      expect((rows[i]!.difference + rows[i + 3]!.difference) / 2).toBeCloseTo(Number(mean), 10);
    }
  });

  it("leaves out a seed that one of the arms lacks", () => {
    const points = run.points.filter(({ arm, seed }) => arm !== "SFT" || seed === 1);
    const frame = differenceFrame({ ...run, points }, "ILR (oracle)", "SFT", { by: "seed", at: "last" });
    expect([...frame.array("seed")]).toEqual([1]);
  });
});
