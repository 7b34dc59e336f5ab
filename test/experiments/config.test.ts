import { describe, expect, it } from "vitest";
import { LabError } from "../../kernel-lib/src/core/index.js";
import {
  type ExperimentInput,
  experimentSchema,
  parseExperiment,
  setField,
} from "../../kernel-lib/src/experiments/config.js";
import { presetByName, presets } from "../../kernel-lib/src/experiments/presets/index.js";

const main = (): ExperimentInput => structuredClone(presetByName("micro-math/main"));

/** The error of reading a config: which field, what was got; and the hint. */
function problem(read: () => unknown): LabError {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    return error as LabError;
  }
  throw new Error("no error was thrown");
}
/** The preset with fields set by dotted paths, whatever the types say. */
const changed = (...assignments: readonly string[]): unknown => assignments.reduce(setField, main());
const refusal = (...assignments: readonly string[]): LabError =>
  problem(() => parseExperiment(changed(...assignments)));

describe("presets", () => {
  it.each([...presets.keys()])("%s is a config without mistakes, and stays the same when read again", (name) => {
    const experiment = parseExperiment(presetByName(name));
    expect(parseExperiment(JSON.parse(JSON.stringify(experiment)))).toEqual(experiment);
    expect(experiment.name).toBe(name);
  });

  it("give every arm a name of its own, and comparisons where its method needs them", () => {
    for (const preset of presets.values()) {
      const { arms } = parseExperiment(preset);
      expect(new Set(arms.map(({ name }) => name)).size).toBe(arms.length);
      expect(
        arms.filter(
          ({ method, comparisons }) => (method === "ilr" || method === "dpo") !== (comparisons !== undefined),
        ),
      ).toEqual([]);
    }
  });

  it("are found by name; a name that is not there gets the nearest one as a hint", () => {
    expect(problem(() => presetByName("micro-math/mian"))).toMatchObject({
      code: "name-unknown",
      message: 'there is no experiment "micro-math/mian"',
      hint: 'did you mean "micro-math/main"?',
    });
    expect(problem(() => presetByName("something else entirely")).hint).toBe(
      `experiments: ${[...presets.keys()].join(", ")}`,
    );
  });
});

describe("defaults", () => {
  it("are the paper as described, all questions, and KL estimates", () => {
    const { fidelity, limit, kl, recipe } = parseExperiment(main());
    expect(new Set(Object.values(fidelity))).toEqual(new Set(["as-described"]));
    expect({ limit, kl }).toEqual({ limit: {}, kl: true });
    expect(recipe.dpo).toMatchObject({ loss: "sigmoid", labelSmoothing: 0 });
  });

  it("of an arm's fidelity override nothing that the arm does not name", () => {
    const { arms } = parseExperiment(main());
    const released = arms.find(({ fidelity }) => fidelity !== undefined);
    expect(released!.fidelity).toEqual({ dpoEvaluatorOrder: "as-released" });
  });
});

