import { outputsOf, type Params, type Verb } from "../../steps/index.js";
import type { ModelSize } from "./model-size.js";
import type { InputRows, TypicalTokens } from "./passes.js";

const FLOAT32 = 4;
const BFLOAT16 = 2;
/** English text, tokenised into subwords: about four characters a token. */
const BYTES_PER_TOKEN = 4;
/** Names of fields, an identifier and numbers around the text of a row of JSON Lines. */
const ROW_BYTES = 100;

/**
 * Bytes that a step's outputs take in the store, estimated; undefined where the model's size is not known. Optimizer states are not kept, and
 * tokenizers are stored once for all models.
 *
 * | output | bytes |
 * |---|---|
 * | model, trained in full | 4 a parameter (float32); pretraining: by its `storage` |
 * | model, adapter only | 4 a parameter of the adapter |
 * | checkpoints | as many models as checkpoints; the last one is the model itself |
 * | answers, scores | 100 a row, and 4 a token of the answer |
 * | log | 100 for every optimizer step |
 *
 * @param rows of the inputs.
 * @param answers rows of the output `answers` or `scores`.
 */
export function outputBytes<V extends Verb>(
  verb: V,
  params: Params<V>,
  model: ModelSize,
  rows: InputRows,
  answers: number,
  { answer }: TypicalTokens,
): number | undefined {
  if (verb === "sample") return answers * (ROW_BYTES + BYTES_PER_TOKEN * answer);
  if (verb === "score") return answers * ROW_BYTES;
  const isAdapter = "lora" in params && params.lora !== undefined;
  const count = isAdapter ? model.adapter : model.parameters;
  if (count === undefined) return undefined;
  const each = verb === "pretrain" && (params as Params<"pretrain">).storage === "bfloat16" ? BFLOAT16 : FLOAT32;
  const models = Object.values(outputsOf(verb, params)).filter((kind) => kind === "tree").length;
  return Math.max(1, models - 1) * each * count + optimizerSteps(verb, params, rows) * ROW_BYTES;
}

function optimizerSteps<V extends Verb>(verb: V, params: Params<V>, rows: InputRows): number {
  if (verb === "pretrain") {
    const { tokens, sequenceLength, batchSize } = params as Params<"pretrain">;
    return Math.ceil(tokens / (sequenceLength * batchSize));
  }
  const { epochs, batchSize } = params as Params<"sft" | "dpo" | "evaluator">;
  return epochs * Math.ceil((rows.demonstrations ?? rows.pairs ?? rows.train ?? 0) / batchSize);
}

/** Bytes of a table of a derivation (labels, pairs, records), estimated: 100 a row, and a prompt with its answer. */
export function tableBytes(rows: number, { prompt, answer }: TypicalTokens): number {
  return rows * (ROW_BYTES + BYTES_PER_TOKEN * (prompt + answer));
}
