import { describe, expect, it } from "vitest";
import { LabError } from "../../kernel-lib/src/core/index.js";
import {
  type ExperimentInput,
  experimentSchema,
  parseExperiment,
  setField,
} from "../../kernel-lib/src/experiments/config.js";
import { presetByName } from "../../kernel-lib/src/experiments/presets/index.js";

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
    ["bases.strong.pretrain.optimiser=3", "unknown field bases.strong.pretrain.optimiser", "did you mean optimizer?"],
    [
      'arms.2.comparisons={"noisyOrcale":0.7}',
      "unknown field arms.2.comparisons.noisyOrcale",
      "did you mean noisyOracle?",
    ],
    [
      "arms.7.fidelity.dpoEvalOrder=as-released",
      "unknown field arms.7.fidelity.dpoEvalOrder",
      "did you mean dpoEvaluatorOrder?",
    ],
    ['judge={"model":"m","apiKey":"abc"}', "unknown field judge.apiKey", /fields here: .*apiKeyVariable/],
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
    ["name=../escape", /^name is "\.\.\/escape": .*my\/experiment/],
    [
      "fidelity=as-relased",
      /^fidelity is "as-relased": expected "as-described" or "as-released" or \{ dpoEvaluatorOrder, /,
    ],
    ["fidelity=3", /^fidelity is 3: expected "as-described"/],
    ["demonstrations=correct", /^demonstrations is "correct": .*"correct-weak"/],
    ["arms.2.beta=0.5", /^arms\.2\.beta is 0\.5: only DPO has beta/],
    ["arms.2.loss=ipo", /^arms\.2\.loss is "ipo": only DPO has loss/],
    ["arms.6.loss=kto", /^arms\.6\.loss is "kto": .*"sigmoid"\|"ipo"/],
    ["arms.6.labelSmoothing=0.6", /^arms\.6\.labelSmoothing is 0\.6: .*<=0\.5/],
    ["recipe.student.lora.rank=0", /^recipe\.student\.lora\.rank is 0: .*>0/],
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
    expect(problem(() => parseExperiment(rest))).toMatchObject({
      message: "alpha is missing",
      hint: expect.stringContaining("a number from 0 to 1"),
    });
  });

  it.each([undefined, null, 3, "micro-math/main", []])("that is no object at all (%j) is refused as such", (input) => {
    expect(problem(() => parseExperiment(input))).toMatchObject({
      code: "config-invalid",
      message: expect.stringMatching(/^the experiment is /),
    });
  });
});

describe("fidelity in one word", () => {
  it("is every flag, for an experiment and for an arm", () => {
    const { fidelity, arms } = parseExperiment(
      changed("fidelity=as-released", "arms[DPO (oracle)].fidelity=as-described"),
    );
    expect(Object.keys(fidelity)).toHaveLength(9);
    expect(new Set(Object.values(fidelity))).toEqual(new Set(["as-released"]));
    expect(arms.find(({ name }) => name === "DPO (oracle)")!.fidelity).toEqual(parseExperiment(main()).fidelity);
  });

  it("can be changed flag by flag", () => {
    const { fidelity } = parseExperiment(changed("fidelity=as-released", "fidelity.decoding=as-described"));
    expect(fidelity).toMatchObject({ decoding: "as-described", judgeOrder: "as-released", alphaBase: "as-released" });
  });
});

describe("a base model of the Hub", () => {
  const hub = presetByName("gsm8k/main", "paper").bases.weak;
  const withWeak = (weak: object): unknown => ({ ...main(), bases: { ...main().bases, weak } });

  it("stands where a pretrained one may stand", () => {
    expect(parseExperiment(withWeak(hub)).bases.weak).toEqual(hub);
  });

  it.each([
    [{ ...hub, licnce: "gemma" }, "unknown field bases.weak.licnce"],
    [{ ...hub, corpusTokens: 3 }, "unknown field bases.weak.corpusTokens"],
    [{ ...hub, hub: { repo: "gemma-2b" } }, 'bases.weak.hub.repo is "gemma-2b": expected owner/name'],
    [{ ...hub, hub: { repo: "a/b", revision: "../x" } }, 'bases.weak.hub.revision is "../x": expected a branch'],
    [{ ...hub, gated: "yes" }, 'bases.weak.gated is "yes": '],
    [{ ...hub, parameters: undefined }, "bases.weak.parameters is missing"],
  ])("that is wrong is named by its field (%#)", (weak, message) => {
    expect(problem(() => parseExperiment(withWeak(weak))).message.startsWith(message)).toBe(true);
  });
});

