import { describe, expect, it } from "vitest";
import { LabError } from "../../kernel-lib/src/core/index.js";
import { assertRunnable, parseExperiment, requirementsOf } from "../../kernel-lib/src/experiments/config.js";
import {
  families,
  isPresetName,
  PROFILES,
  presetByName,
  presets,
} from "../../kernel-lib/src/experiments/presets/index.js";

function problem(read: () => unknown): LabError {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    return error as LabError;
  }
  throw new Error("no error was thrown");
}
const parsed = (name: string, profile?: string) => parseExperiment(presetByName(name, profile));
const names = (name: string, profile?: string): readonly string[] =>
  presetByName(name, profile).arms.map((arm) => arm.name);
const TASKS = ["gsm8k", "bird", "saferpaca"] as const;

describe("every preset", () => {
  it.each([...presets.keys()])("%s is a config without mistakes, and stays the same when read again", (name) => {
    const experiment = parsed(name);
    expect(parseExperiment(JSON.parse(JSON.stringify(experiment)))).toEqual(experiment);
    expect(experiment.name).toBe(name);
  });

  it("gives every arm a name of its own, and comparisons where its method needs them", () => {
    for (const name of presets.keys()) {
      const { arms } = parsed(name);
      expect(new Set(arms.map((arm) => arm.name)).size).toBe(arms.length);
      const comparing = ["ilr", "drop-doubtful", "dpo", "sft-on-chosen"];
      const compares = arms.filter(({ method }) => comparing.includes(method));
      expect(arms.filter(({ comparisons }) => comparisons !== undefined)).toEqual(compares);
    }
  });

  it("gives reasons for fields that it has", () => {
    for (const preset of presets.values()) {
      for (const path of Object.keys(preset.choices ?? {})) {
        const value = path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], preset);
        expect(value, `${preset.name}: ${path}`).toBeDefined();
      }
    }
  });

  it("has one config for each profile, under one name", () => {
    for (const { name, profiles } of families) {
      for (const [profile, preset] of profiles) {
        expect(presets.get(preset.name)).toBe(preset);
        if (profile !== "micro") expect(preset.name).toBe(`${name}@${profile}`);
      }
    }
  });
});

