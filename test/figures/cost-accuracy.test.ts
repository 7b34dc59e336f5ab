import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embeddedBackend } from "../../kernel-lib/src/backends/index.js";
import { methodCosts, type Project, planExperiment, type RunRecord } from "../../kernel-lib/src/experiments/index.js";
import { costAccuracy, methodStyle, type RoundCosts } from "../../kernel-lib/src/figures/index.js";
import { lab, runOf } from "../../kernel-lib/src/lab.js";
import { provenanceOf } from "../../kernel-lib/src/notebook/index.js";
import { armCurves, lastPoint, pairedDifference, sftCurve } from "../../kernel-lib/src/results/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { syntheticRun } from "../results/synthetic-run.js";
import { illegible } from "./legible.js";
import { curveOf, intervalsOf, legendOf } from "./reading.js";

const run = syntheticRun({ seeds: [0, 1], questions: 300 });
const arms = ["ILR (oracle)", "DPO (oracle)"];
const costs = (unit: RoundCosts["unit"], factor = 1): RoundCosts => ({
  rounds: new Map([
    ["SFT", []],
    ["ILR (oracle)", [1, 2, 3].map((cost) => cost * factor)],
    ["DPO (oracle)", [1, 1, 1].map((cost) => cost * factor)],
  ]),
  ...{ unit, source: "as planned" },
});
const axisOf = (figure: ReturnType<typeof costAccuracy>): string =>
  (figure.layout!.xaxis as unknown as { title: { text: string } }).title.text;

describe("costAccuracy", () => {
  const figure = costAccuracy(run, costs("operations", 4e12));

  it("has the paired gain of every arm with costs over all that it has spent, from nothing", () => {
    expect(legendOf(figure).filter((name) => name !== "undefined")).toEqual(arms);
    const sft = lastPoint(sftCurve(run)!);
    for (const [i, arm] of arms.entries()) {
      const curve = curveOf(figure, arm);
      expect(curve.x).toEqual(
        [
          [0, 4, 12, 24],
          [0, 4, 8, 12],
        ][i],
      );
      const gains = armCurves(run)
        .find((one) => one.arm === arm)!
        .points.map((point) => pairedDifference(point, sft)!);
      expect(intervalsOf(curve)).toEqual([
        [0, 0, 0],
        ...gains.map(({ value, low, high }) => [value, low, high].map((share) => expect.closeTo(100 * share, 9))),
      ]);
      expect((curve.marker as { color: string }).color).toBe(methodStyle(arm).color);
    }
  });

  it.each([
    ["operations", 1e9, "operations (GFLOP a seed) after SFT, as planned"],
    ["operations", 4e12, "operations (TFLOP a seed) after SFT, as planned"],
    ["operations", 1e19, "operations (EFLOP a seed) after SFT, as planned"],
    ["seconds", 20, "time of one worker (s a seed) after SFT, as planned"],
    ["seconds", 600, "time of one worker (min a seed) after SFT, as planned"],
    ["seconds", 1e5, "time of one worker (h a seed) after SFT, as planned"],
  ] as const)("says on its axis what was counted, and where that is from: %s, %d", (unit, factor, title) => {
    expect(axisOf(costAccuracy(run, costs(unit, factor)))).toBe(title);
  });

  it("can be read", () => {
    expect(illegible(figure, 720)).toEqual([]);
  });

  it("is refused where nothing was spent, or there is no SFT", () => {
    const nothing = { ...costs("seconds"), rounds: new Map([["SFT", []]]) };
    const bare = syntheticRun({ questions: 40, arms: ["ILR (oracle)"] });
    for (const draw of [() => costAccuracy(run, nothing), () => costAccuracy(bare, costs("seconds"))]) {
      expect(draw).toThrow(expect.objectContaining({ code: "input-missing" }));
    }
  });
});

describe("lab.costAccuracy", () => {
  let project: Project;
  beforeAll(async () => {
    const root = await mkdtemp(join(tmpdir(), "ilr-costs-"));
    project = { root, results: join(root, "results"), store: join(root, "store"), data: join(root, "data") };
  });
  afterAll(() => rm(project.root, { recursive: true, force: true }));

  const small = syntheticRun({
    seeds: [0, 1],
    questions: 20,
    rounds: 2,
    arms: ["SFT", "ILR (noisy oracle 0.75)", "DPO (noisy oracle 0.75)"],
  });
  const { experiment } = small.provenance;
  const record: RunRecord = {
    ...small,
    provenance: {
      ...small.provenance,
      experiment: { ...experiment, rounds: { ilr: 2, dpo: 2 }, limit: { train: 40, validation: 6, test: 20 } },
    },
  };

  it("prices a run by its plan, a seed on average", async () => {
    const figure = await lab.costAccuracy(runOf(record), { project });
    const store = await openStore(project.store);
    const backend = embeddedBackend();
    const plan = await planExperiment(record.provenance.experiment, { ...project, store, backend });
    await backend.close();
    for (const { arm, rounds } of methodCosts(plan).filter((cost) => cost.rounds.length > 0)) {
      const [, first, second] = curveOf(figure, arm.name).x as number[];
      expect(second! / first!).toBeCloseTo((rounds[0]!.flops + rounds[1]!.flops) / rounds[0]!.flops, 9);
      const unit = /[GT]FLOP/.exec(axisOf(figure))![0] === "GFLOP" ? 1e9 : 1e12;
      expect(first! * unit * 2).toBeCloseTo(rounds[0]!.flops, -3);
    }
    expect(provenanceOf(figure)).toMatchObject({ experiment: "micro-math/main", seeds: [0, 1] });
  });

  it("has no recorded costs of steps that are not here, and says so", async () => {
    await expect(lab.costAccuracy(runOf(record), { project, cost: "recorded" })).rejects.toMatchObject({
      code: "input-missing",
      hint: expect.stringContaining("planned costs"),
    });
  });
});
