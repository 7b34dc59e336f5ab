import type { Params, Verb } from "../../steps/index.js";
import { outputBytes } from "./disk.js";
import { flopsOf } from "./flops.js";
import { memoryOf } from "./memory.js";
import { modeOf } from "./mode.js";
import { adapterParameters, type ModelSize } from "./model-size.js";
import { type InputRows, passesOf, type TokenCounts, type TypicalTokens, tokensOf } from "./passes.js";

/** What a step takes, estimated from its parameters, its rows and the task's mean lengths. */
export interface StepCost {
  readonly tokens: TokenCounts;
  readonly flops: number;
  /** Of the model, or of the model under an adapter; 0 if it is not known. */
  readonly parameters: number;
  /** Rows of all data inputs. */
  readonly rows: number;
  /** Bytes of the outputs in the store; 0 if the model's size is not known. */
  readonly bytes: number;
  /** Bytes of accelerator memory; undefined if the model's size is not known. */
  readonly memoryBytes: number | undefined;
}

/**
 * The cost of a step.
 *
 * @param model the model that is trained or asked, with the adapter on it.
 * @example
 * const cost = stepCost("sft", params, { parameters: 7.24e9, shape }, { demonstrations: 3736 }, task.typicalTokens);
 * cost.tokens.trained; // epochs x 3736 x (prompt + answer)
 */
export function stepCost<V extends Verb>(
  verb: V,
  params: Params<V>,
  model: ModelSize,
  rows: InputRows,
  tokens: TypicalTokens,
): StepCost {
  const size = withAdapter(params, model);
  const passes = passesOf(verb, params, rows, tokens);
  const mode = modeOf(params);
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  return {
    tokens: tokensOf(passes),
    flops: flopsOf(passes, size, mode),
    parameters: size.parameters ?? 0,
    rows: total,
    bytes: outputBytes(verb, params, size, rows, answersKept(verb, params, rows), tokens) ?? 0,
    memoryBytes: memoryOf(verb, params, size, passes, mode),
  };
}

/** The model with the adapter that the step puts on it, if it does. */
export function withAdapter<V extends Verb>(params: Params<V>, model: ModelSize): ModelSize {
  const rank = "lora" in params ? params.lora?.rank : undefined;
  if (rank === undefined || model.shape === undefined || model.adapter !== undefined) return model;
  return { ...model, adapter: adapterParameters(model.shape, rank) };
}

/** Rows of the answers or scores that a step leaves; 0 for a step that trains. */
export function answersKept<V extends Verb>(verb: V, params: Params<V>, rows: InputRows): number {
  if (verb === "score") return rows.rows ?? 0;
  if (verb !== "sample") return 0;
  const { decoding } = params as Params<"sample">;
  return (rows.prompts ?? 0) * (decoding.kind === "temperature" ? decoding.samples : 1);
}