describe("the paper's experiments", () => {
  it("are all there", () => {
    const known = families.map(({ name }) => name);
    for (const task of TASKS) {
      for (const study of ["main", "evaluator", "naive", "ora", "beta-sweep"])
        expect(known).toContain(`${task}/${study}`);
    }
    expect(known).toEqual(expect.arrayContaining(["gsm8k/corora", "bird/corora", "saferpaca/human"]));
    for (const name of ["gsm8k/main", "bird/main"]) expect(isPresetName(`${name}@paper-70b`)).toBe(true);
  });

  it("have the students and supervisors of the paper", () => {
    const pair = (name: string): readonly string[] => {
      const { strong, weak } = parsed(name).bases;
      return [strong, weak].map((base) => ("hub" in base ? base.hub.repo : base.name));
    };
    const [gemma, mistral, llama] = ["google/gemma-2b", "mistralai/Mistral-7B-v0.1", "meta-llama/Meta-Llama-3-70B"];
    expect(pair("gsm8k/main@paper")).toEqual([mistral, gemma]);
    expect(pair("saferpaca/main@paper")).toEqual([mistral, gemma]);
    expect(pair("bird/main@paper-70b")).toEqual([llama, gemma]);
    expect(pair("gsm8k/main@paper-70b")).toEqual([llama, mistral]);
  });

  // What paper.md has from the card and the released code.
  it("train, sample and compare as the paper and its code do", () => {
    for (const task of TASKS) {
      const { recipe, alpha, seeds, rounds } = parsed(`${task}/main@paper`);
      expect({ alpha, seeds, rounds }).toEqual({ alpha: 0.15, seeds: [0], rounds: { ilr: 6, dpo: 6 } });
      for (const { lora, precision, optimizer } of [recipe.weak, recipe.student, recipe.dpo]) {
        expect({ lora, precision }).toEqual({ lora: { rank: 64, alpha: 128 }, precision: "bfloat16" });
        expect(optimizer).toMatchObject({ schedule: "cosine", warmup: 0.05 });
      }
      expect(recipe.weak.checkpoints).toBe(10);
      expect(recipe.dpo).toMatchObject({ beta: 0.1, loss: "sigmoid", optimizer: { name: "rmsprop", lr: 1e-6 } });
      expect(recipe.evaluator).toMatchObject({
        epochs: 5,
        batchSize: 16,
        patience: 1,
        optimizer: { name: "adamw", lr: 1e-6 },
      });
      expect(recipe.evaluatorTemperature).toBe(0.6);
      const isOpenEnded = task === "saferpaca";
      expect(recipe.preferenceSampling).toEqual({ temperature: isOpenEnded ? 1 : 0.7, samples: 6 });
      expect(recipe.evaluatorPairs).toBe(isOpenEnded ? "one-sided" : undefined);
    }
  });

  it("compare both variants of F1 in figure 4, and sweep beta over three sources in figure 3", () => {
    for (const task of TASKS) {
      const { arms } = parsed(`${task}/main@paper`);
      expect(arms.map(({ method }) => method)).toEqual(expect.arrayContaining(["sft", "ilr", "dpo"]));
      const orders = arms.filter(({ method }) => method === "dpo").map(({ fidelity }) => fidelity?.dpoEvaluatorOrder);
      expect(orders).toEqual([undefined, "as-released"]);
      const sweep = parsed(`${task}/beta-sweep@paper`).arms.filter(({ method }) => method === "dpo");
      const bySource = new Map<string, (number | undefined)[]>();
      for (const { comparisons, beta } of sweep) {
        const source = JSON.stringify(comparisons);
        bySource.set(source, [...(bySource.get(source) ?? []), beta]);
      }
      const sources = [...bySource.values()];
      expect(sources).toHaveLength(3);
      for (const betas of sources) expect(betas).toEqual(sources[0]);
      expect(sources[0]).toContain(0.1);
    }
  });

  it("say how reliable demonstrations and comparisons are", () => {
    const sources = (name: string) => new Set(parsed(name).arms.flatMap(({ comparisons }) => comparisons ?? []));
    for (const profile of ["micro", "small", "paper"]) {
      expect(parsed("gsm8k/ora", profile).demonstrations).toBe("weak");
      expect(parsed("gsm8k/corora", profile).demonstrations).toBe("correct-weak");
    }
    expect(sources("gsm8k/ora@paper")).toEqual(new Set(["oracle"]));
    expect(sources("gsm8k/corora@paper")).toEqual(new Set(["oracle"]));
    expect(new Set(Object.values(parsed("bird/as-released", "paper").fidelity))).toEqual(new Set(["as-released"]));
  });

  it("have the human study's protocol, which cannot be run as far as people demonstrate", () => {
    const study = parsed("saferpaca/human");
    expect(study).toMatchObject({
      human: { demonstrations: 1000, comparisonsPerRound: 1000 },
      rounds: { ilr: 2, dpo: 2 },
    });
    expect(requirementsOf(study).people).toBe(true);
    expect(problem(() => assertRunnable(study, "docker"))).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("people"),
    });
    assertRunnable({ ...study, demonstrations: "weak" }, "docker", true);
    for (const name of presets.keys()) if (name !== study.name) assertRunnable(parsed(name), "docker", true);
    expect(problem(() => assertRunnable(parsed("micro-math/human"), "embedded"))).toMatchObject({
      code: "input-missing",
      hint: expect.stringContaining("ilr human micro-math/human"),
    });
    for (const experiment of [...presets.keys()].filter((name) => name !== study.name).map((name) => parsed(name))) {
      const onLaptop = (): void => assertRunnable(experiment, "embedded", true);
      if (requirementsOf(experiment).hub.length === 0) onLaptop();
      else
        expect(problem(onLaptop)).toMatchObject({
          code: "unsupported",
          hint: expect.stringContaining("--backend docker"),
        });
    }
  });
});

/** Parameters of a decoder from its sizes; embeddings count twice where the head is not tied to them. */
function parametersOf({ architecture: a }: ReturnType<typeof hubBases>[number]): number {
  const embeddings = (a.tiedEmbeddings ? 1 : 2) * a.vocabSize * a.hiddenSize;
  if (a.family === "gpt-neox") {
    // Biases everywhere, two matrices in the MLP, two norms with biases a layer and one at the end.
    const attention = 4 * a.hiddenSize ** 2 + 4 * a.hiddenSize;
    const mlp = 2 * a.hiddenSize * a.intermediateSize + a.intermediateSize + a.hiddenSize;
    return embeddings + a.layers * (attention + mlp + 4 * a.hiddenSize) + 2 * a.hiddenSize;
  }
  const attention = 2 * a.hiddenSize * a.headSize * (a.heads + a.keyValueHeads);
  return embeddings + a.layers * (attention + 3 * a.hiddenSize * a.intermediateSize + 2 * a.hiddenSize) + a.hiddenSize;
}
function hubBases() {
  const all = [...presets.values()].flatMap((preset) => requirementsOf(parseExperiment(preset)).hub);
  return [...new Map(all.map((base) => [base.hub.repo, base])).values()];
}

