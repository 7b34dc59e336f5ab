/**
 * The contract between experiments and trainers: six verbs, one schema each. `npm run contract` writes it as JSON Schema for trainers in
 * other languages (containers/contract).
 * A step document says everything that its outputs depend on; nothing else may influence them.
 */
import { z } from "zod";
import { parseFormula } from "./formula.js";

/** Version of the contract; part of every step's key. */
export const CONTRACT = 1;

const positive = z.number().positive();
const count = z.number().int().positive();
const fraction = z.number().min(0).max(1);

/** A Llama-architecture decoder: RMSNorm, RoPE, SwiGLU. Sizes are numbers of floats. */
export const architectureSchema = z.strictObject({
  vocabSize: count,
  hiddenSize: count,
  layers: count,
  heads: count,
  intermediateSize: count,
  maxPositions: count,
  ropeTheta: positive.default(10000),
  rmsNormEps: positive.default(1e-5),
  tiedEmbeddings: z.boolean().default(false),
});
export type Architecture = z.infer<typeof architectureSchema>;

/** Optimizer and learning-rate schedule. `lr` is the peak, reached after `warmup` (a fraction of all steps). */
export const optimizerSchema = z.strictObject({
  name: z.enum(["adamw", "rmsprop", "adafactor"]),
  lr: positive,
  /** AdamW: decay rates of the two moments. */
  beta1: fraction.default(0.9),
  beta2: fraction.default(0.999),
  /** RMSprop: smoothing constant (PyTorch's alpha). */
  alpha: fraction.default(0.99),
  eps: positive.default(1e-8),
  weightDecay: z.number().min(0).default(0),
  /** `cosine` decays to zero at the last step, `constant` stays at the peak. */
  schedule: z.enum(["cosine", "constant"]).default("cosine"),
  warmup: fraction.default(0.05),
  /** Gradients are scaled down to this global L2 norm. */
  clipNorm: positive.default(1),
});
export type Optimizer = z.infer<typeof optimizerSchema>;

/** Low-rank adapters on all linear layers, without dropout (Table 1: rank 64, alpha 128). The output `model` is then an adapter, not a whole model. */
const loraSchema = z.strictObject({ rank: count, alpha: positive }).optional();

/** Number format of the arithmetic. Absent: float32. */
const precisionSchema = z.enum(["float32", "bfloat16"]).optional();

/** How answers are decoded. */
export const decodingSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("greedy") }),
  z.strictObject({ kind: z.literal("beam"), width: count }),
  z.strictObject({ kind: z.literal("temperature"), temperature: positive, samples: count }),
]);
export type Decoding = z.infer<typeof decodingSchema>;

/** Readable by `parseFormula`. */
const formulaText = z
  .string()
  .max(1000)
  .check((context) => {
    try {
      parseFormula(context.value);
    } catch (error) {
      context.issues.push({ code: "custom", input: context.value, message: (error as Error).message });
    }
  });

/** What DPO minimises for a pair: a published loss by name, or a formula in `margin` (nats) and `beta`. */
export const preferenceLossSchema = z.union([z.enum(["sigmoid", "ipo"]), z.strictObject({ formula: formulaText })], {
  error: 'expected "sigmoid"|"ipo", or a formula such as { formula: "max(0, 1 - beta * margin)" }',
});
export type PreferenceLoss = z.infer<typeof preferenceLossSchema>;

