import { LabError } from "../core/index.js";
import type { Artifact, Inputs, Runner, StepOptions } from "./runner.js";
import type { ParamsInput, Verb } from "./schema.js";

type Outputs = Readonly<Record<string, Artifact>>;

/**
 * A runner that knows which outputs are adapters (of `sft` and `dpo` with `lora`), and gives every later step that takes one the model under
 * it as input `base`. Methods then read the same with and without adapters; without, no step and no key changes.
 *
 * @throws LabError `step-invalid` from steps whose `model` and `reference` are adapters on different models: a step has one `base`.
 * @example
 * const runner = onBases(createRunner({ store, backend }));
 * const { model } = await runner.step("sft", { ...params, lora: { rank: 64, alpha: 128 } }, { model: base, demonstrations }, options);
 * await runner.step("sample", decoding, { model, prompts }, options); // its inputs are model, prompts and base
 */
export function onBases(runner: Runner): Runner {
  /** The model under each adapter. */
  const bases = new WeakMap<Artifact, Artifact>();

  const step = async <V extends Verb>(
    verb: V,
    params: ParamsInput<V>,
    inputs: Inputs,
    options: StepOptions,
  ): Promise<Outputs> => {
    const under = inputs.base ?? baseUnder(bases, verb, inputs);
    const outputs = await runner.step(verb, params, under === undefined ? inputs : { ...inputs, base: under }, options);
    // An adapter that is trained further stays on its base; a fresh one stands on the model that it was put on.
    const known = inputs.base ?? (inputs.model && bases.get(inputs.model));
    const standsOn = known ?? (trainsAdapter(verb, params) ? inputs.model : undefined);
    if (standsOn !== undefined) for (const model of modelsAmong(verb, outputs)) bases.set(model, standsOn);
    return outputs;
  };
  return { step, derive: runner.derive.bind(runner), read: runner.read.bind(runner) };
}

/** The model under the adapters among a step's inputs; undefined where there are none, and for verbs that take no adapter. */
function baseUnder(bases: WeakMap<Artifact, Artifact>, verb: Verb, inputs: Inputs): Artifact | undefined {
  // The evaluator is trained whole, from a whole model.
  if (verb === "evaluator") return undefined;
  const [base, other] = [inputs.model, inputs.reference].flatMap((model) => (model && bases.get(model)) ?? []);
  if (base?.ref !== undefined && other?.ref !== undefined && base.ref !== other.ref) {
    throw new LabError("step-invalid", `${verb}: model and reference are adapters on different models`, {
      hint: "expected both on the same base; train them from the same pretrained model",
    });
  }
  return base ?? other;
}

function trainsAdapter<V extends Verb>(verb: V, params: ParamsInput<V>): boolean {
  return (verb === "sft" || verb === "dpo") && (params as ParamsInput<"sft" | "dpo">).lora !== undefined;
}

/** The final model and its checkpoints. */
function modelsAmong(verb: Verb, outputs: Outputs): readonly Artifact[] {
  if (verb !== "sft" && verb !== "dpo") return [];
  return Object.entries(outputs).flatMap(([name, artifact]) => (name === "log" ? [] : [artifact]));
}
