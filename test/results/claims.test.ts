import { describe, expect, it } from "vitest";
import { type Experiment, presetByName, type RunRecord } from "../../kernel-lib/src/experiments/index.js";
import {
  claims,
  contrastsFrame,
  describeVerdicts,
  holm,
  outcomeOf,
  powerFrame,
  type Verdict,
  verdicts,
  verdictsByTask,
  verdictsByTaskTable,
  verdictsTable,
} from "../../kernel-lib/src/results/index.js";
import { type SyntheticOptions, syntheticRun } from "./synthetic-run.js";

const byName = (all: readonly Verdict[]): Record<string, Verdict> =>
  Object.fromEntries(all.map((verdict) => [verdict.claim, verdict]));
const read = (options: SyntheticOptions): Record<string, Verdict> => byName(verdicts(syntheticRun(options)));
const outcomes = (all: readonly Verdict[]): Verdict["outcome"][] => all.map(({ outcome }) => outcome);
const primaryOf = (all: readonly Verdict[]) =>
  all.flatMap(({ readings }) => readings.filter(({ adjusted }) => adjusted !== null));

/** A sweep over beta in which the weakest anchor collapses, and none gains. */
const sweepAccuracy = { "DPO (evaluator, beta 0.01)": 0.3, "DPO (evaluator, beta 0.03)": 0.5, SFT: 0.57 };
const sweep = (options: SyntheticOptions = {}): RunRecord => {
  return syntheticRun({ preset: "micro-math/beta-sweep", accuracy: sweepAccuracy, ...options });
};

describe("outcomeOf", () => {
  it.each([
    ["positive", 0.01, 0.03, "holds"],
    ["positive", -0.01, 0.03, "inconclusive"],
    ["positive", -0.03, -0.01, "contradicted"],
    ["negative", -0.03, -0.01, "holds"],
    ["negative", -0.01, 0.03, "inconclusive"],
    ["negative", 0.01, 0.03, "contradicted"],
    ["no-gain", -0.03, 0.01, "holds"],
    ["no-gain", -0.03, -0.01, "holds"],
    ["no-gain", -0.01, 0.03, "inconclusive"],
    ["no-gain", 0.005, 0.01, "contradicted"],
  ] as const)("%s, [%d, %d]: %s", (expects, low, high, outcome) => {
    expect(outcomeOf(expects, { low, high }, 0.02)).toBe(outcome);
  });
});

