import { InferenceSession, Tensor } from "onnxruntime-node";
import { LabError } from "../../core/index.js";
import type { Checkpoint } from "../checkpoint.js";
import { cacheNames, decoderGraph } from "../export/decoder-graph.js";
import { SESSION_OPTIONS } from "../session.js";
import { loadTokenizer, type Tokenizer } from "../tokenizer.js";

/** A text that a model reads from its beginning on, token by token or many at once; what was read stays in its cache. */
export interface Reader {
  /**
   * Reads on.
   * @returns for each token read, the log-probabilities of what follows it: float64 [vocabulary], in nats.
   * @throws LabError `unsupported` past the model's positions.
   */
  read(tokens: readonly number[]): Promise<readonly Float64Array[]>;
}

/** A model in memory that answers at once: the graph that `exportOnnx` writes, in an onnxruntime session. */
export interface LanguageModel {
  /** What the session was made from: for what the live graph does not do, such as beams. */
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  /** An empty text to read into. */
  reader(): Reader;
  /** Frees the session. */
  dispose(): Promise<void>;
}

/**
 * A language model for one question at a time. The sampler's graphs are for many at once; they and this one give the same tokens.
 *
 * @throws LabError `unsupported` for a classifier.
 * @example
 * const model = await openLanguageModel(await readCheckpoint("results/bases/micro-math-strong-0/model"));
 * const [next] = await model.reader().read([model.tokenizer.encode("2 + 3 =").at(-1)!]);
 */
export async function openLanguageModel(checkpoint: Checkpoint): Promise<LanguageModel> {
  if (checkpoint.head !== "lm") {
    throw new LabError("unsupported", "this model is a classifier (an evaluator): it has no next token", {
      hint: "talk to the model before its evaluator training",
    });
  }
  const session = await InferenceSession.create(decoderGraph(checkpoint), SESSION_OPTIONS);
  return {
    checkpoint,
    tokenizer: loadTokenizer(checkpoint.tokenizer),
    reader: () => readerOf(session, checkpoint),
    dispose: () => session.release(),
  };
}

function readerOf(session: InferenceSession, { architecture }: Checkpoint): Reader {
  const { layers, heads, hiddenSize, maxPositions, vocabSize } = architecture;
  const names = Array.from({ length: layers }, (_, layer) => cacheNames(layer)).flat();
  let past = 0;
  let cache: Readonly<Record<string, Tensor>> = Object.fromEntries(
    names.map(([name]) => [name, new Tensor("float32", new Float32Array(0), [1, heads, 0, hiddenSize / heads])]),
  );
  return {
    read: async (tokens) => {
      const total = past + tokens.length;
      if (tokens.length === 0) return [];
      if (total > maxPositions) {
        throw new LabError("unsupported", `the text takes ${total} tokens; the model has ${maxPositions} positions`, {
          hint: "shorten the question, or pretrain a model with a larger maxPositions",
        });
      }
      const outputs = await session.run({
        input_ids: int64(tokens),
        attention_mask: int64(new Array<number>(total).fill(1)),
        position_ids: int64(tokens.map((_, i) => past + i)),
        ...cache,
      });
      cache = Object.fromEntries(names.map(([input, output]) => [input, outputs[output] as Tensor]));
      past = total;
      const logits = outputs.logits!.data as Float32Array;
      return tokens.map((_, i) => logSoftmax(logits.subarray(i * vocabSize, (i + 1) * vocabSize)));
    },
  };
}

function int64(values: readonly number[]): Tensor {
  return new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
}

function logSoftmax(logits: Float32Array): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  for (const logit of logits) most = Math.max(most, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - most);
  const shift = most + Math.log(sum);
  return Float64Array.from(logits, (logit) => logit - shift);
}