describe("a key in a config", () => {
  const key = "sk-proj-0123456789";
  it.each([
    `judge=${key}`,
    `judge={"model":"m","apiKeyVariable":"${key}"}`,
    `embedding={"model":"m","apiKeyVariable":"${key}"}`,
    `judge={"model":{"key":"${key}"}}`,
    `judge=[{"key":"${key}"}]`,
    `alpa.judge.apiKeyVariable=${key}`,
  ])("is refused and never repeated: %s", (assignment) => {
    const error = refusal(assignment);
    expect(error.code).toBe("config-invalid");
    expect(`${error.message} ${error.hint}`).not.toContain(key);
  });

  it("is not needed where the name of a variable belongs", () => {
    const { judge } = parseExperiment(changed('judge={"model":"m","apiKeyVariable":"MY_KEY"}'));
    expect(judge).toMatchObject({ model: "m", apiKeyVariable: "MY_KEY" });
  });
});

describe("setField", () => {
  it("reaches an arm by its place and by its name", () => {
    const name = "ILR (noisy oracle 0.75)";
    const place = main().arms.findIndex((arm) => arm.name === name);
    const ways = [`arms.${place}.alpha=0.3`, `arms[${place}].alpha=0.3`, `arms[${name}].alpha=0.3`];
    for (const way of ways) expect(changed(way)).toEqual(changed(ways[0]!));
    expect(parseExperiment(changed(ways[2]!)).arms[place]).toMatchObject({ name, alpha: 0.3 });
    expect(problem(() => changed("arms[ILR (orcale)].alpha=0.3"))).toMatchObject({
      message: "--set arms[ILR (orcale)].alpha: there is no entry ILR (orcale)",
      hint: "did you mean ILR (oracle)?",
    });
    expect(problem(() => changed("arms.99.alpha=0.3")).hint).toContain("from 0 to 9");
    expect(problem(() => changed("arms[SFT.alpha=0.3")).hint).toContain("such as");
  });

  it("changes one of two fields that a preset fills from one object", () => {
    const paper = presetByName("gsm8k/main", "paper");
    const { recipe } = parseExperiment(setField(paper, "recipe.student.lora.rank=4"));
    expect([recipe.student.lora, recipe.weak.lora, recipe.dpo.lora].map((lora) => lora?.rank)).toEqual([4, 64, 64]);
  });

  it("makes an object that the config left out and the schema has", () => {
    expect(parseExperiment(changed("limit.test=3")).limit).toEqual({ test: 3 });
    expect(changed("recipe.student.lora.rank=4")).toMatchObject({ recipe: { student: { lora: { rank: 4 } } } });
    expect(refusal("recipe.student.lora.rank=4").message).toBe("recipe.student.lora.alpha is missing");
    expect(problem(() => changed("recipe.student.lroa.rank=4")).message).toContain("there is no field lroa");
  });

  it.each([
    "__proto__.x=1",
    "constructor.prototype.x=1",
    "alpha.__proto__.x=1",
    "arms.0.__proto__.x=1",
    '__proto__={"x":1}',
    'recipe.__proto__={"x":1}',
    'arms[SFT].constructor={"x":1}',
    "arms.__proto__.x=1",
  ])("does not follow %s to what all objects share", (assignment) => {
    expect(problem(() => changed(assignment)).code).toBe("config-invalid");
    expect(({} as { x?: number }).x).toBeUndefined();
  });

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
      message: "--set recpie.dpo.beta: there is no field recpie",
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