describe("a wrong config", () => {
  it.each([
    ["alhpa=0.3", "unknown field alhpa", "did you mean alpha?"],
    ["recipe.dpo.betta=0.3", "unknown field recipe.dpo.betta", "did you mean beta?"],
    ["recipe.dpo.optimizer.learning=1", "unknown field recipe.dpo.optimizer.learning", /^(did you mean|fields here: )/],
    ["arms.1.methd=sft", "unknown field arms.1.methd", "did you mean method?"],
    ["fidelity.oraclPairs=as-released", "unknown field fidelity.oraclPairs", "did you mean oraclePairs?"],
    ["limit.tset=3", "unknown field limit.tset", "did you mean test?"],
    ["bases.weak.pretrain.architecture.vocabSize=3", "unknown field bases.weak.pretrain.architecture.vocabSize", /./],
  ])("%s is an unknown field, with the nearest name or all names", (assignment, message, hint) => {
    const error = refusal(...(assignment.startsWith("limit") ? ["limit={}", assignment] : [assignment]));
    expect(error).toMatchObject({ code: "config-invalid", message });
    expect(error.hint).toMatch(hint);
  });

  it.each([
    ["alpha=1.5", /^alpha is 1\.5: .*<=1/],
    ["alpha=-0.1", /^alpha is -0\.1: .*>=0/],
    ["alpha=lots", /^alpha is "lots": .*expected number/],
    ["arms=[]", /^arms is \[\]: /],
    ["seeds=[]", /^seeds is \[\]: /],
    ["seeds=[-1]", /^seeds\.0 is -1: .*>=0/],
    ["rounds.ilr=0", /^rounds\.ilr is 0: .*>0/],
    ["rounds.dpo=1.5", /^rounds\.dpo is 1\.5: .*int/],
    ["arms.1.method=rlhf", /^arms\.1\.method is "rlhf": .*"naive-ilr"/],
    ["arms.2.comparisons=orcale", /^arms\.2\.comparisons is "orcale": .*"oracle"/],
    ['arms.2.comparisons={"noisyOracle":0.3}', /^arms\.2\.comparisons(\.noisyOracle)? is .*0\.3.*0\.5/],
    ['arms.2.comparisons={"noisyOracle":75}', /^arms\.2\.comparisons(\.noisyOracle)? is .*75.*1/],
    ["fidelity.decoding=beam", /^fidelity\.decoding is "beam": .*"as-described"\|"as-released"/],
    ["recipe.preferenceSampling.samples=5", /^recipe\.preferenceSampling\.samples is 5: .*multiple of 2/],
    ["recipe.dpo.labelSmoothing=0.6", /^recipe\.dpo\.labelSmoothing is 0\.6: .*<=0\.5/],
    ["bases.weak.name=../escape", /^bases\.weak\.name is "\.\.\/escape": /],
    ["task=null", /^task is null: .*expected string/],
  ])("%s names the field, what was got and what is allowed", (assignment, message) => {
    const error = refusal(assignment);
    expect(error.code).toBe("config-invalid");
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
  });

  it("that lacks a field names it", () => {
    const { alpha: _, ...rest } = main();
    expect(problem(() => parseExperiment(rest)).message).toMatch(/^alpha is undefined: /);
  });

  it.each([undefined, null, 3, "micro-math/main", []])("that is no object at all (%j) is refused as such", (input) => {
    expect(problem(() => parseExperiment(input))).toMatchObject({
      code: "config-invalid",
      message: expect.stringMatching(/^the experiment is /),
    });
  });
});

describe("setField", () => {
  it("reads JSON where the value is JSON, and text elsewhere", () => {
    expect(changed("alpha=0.3", "seeds=[1,2]", "title=ILR = better", "kl=false")).toEqual({
      ...main(),
      ...{ alpha: 0.3, seeds: [1, 2], title: "ILR = better", kl: false },
    });
  });

  it("goes through objects and lists, and leaves the rest and the original alone", () => {
    const original = main();
    const copy = setField(setField(original, "recipe.dpo.beta=0.5"), "arms.2.alpha=0.4");
    expect(original).toEqual(main());
    expect(copy.recipe.dpo).toEqual({ ...original.recipe.dpo, beta: 0.5 });
    expect(copy.arms[2]).toEqual({ ...original.arms[2], alpha: 0.4 });
    expect({ ...copy, recipe: original.recipe, arms: original.arms }).toEqual(original);
  });

  it("refuses an assignment without a field or without a value", () => {
    for (const assignment of ["alpha", "=0.3", ""])
      expect(problem(() => setField(main(), assignment))).toMatchObject({
        code: "config-invalid",
        hint: "such as --set alpha=0.3",
      });
  });

  it("refuses a path through nothing, with the nearest name", () => {
    expect(problem(() => setField(main(), "recpie.dpo.beta=0.5"))).toMatchObject({
      message: "--set recpie.dpo.beta=0.5: there is no field recpie",
      hint: "did you mean recipe?",
    });
    expect(problem(() => setField(main(), "alpha.beta=0.5")).message).toContain("there is no field alpha");
  });

  it("refuses nothing that the schema would accept: every number of a preset can be set to itself", () => {
    const paths = (value: unknown, path: string): string[] =>
      typeof value === "number"
        ? [`${path}=${value}`]
        : typeof value === "object" && value !== null
          ? Object.entries(value).flatMap(([key, member]) => paths(member, path ? `${path}.${key}` : key))
          : [];
    const assignments = paths(main(), "");
    expect(assignments.length).toBeGreaterThan(30);
    expect(experimentSchema.parse(changed(...assignments))).toEqual(parseExperiment(main()));
  });
});