describe("verdicts", () => {
  const asInThePaper = { accuracy: { "ILR (evaluator)": 0.62, "DPO (evaluator)": 0.55, "Naive ILR": 0.53 } };

  it.each([[[0]], [[0, 1, 2]], [[0, 1, 2, 3, 4]]])("come out as in the paper where the data do: seeds %j", (seeds) => {
    const all = verdicts([syntheticRun({ ...asInThePaper, seeds }), sweep({ seeds })]);
    expect(all.map(({ claim }) => claim)).toEqual(["C1", "C2", "C3", "C4", "C5a", "C5b"]);
    expect(outcomes(all)).toEqual(Array(6).fill("holds"));
    expect(primaryOf(all).map(({ compares }) => compares)).toEqual([
      "SFT - Weak supervisor (micro-math/main)",
      "DPO (evaluator) - SFT, round 3 (micro-math/main)",
      "ILR (evaluator) - DPO (evaluator), round 3 (micro-math/main)",
      "Naive ILR - SFT, round 3 (micro-math/main)",
      "DPO (oracle) - SFT, round 3 (micro-math/main)",
      "DPO (evaluator, beta 0.01) - SFT, round 3 (micro-math/beta-sweep)",
      "DPO (evaluator, beta 1) - SFT, round 3 (micro-math/beta-sweep)",
    ]);
  });

  it("say so where the data contradict the paper", () => {
    const accuracy = {
      "Weak supervisor": 0.62,
      "ILR (evaluator)": 0.53,
      "DPO (evaluator)": 0.63,
      "Naive ILR": 0.62,
      "DPO (oracle)": 0.52,
    };
    // A strong anchor that gains contradicts C5b even if the weak one collapses as expected.
    const gaining = sweep({ accuracy: { ...sweepAccuracy, "DPO (evaluator, beta 1)": 0.65 } });
    const all = verdicts([syntheticRun({ accuracy }), gaining]);
    expect(outcomes(all)).toEqual(Array(6).fill("contradicted"));
    expect(
      primaryOf(all)
        .slice(-2)
        .map(({ outcome }) => outcome),
    ).toEqual(["holds", "contradicted"]);
  });

  it("stay inconclusive where the interval is too wide, and say what it would take", () => {
    // Against SFT every arm has three questions more and three others fewer, of 60.
    const flat = (run: RunRecord): RunRecord => {
      const arms = [...new Set(run.points.map(({ arm }) => arm))].filter((arm) => arm !== "SFT");
      const points = run.points.map((point) => {
        const at = 6 * (arms.indexOf(point.arm) % 5);
        const flips = point.arm === "SFT" ? "" : "10".repeat(3);
        const correct = `${"01".repeat(30).slice(0, at)}${flips}${"01".repeat(30).slice(at + flips.length)}`;
        return { ...point, correct };
      });
      return { ...run, points };
    };
    for (const seeds of [[0], [0, 1]]) {
      const all = verdicts([flat(syntheticRun({ questions: 60, seeds })), flat(sweep({ questions: 60, seeds }))]);
      expect(outcomes(all)).toEqual(Array(6).fill("inconclusive"));
      for (const { power } of primaryOf(all)) expect(power!.questionsNeeded).toBeGreaterThan(60);
      const text = describeVerdicts(all);
      expect(text).toMatch(seeds.length > 1 ? /to see 2 points takes about \d+ seeds/ : /for this seed's models only/);
      expect(text.includes("it says nothing about other seeds")).toBe(seeds.length === 1);
    }
  });

  it("allow for all primary readings: Holm's p-values, and outcomes that differ from those alone only towards inconclusive", () => {
    const narrow = { "Naive ILR": 0.558, "DPO (oracle)": 0.585, "ILR (evaluator)": 0.56, "DPO (evaluator)": 0.55 };
    let changed = 0;
    for (const seed of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const all = verdicts(syntheticRun({ seeds: [seed], questions: 500, accuracy: narrow }));
      const primary = primaryOf(all);
      expect(primary).toHaveLength(5);
      const adjusted = holm(primary.map(({ p }) => p));
      for (const [i, reading] of primary.entries()) {
        expect(reading.adjusted).toBeCloseTo(adjusted[i]!.p, 12);
        const alone = outcomeOf(reading.expects, reading.difference);
        // p belongs to the three-way decision, so that alone it decides as the interval does.
        expect(reading.p <= 0.05).toBe(alone !== "inconclusive");
        expect(reading.adjusted! <= 0.05).toBe(reading.outcome !== "inconclusive");
        if (reading.outcome !== alone) {
          expect(reading.outcome).toBe("inconclusive");
          expect(describeVerdicts(all)).toContain(`by itself: ${alone}`);
          changed += 1;
        }
      }
    }
    expect(changed).toBeGreaterThan(0);
  });

  it("of others than the primary readings go by their intervals, and decide nothing", () => {
    const accuracy = { "DPO (noisy oracle 0.75)": 0.65, "DPO (evaluator)": 0.5 };
    const { C2 } = read({ accuracy });
    expect(C2!.outcome).toBe("holds");
    expect(C2!.readings.map(({ outcome }) => outcome)).toEqual(["holds", "holds", "contradicted"]);
    for (const { expects, difference, outcome, adjusted } of C2!.readings.slice(1)) {
      expect(adjusted).toBeNull();
      expect(outcome).toBe(outcomeOf(expects, difference));
    }
  });

  it("take the trained evaluator as described for the verdict, and list the other sources after it", () => {
    const [first, ...others] = read({}).C2!.readings.map(({ compares }) => compares);
    expect(first).toBe("DPO (evaluator) - SFT, round 3");
    expect(others).toEqual(["DPO (evaluator, as released) - SFT, round 3", "DPO (noisy oracle 0.75) - SFT, round 3"]);
  });

  it("compare at the last round that both arms have", () => {
    const run = syntheticRun({ questions: 200 });
    const points = run.points.filter(({ arm, round }) => arm !== "DPO (evaluator)" || round < 3);
    const { C3 } = byName(verdicts({ ...run, points }));
    expect(C3!.readings[0]!.compares).toBe("ILR (evaluator) - DPO (evaluator), round 2");
  });

  it("find arms by what they are, and leave out those with settings that the paper's do not have", () => {
    const run = syntheticRun({ questions: 200 });
    const { experiment } = run.provenance;
    const withArms = (arms: Experiment["arms"]): RunRecord => {
      return { ...run, provenance: { ...run.provenance, experiment: { ...experiment, arms } } };
    };
    const renamed = (name: string): string => `x ${name} x`;
    const other = {
      ...withArms(experiment.arms.map((arm) => ({ ...arm, name: renamed(arm.name) })) as Experiment["arms"]),
      points: run.points.map((point) => ({ ...point, arm: renamed(point.arm) })),
    };
    expect(outcomes(verdicts(other))).toEqual(outcomes(verdicts(run)));
    const set = (name: string, change: object): RunRecord =>
      withArms(experiment.arms.map((arm) => (arm.name === name ? { ...arm, ...change } : arm)) as Experiment["arms"]);
    for (const change of [{ lr: 1 }, { beta: 5 }, { loss: "ipo" }, { labelSmoothing: 0.2 }, { pairs: "labels" }]) {
      const { C5a, C3 } = byName(verdicts(set("DPO (oracle)", change)));
      expect(C5a!.outcome).toBe("not tested");
      expect(C3!.readings).toHaveLength(3);
    }
    expect(byName(verdicts(set("ILR (evaluator)", { alpha: 0.5 }))).C3!.readings[0]!.compares).toContain(
      "noisy oracle",
    );
    const usual = { alpha: experiment.alpha, lr: experiment.recipe.dpo.optimizer.lr, beta: experiment.recipe.dpo.beta };
    expect(byName(verdicts(set("DPO (oracle)", usual))).C5a!.outcome).not.toBe("not tested");
  });

  it("are not taken from a run whose demonstrations are reliable, except that DPO then works as well", () => {
    const corora = syntheticRun({ preset: "micro-math/corora", questions: 500, accuracy: { "DPO (oracle)": 0.7 } });
    const alone = verdicts(corora);
    expect(outcomes(alone)).toEqual(Array(6).fill("not tested"));
    const { C5a, C1 } = byName(verdicts([syntheticRun({ questions: 500 }), corora]));
    expect(C1!.readings).toHaveLength(1);
    expect(C5a!.readings[0]!.run).toBe("micro-math/main");
    expect(C5a!.readings.at(-1)).toMatchObject({ run: "micro-math/corora", outcome: "holds", adjusted: null });
  });

  it("of several runs take each claim from the first that has it, and say what they share once", () => {
    const main = syntheticRun({ questions: 200 });
    expect(verdicts([main, main])).toEqual(
      verdicts(main).map((verdict) => ({
        ...verdict,
        readings: verdict.readings.map((reading) => ({
          ...reading,
          compares: `${reading.compares} (micro-math/main)`,
        })),
      })),
    );
    const { C2 } = byName(verdicts([sweep({ questions: 200 }), main]));
    expect(C2!.readings[0]!.compares).toBe("DPO (evaluator, beta 0.1) - SFT, round 3 (micro-math/beta-sweep)");
    expect(C2!.readings.some(({ run }) => run === "micro-math/main")).toBe(true);
    expect(() => verdicts([])).toThrow(expect.objectContaining({ code: "input-missing" }));
  });
});

describe("a claim that a run cannot test", () => {
  const bare = verdicts(syntheticRun({ questions: 100, arms: ["SFT"] }));

  it("falls back on a synthetic source where that was run", () => {
    const some = read({ questions: 200, arms: ["SFT", "ILR (noisy oracle 0.75)", "DPO (noisy oracle 0.75)"] });
    expect(some.C3!.readings[0]!.compares).toContain("noisy oracle");
    expect([some.C1, some.C4, some.C5a].map((verdict) => verdict!.outcome)).toEqual(Array(3).fill("not tested"));
  });

  it("names an experiment, and a run of that one tests it", () => {
    expect(bare.map(({ missing }) => missing)).toEqual(claims.map(({ needs }) => expect.stringContaining(needs)));
    for (const { claim, missing, readings } of bare) {
      expect(readings).toEqual([]);
      const [, preset] = /: run (\S+)$/.exec(missing!)!;
      expect(presetByName(preset!).task).toBe("micro-math");
      expect(byName(verdicts(syntheticRun({ preset: preset!, questions: 100 })))[claim]!.outcome).not.toBe(
        "not tested",
      );
    }
  });

  it("names one of the run's own size", () => {
    const run = syntheticRun({ questions: 100, arms: ["SFT"] });
    const experiment = { ...run.provenance.experiment, name: "gsm8k/x@paper", task: "gsm8k" };
    const large = verdicts({ ...run, provenance: { ...run.provenance, experiment } });
    expect(byName(large).C5b!.missing).toMatch(/run gsm8k\/beta-sweep@paper$/);
  });
});

describe("verdicts as text", () => {
  it("read as sentences with signs, intervals and p-values", () => {
    const text = describeVerdicts(verdicts(syntheticRun({ accuracy: { "DPO (evaluator)": 0.5 } })));
    expect(text).toMatch(
      /\*\*C1: holds\.\*\* .*SFT - Weak supervisor: \+\d\.\d points \[\+\d\.\d, \+\d\.\d\] \(p < 0\.001, Holm < 0\.001\)/,
    );
    expect(text).toMatch(/DPO \(evaluator\) - SFT, round 3: −\d\.\d points \[−\d\.\d, −\d\.\d\]/);
    expect(text).toContain("- also: DPO (noisy oracle 0.75) - SFT, round 3");
    expect(text).toMatch(/C5b: not tested.*It needs .*: run micro-math\/beta-sweep/);
    expect(text).toContain("allow for all 5 that decide a claim (Holm)");
  });

  it("make a table with a row for every comparison that decides, and for every claim that is not tested", () => {
    const rows = (table: string): string[] => table.split("\n").slice(2);
    const main = syntheticRun({ questions: 200 });
    expect(rows(verdictsTable(verdicts(main)))).toHaveLength(6);
    expect(rows(verdictsTable(verdicts([main, sweep({ questions: 200 })])))).toHaveLength(7);
    expect(rows(verdictsTable(verdicts(main)))[5]).toMatch(/C5b.*\| +not tested \|.*run micro-math\/beta-sweep/);
  });
});

describe("contrastsFrame", () => {
  const run = syntheticRun({ seeds: [0, 1, 2], questions: 300 });
  const rows = contrastsFrame(run).objects() as Record<string, number & string>[];

  it("has every pair of arms once, gains over what has no rounds positive", () => {
    const arms = new Set(run.points.map(({ arm }) => arm)).size;
    expect(rows).toHaveLength((arms * (arms - 1)) / 2);
    expect(new Set(rows.map(({ arm, other }) => [arm, other].sort().join())).size).toBe(rows.length);
    expect(rows.filter(({ round, otherRound }) => round === 0 && otherRound === 3)).toEqual([]);
  });

  it("says what the claims say of the same pair, and corrects for all pairs", () => {
    const reading = byName(verdicts(run)).C3!.readings[0]!;
    const row = rows.find(({ arm, other }) => arm === "ILR (evaluator)" && other === "DPO (evaluator)")!;
    expect(row.difference).toBeCloseTo(100 * reading.difference.value, 10);
    expect(row.differenceLow).toBeCloseTo(100 * reading.difference.low, 10);
    expect(row.p).toBeCloseTo(reading.p, 12);
    expect([row.onlyArm, row.onlyOther]).toEqual([reading.effect.onlyFirst, reading.effect.onlySecond]);
    const adjusted = holm(rows.map(({ p }) => p!));
    for (const [i, { pHolm }] of rows.entries()) expect(pHolm).toBe(adjusted[i]!.p);
  });
});

describe("powerFrame", () => {
  const run = syntheticRun({ seeds: [0, 1, 2], questions: 300 });

  it("has a row for every comparison that bears on a claim, or for two arms", () => {
    const all = powerFrame(run).objects() as { arm: string; other: string; seedsNeeded: number }[];
    const readings = verdicts(run).flatMap((verdict) => verdict.readings);
    expect(all.map(({ arm, other }) => `${arm} - ${other}`)).toEqual([
      ...new Set(readings.map(({ compares }) => compares.replace(/, round.*/, ""))),
    ]);
    const [one] = powerFrame(run, { difference: 5, arms: ["SFT", "Weak supervisor"] }).objects() as typeof all;
    expect(one!.seedsNeeded).toBeLessThanOrEqual(all[0]!.seedsNeeded);
  });

  it("refuses arms and differences that are none", () => {
    expect(() => powerFrame(run, { arms: ["SFT", "Week supervisor"] })).toThrow(
      expect.objectContaining({ code: "name-unknown", hint: 'did you mean "Weak supervisor"?' }),
    );
    for (const difference of [0, -2, 101, Number.NaN]) {
      expect(() => powerFrame(run, { difference })).toThrow(expect.objectContaining({ code: "config-invalid" }));
    }
  });
});

describe("verdictsByTask", () => {
  const asTask = (task: string, run: RunRecord): RunRecord => ({
    ...run,
    provenance: { ...run.provenance, experiment: { ...run.provenance.experiment, name: `${task}/main`, task } },
  });
  const math = syntheticRun({ seeds: [0, 1, 2] });
  const sql = asTask("micro-sql", syntheticRun({ seeds: [0, 1, 2], accuracy: { "DPO (evaluator)": 0.65, SFT: 0.5 } }));
  const mathSweep = sweep({ seeds: [0, 1, 2] });

  it("reads each task as if it were the only one, with its own runs", () => {
    const read = verdictsByTask([math, sql, mathSweep]);
    const of = (task: string) => read.filter((verdict) => verdict.task === task).map(({ task: _, ...rest }) => rest);
    expect([...new Set(read.map(({ task }) => task))]).toEqual(["micro-math", "micro-sql"]);
    expect(of("micro-math")).toEqual(verdicts([math, mathSweep]));
    expect(of("micro-sql")).toEqual(verdicts([sql]));
  });

  it("stand side by side in a table, each with what decided it", () => {
    const lines = verdictsByTaskTable(verdictsByTask([math, sql, mathSweep])).split("\n");
    expect(lines[0]).toBe("| claim | micro-math | micro-sql |");
    const cells = lines.map((line) => line.split(" | ").slice(1));
    const own = byName(verdicts([sql]));
    expect(cells[3]![1]).toContain(`**${own.C2!.outcome}**; `);
    expect(own.C2!.outcome).toBe("contradicted");
    // Two parts; and not tested where no run varies beta.
    expect(cells[7]![0]!.split("; ")).toHaveLength(3);
    expect(cells[7]![1]).toContain("**not tested**");
  });

  it("need a run", () => {
    expect(() => verdictsByTask([])).toThrow(/no run/);
  });
});