/** Parameters of each verb. Sizes of batches are examples (sequences); lengths are tokens. */
export const paramsSchemas = {
  /** Next-token training from random weights. Inputs: corpus, tokenizer. Outputs: model, log. */
  pretrain: z.strictObject({
    architecture: architectureSchema,
    /** Training stops after this many tokens (the corpus is cycled if shorter). */
    tokens: count,
    sequenceLength: count,
    batchSize: count,
    optimizer: optimizerSchema,
    /**
     * Standard deviation of fresh matrices; those that end a residual branch have less by sqrt(2 * layers). Default: 0.02, GPT-2's, which is
     * made for models that are wide.
     */
    initializerRange: positive.optional(),
    /** Number format of the saved weights. */
    storage: z.enum(["float32", "bfloat16"]).default("float32"),
    precision: precisionSchema,
  }),
  /** Supervised fine-tuning; the loss is on the answer and EOS only. Inputs: model, demonstrations. Outputs: model, log, checkpoint-01... */
  sft: z.strictObject({
    epochs: count,
    batchSize: count,
    /** F6: `per-example` averages within each example first (the paper's trainer), `per-token` weights all tokens alike. */
    lossWeighting: z.enum(["per-example", "per-token"]).default("per-example"),
    optimizer: optimizerSchema,
    /** Also save this many evenly spaced checkpoints, as outputs checkpoint-01, checkpoint-02, ... (the last is the final model). */
    checkpoints: z.number().int().min(0).max(99).default(0),
    lora: loraSchema,
    precision: precisionSchema,
  }),
  /** Direct preference optimization. Inputs: model (policy start), pairs, and optionally reference (default: model). Outputs: model, log. */
  dpo: z.strictObject({
    beta: positive,
    loss: preferenceLossSchema.default("sigmoid"),
    labelSmoothing: z.number().min(0).max(0.5).default(0),
    epochs: count,
    batchSize: count,
    optimizer: optimizerSchema,
    lora: loraSchema,
    precision: precisionSchema,
  }),
  /** Two-way sequence classifier on top of the model. Inputs: model, train, validation. Outputs: model, log. */
  evaluator: z.strictObject({
    epochs: count,
    batchSize: count,
    /** Stop after this many epochs without a better validation loss; the best epoch's weights are the output. */
    patience: count.default(1),
    optimizer: optimizerSchema,
    precision: precisionSchema,
  }),
  /** Answers to prompts. Inputs: model, prompts. Outputs: answers. */
  sample: z.strictObject({ decoding: decodingSchema, maxAnswerTokens: count, precision: precisionSchema }),
  /**
   * Classifier probabilities of texts (rows `{id, text}`), or log-probabilities of answers in nats, EOS included
   * (rows `{id, prompt, answer}`). Inputs: model, rows. Outputs: scores.
   */
  score: z.strictObject({
    kind: z.enum(["classifier", "logprob"]),
    /** F4: put the tokenizer's beginning-of-sequence token before each text that is classified. Absent, or no such token: nothing. */
    bos: z.literal(true).optional(),
    precision: precisionSchema,
  }),
} as const;

export type Verb = keyof typeof paramsSchemas;
export const VERBS = Object.keys(paramsSchemas) as readonly Verb[];
/** Parameters as written (defaults may be left out). */
export type ParamsInput<V extends Verb> = z.input<(typeof paramsSchemas)[V]>;
/** Parameters with every default filled in. */
export type Params<V extends Verb> = z.output<(typeof paramsSchemas)[V]>;

/** `file:` or `tree:` and the sha256 of the bytes (a tree: of its canonical manifest). */
export type ArtifactRef = `file:${string}` | `tree:${string}`;

/** One step, complete: equal documents (by canonical JSON) and equal trainers give equal outputs. */
export interface Step<V extends Verb = Verb> {
  readonly verb: V;
  readonly contract: typeof CONTRACT;
  readonly params: Params<V>;
  readonly inputs: Readonly<Record<string, ArtifactRef>>;
  readonly seed: number;
}

// Rows of the data artifacts (JSON Lines).

/** A demonstration: `prompt` and `answer` are tokenised apart, EOS is appended to the answer. */
export interface Demonstration {
  readonly id: string;
  readonly prompt: string;
  readonly answer: string;
}
/** A preference pair. */
export interface PreferencePair {
  readonly id: string;
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
}
/** A classifier example; label 1 means "accept B" for the evaluator of the paper. */
export interface ClassifierExample {
  readonly id: string;
  readonly text: string;
  readonly label: 0 | 1;
}
/** What a classifier scores. */
export interface TextRow {
  readonly id: string;
  readonly text: string;
}
export interface PromptRow {
  readonly id: string;
  readonly prompt: string;
}
/** One sampled answer; `logprob` is the sum over its tokens (EOS included when `finished`) at temperature 1, in nats. */
export interface AnswerRow {
  readonly id: string;
  readonly sample: number;
  readonly answer: string;
  readonly tokens: number;
  readonly logprob: number;
  readonly finished: boolean;
}
export interface ClassifierScore {
  readonly id: string;
  readonly probabilities: readonly [number, number];
}
export interface LogprobScore {
  readonly id: string;
  readonly logprob: number;
  readonly tokens: number;
}
/** A line of `log`: one optimizer step (or, with `split: "validation"`, one evaluation). */
export interface LogRow {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly lr?: number;
  readonly gradNorm?: number;
  readonly tokens?: number;
  readonly split?: "train" | "validation";
  /** DPO: mean implicit reward margin and share of pairs with positive margin; evaluator: accuracy. */
  readonly margin?: number;
  readonly accuracy?: number;
}
