import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Experiment,
  type ExperimentInput,
  parseExperiment,
  setField,
} from "../../kernel-lib/src/experiments/config.js";
import { diffExperiments } from "../../kernel-lib/src/experiments/diff.js";
import { presetByName, presets } from "../../kernel-lib/src/experiments/presets/index.js";

const parsed = (name: string, ...changes: readonly string[]) =>
  parseExperiment(changes.reduce(setField, presetByName(name)));
const name = fc.constantFrom(...presets.keys());

describe("the difference of two experiments", () => {
  it("is nothing for equal ones, whatever they are called", () => {
    for (const preset of presets.keys())
      expect(diffExperiments(parsed(preset), parsed(preset, "name=x", "title=y"))).toEqual([]);
  });

  it("is the changed field and no other", () => {
    expect(diffExperiments(parsed("gsm8k/main@paper"), parsed("gsm8k/main@paper", "recipe.dpo.beta=0.5"))).toEqual([
      { path: "recipe.dpo.beta", a: 0.1, b: 0.5 },
    ]);
    expect(diffExperiments(parsed("micro-math/main"), parsed("micro-math/main", "arms[Naive ILR].alpha=0.4"))).toEqual([
      { path: "arms[Naive ILR].alpha", a: undefined, b: 0.4 },
    ]);
    expect(diffExperiments(parsed("micro-math/main"), parsed("micro-math/main", "seeds=[0,1]"))).toEqual([
      { path: "seeds", a: [0], b: [0, 1] },
    ]);
  });

  it("has an arm of one side whole, and arms in another order", () => {
    const quick = parsed("micro-math/quick");
    const fewer = { ...quick, arms: quick.arms.slice(0, 2) as typeof quick.arms };
    const gone = quick.arms[2]!;
    expect(diffExperiments(quick, fewer)).toEqual([{ path: `arms[${gone.name}]`, a: gone, b: undefined }]);
    const turned = { ...quick, arms: [...quick.arms].reverse() as typeof quick.arms };
    expect(diffExperiments(quick, turned)).toEqual([
      { path: "arms", a: quick.arms.map((arm) => arm.name), b: turned.arms.map((arm) => arm.name) },
    ]);
  });

  it("between sizes of one experiment is models, rounds and learning rates", () => {
    const paths = diffExperiments(parsed("gsm8k/main@paper"), parsed("gsm8k/main@small")).map(({ path }) => path);
    expect(paths).toContain("rounds.ilr");
    expect(paths).toContain("recipe.student.optimizer.lr");
    expect(paths.filter((path) => !/^(bases|rounds|recipe\.student\.optimizer\.lr)/.test(path))).toEqual([]);
  });

  it("the other way round is the same with sides swapped", () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        const swapped = diffExperiments(parsed(b), parsed(a)).map((field) => ({
          path: field.path,
          a: field.b,
          b: field.a,
        }));
        const byPath = (x: { path: string }, y: { path: string }): number => (x.path < y.path ? -1 : 1);
        expect([...swapped].sort(byPath)).toEqual([...diffExperiments(parsed(a), parsed(b))].sort(byPath));
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it("is what --set takes: fields with a value on both sides, set, leave no difference there", () => {
    fc.assert(
      fc.property(name, name, (from, to) => {
        const [a, b] = [parsed(from), parsed(to)];
        const settable = diffExperiments(a, b).filter(
          (field) => field.a !== undefined && field.b !== undefined && field.path !== "arms",
        );
        const assignments = settable.map(({ path, b: value }) => `${path}=${JSON.stringify(value)}`);
        const changed = assignments.reduce<ExperimentInput>(setField, a);
        const left = diffExperiments(changed as Experiment, b).map(({ path }) => path);
        expect(left.filter((path) => settable.some((field) => field.path === path))).toEqual([]);
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});
