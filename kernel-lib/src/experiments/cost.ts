import type { Params, Verb } from "../steps/index.js";
import { type ActionRecord, describeMachine, type Machine } from "../store/index.js";
import type { Task } from "../tasks/index.js";

/** What the cost of a step depends on. */
export interface StepSize {
  /** Number of parameters of the model that is trained or asked. */
  readonly parameters: number;
  /** Rows of each data input, by its name. */
  readonly rows: Readonly<Record<string, number>>;
}

/** Mean lengths of prompts and answers, in tokens. */
export type TypicalTokens = Task["typicalTokens"];

/** Floating-point operations of a token: two a parameter forwards, four backwards (Kaplan et al. 2020, table 1). */
const FORWARD = 2;
const TRAINING = 6;

/**
 * Floating-point operations of a step, estimated from the number of tokens that go through the model. Attention, padding and early
 * stopping are left out.
 *
 * | verb | tokens | operations a token and parameter |
 * |---|---|---|
 * | pretrain | `tokens` | 6 |
 * | sft | epochs x demonstrations x (prompt + answer) | 6 |
 * | dpo | 2 x pairs x (prompt + answer): epochs times for the policy, once for the reference | 6, 2 |
 * | evaluator | epochs x texts x (prompt + 2 answers): training texts, validation texts | 6, 2 |
 * | sample | prompts x (prompt + samples or beams x answer) | 2 |
 * | score | rows x (prompt + answer), of a classifier prompt + 2 answers | 2 |
 *
 * @example
 * flopsOf("sft", params, { parameters: 350_000, rows: { demonstrations: 2000 } }, task.typicalTokens); // 4e11
 */
export function flopsOf<V extends Verb>(verb: V, params: Params<V>, size: StepSize, tokens: TypicalTokens): number {
  const { parameters: p, rows } = size;
  const one = tokens.prompt + tokens.answer;
  const compared = tokens.prompt + 2 * tokens.answer;
  const count = (name: string): number => rows[name] ?? 0;
  switch (verb) {
    case "pretrain":
      return TRAINING * p * (params as Params<"pretrain">).tokens;
    case "sft":
      return TRAINING * p * (params as Params<"sft">).epochs * count("demonstrations") * one;
    case "dpo":
      return (TRAINING * (params as Params<"dpo">).epochs + FORWARD) * p * 2 * count("pairs") * one;
    case "evaluator": {
      const { epochs } = params as Params<"evaluator">;
      return p * epochs * compared * (TRAINING * count("train") + FORWARD * count("validation"));
    }
    case "sample": {
      const answers = answersPerPrompt(params as Params<"sample">);
      return FORWARD * p * count("prompts") * (tokens.prompt + answers * tokens.answer);
    }
    default:
      return FORWARD * p * count("rows") * ((params as Params<"score">).kind === "classifier" ? compared : one);
  }
}

/** Answers that are computed for each prompt: samples, or beams. */
function answersPerPrompt({ decoding }: Params<"sample">): number {
  if (decoding.kind === "temperature") return decoding.samples;
  return decoding.kind === "beam" ? decoding.width : 1;
}

/** Number of parameters of an architecture. */
export function parametersOf(architecture: Params<"pretrain">["architecture"]): number {
  const { hiddenSize: h, intermediateSize, layers, vocabSize, tiedEmbeddings } = architecture;
  const layer = 4 * h * h + 3 * h * intermediateSize + 2 * h;
  return layers * layer + (tiedEmbeddings ? 1 : 2) * vocabSize * h + h;
}

/** Operations a second of one worker, by verb. */
export type Rates = Readonly<Record<Verb, number>>;

/**
 * Measured with the embedded engine on one core of a 2020s server CPU, models of 0.15 to 0.35 million parameters. Sampling is
 * slow for its operations: it makes one token at a time.
 */
export const defaultRates: Rates = {
  pretrain: 80e9,
  sft: 80e9,
  dpo: 50e9,
  evaluator: 80e9,
  sample: 15e9,
  score: 50e9,
};

/** Less recorded time than this says more about starting up than about computing. */
const ENOUGH_SECONDS = 2;

/**
 * Rates from what earlier steps took on this machine; defaults for verbs that have not run here.
 * @param records of the store.
 */
export function measuredRates(
  records: readonly ActionRecord[],
  tokens: TypicalTokens,
  machine: Machine = describeMachine(),
): Rates {
  const facts = new Map(records.flatMap(({ outputs }) => Object.values(outputs).map((output) => [output.ref, output])));
  const total = new Map<Verb, { flops: number; seconds: number }>();
  for (const record of records) {
    if (record.document.kind !== "step" || !sameMachine(record.machine, machine)) continue;
    const { verb, params, inputs } = record.document.step;
    const rows = Object.entries(inputs).map(([name, ref]) => [name, facts.get(ref)?.rows ?? 0] as const);
    // A trained model is as large as the one it came from; a recorded base model has no record of its own to ask.
    const trained = record.outputs.model?.parameters;
    const parameters = trained ?? (inputs.model && facts.get(inputs.model)?.parameters);
    const flops = flopsOf(verb, params, { parameters: parameters ?? 0, rows: Object.fromEntries(rows) }, tokens);
    if (flops === 0) continue;
    const sum = total.get(verb) ?? { flops: 0, seconds: 0 };
    total.set(verb, { flops: sum.flops + flops, seconds: sum.seconds + record.seconds });
  }
  const measured = [...total]
    .filter(([, { seconds }]) => seconds >= ENOUGH_SECONDS)
    .map(([verb, { flops, seconds }]) => [verb, flops / seconds]);
  return { ...defaultRates, ...(Object.fromEntries(measured) as Partial<Rates>) };
}

function sameMachine(x: Machine, y: Machine): boolean {
  return x.cpu === y.cpu && x.cores === y.cores && x.platform === y.platform;
}