describe("models of the Hub", () => {
  it.each(
    hubBases().map((base) => [base.hub.repo, base] as const),
  )("%s has as many parameters as its sizes say", (_, base) => {
    expect(base.parameters).toBe(parametersOf(base));
  });

  it("are five, and each has one description", () => {
    expect(hubBases()).toHaveLength(5);
    const all = [...presets.values()].flatMap((preset) => requirementsOf(parseExperiment(preset)).hub);
    for (const base of all) expect(hubBases()).toContainEqual(base);
  });
});

describe("presetByName", () => {
  it("without a profile takes the smallest, which for gsm8k/main is micro-math/main itself", () => {
    expect(presetByName("gsm8k/main")).toBe(presetByName("micro-math/main"));
    expect(presetByName("gsm8k/main", "micro")).toBe(presetByName("micro-math/main"));
    expect(presetByName("bird/main")).toBe(presetByName("micro-sql/main"));
    expect(presetByName("bird/ora").name).toBe("bird/ora@small");
    expect(presetByName("saferpaca/human").name).toBe("saferpaca/human@paper");
  });

  it("takes the profile beside the name or in it", () => {
    expect(presetByName("gsm8k/main", "paper")).toBe(presetByName("gsm8k/main@paper"));
    expect(presetByName("gsm8k/main@paper", "paper")).toBe(presetByName("gsm8k/main@paper"));
    expect(problem(() => presetByName("gsm8k/main@paper", "small")).message).toContain("which of the two");
  });

  it("knows a task and a method: SFT and that method's arms of the main experiment", () => {
    const { arms, ...main } = presetByName("gsm8k/main@paper");
    const { arms: ilr, ...rest } = presetByName("gsm8k-ilr", "paper");
    expect(rest).toMatchObject({ name: "gsm8k-ilr@paper", recipe: main.recipe, bases: main.bases });
    expect(ilr).toEqual(arms.filter(({ method }) => method === "sft" || method === "ilr"));
    expect(names("gsm8k-dpo@paper")).toEqual(["SFT", "DPO (evaluator)", "DPO (evaluator, as released)"]);
    expect(names("bird-sft")).toEqual(["SFT"]);
    expect(names("micro-math-naive-ilr")).toEqual(["SFT", "Naive ILR"]);
    expect(presetByName("gsm8k-ilr").name).toBe("gsm8k-ilr");
    for (const task of [...TASKS, "micro-math", "micro-sql"])
      for (const method of ["sft", "ilr", "dpo"]) parsed(`${task}-${method}`);
    expect(presetByName("gsm8k-beta-sweep", "paper")).toBe(presetByName("gsm8k/beta-sweep@paper"));
  });

  it.each([
    ["micro-math/mian", undefined, 'there is no experiment "micro-math/mian"', 'did you mean "micro-math/main"?'],
    ["gsm8k/mian", "paper", 'there is no experiment "gsm8k/mian"', 'did you mean "gsm8k/main"?'],
    ["gsm8k-irl", undefined, 'there is no experiment "gsm8k-irl"', 'did you mean "gsm8k-ilr"?'],
    [
      "gsm8k/main",
      "papr",
      'gsm8k/main has no profile "papr"',
      'did you mean "paper"? profiles: micro, small, paper, paper-70b',
    ],
    ["gsm8k/naive@paper-70b", undefined, 'gsm8k/naive has no profile "paper-70b"', "profiles: micro, small, paper"],
    ["micro-math/main", "paper", 'micro-math/main has no profile "paper"', "gsm8k/main has: it is the same experiment"],
    [
      "bird-naive-ilr",
      "small",
      "bird/main@small has no arm of naive-ilr",
      "experiments with one: bird/main, bird/naive",
    ],
  ])("%s with the profile %s is unknown, with the nearest name", (name, profile, message, hint) => {
    const error = problem(() => presetByName(name, profile));
    expect(error).toMatchObject({ code: "name-unknown", message });
    expect(error.hint).toContain(hint);
    expect(isPresetName(profile === undefined ? name : `${name}@${profile}`)).toBe(false);
  });

  it("lists everything where nothing is near", () => {
    expect(problem(() => presetByName("something else entirely")).hint).toBe(
      `experiments: ${families.map(({ name }) => name).join(", ")}`,
    );
    for (const name of ["", "@", "-", "__proto__", "constructor", "gsm8k/main@__proto__", "toString-ilr"]) {
      expect(problem(() => presetByName(name)).code).toBe("name-unknown");
    }
  });
});

it("profiles go from small to large", () => {
  const sizes = (profile: string): number => requirementsOf(parsed("gsm8k/main", profile)).weightBytes;
  expect(PROFILES.map(sizes)).toEqual([...PROFILES.map(sizes)].sort((x, y) => x - y));
});
