import { LabError } from "../../core/index.js";
import {
  type LanguageModel,
  type LiveDecoding,
  sampleAnswers,
  scoreTokens,
  type WrittenToken,
  writeTokens,
} from "../../engine/index.js";
import { displayLive, tokenLogProbabilities, writtenSoFar } from "../../notebook/index.js";
import { type Addressed, promptTokens } from "./prompt.js";

/** How answers are decoded. At a temperature the same seed and question give the same answer. */
export type AnswerDecoding =
  | { readonly kind: "greedy" }
  | { readonly kind: "beam"; readonly width: number }
  | { readonly kind: "temperature"; readonly temperature: number; readonly seed?: number };

export interface AnswerRequest {
  /** Default: greedy. */
  readonly decoding?: AnswerDecoding;
  /** Called with each token as soon as it is written; beams are known at their end only. */
  readonly onToken?: (token: WrittenToken) => void;
  /** Show the answer while it is written, and then with its log-probabilities. Default: false. */
  readonly stream?: boolean;
  /** Largest number of tokens, EOS included. Default: the task's, or 128. */
  readonly maxAnswerTokens?: number;
  readonly signal?: AbortSignal;
}

/** What a model wrote; `display` shows its tokens and their log-probabilities. */
export interface ModelAnswer {
  readonly model: string;
  readonly question: string;
  readonly text: string;
  /** Token by token, EOS included when the model came to an end. */
  readonly tokens: readonly WrittenToken[];
  /** Sum over the tokens, in nats, at temperature 1. */
  readonly logprob: number;
  /** Whether it ended by itself before the limit. */
  readonly finished: boolean;
}

/** An answer to one question. */
export async function answerOf(
  language: LanguageModel,
  addressed: Addressed,
  question: string,
  request: AnswerRequest,
): Promise<ModelAnswer> {
  const { decoding = { kind: "greedy" }, stream = false, onToken } = request;
  const title = `${addressed.name}, ${decodingName(decoding)}`;
  const live = stream ? displayLive(writtenSoFar(title, "")) : undefined;
  const tokens: WrittenToken[] = [];
  const text = (): string => language.tokenizer.decode(tokens.map(({ id }) => id));
  for await (const token of writing(language, addressed, question, request, decoding)) {
    tokens.push(token);
    onToken?.(token);
    live?.update(writtenSoFar(title, text()));
  }
  const finished = tokens.at(-1)?.id === language.tokenizer.eosId;
  const logprob = tokens.reduce((sum, token) => sum + token.logprob, 0);
  const answer = { model: addressed.name, question, text: text(), tokens, logprob, finished };
  const remark = finished ? undefined : "cut off at the limit";
  tokenLogProbabilities(answer, { title, question, tokens, remark });
  live?.update(answer);
  return answer;
}

async function* writing(
  language: LanguageModel,
  addressed: Addressed,
  question: string,
  { maxAnswerTokens = addressed.task?.maxAnswerTokens ?? 128, signal }: AnswerRequest,
  decoding: AnswerDecoding,
): AsyncGenerator<WrittenToken> {
  const prompt = promptTokens(language, addressed, question);
  if (decoding.kind !== "beam") {
    const live: LiveDecoding =
      decoding.kind === "greedy" ? decoding : { seed: 0, ...decoding, id: question, sample: 0 };
    yield* writeTokens(language, prompt, { decoding: live, maxAnswerTokens, signal });
    return;
  }
  if (!Number.isSafeInteger(decoding.width) || decoding.width < 1) {
    throw new LabError("config-invalid", `beam width is ${decoding.width}; expected a whole number from 1`);
  }
  const { eosId } = language.tokenizer;
  // The search of the experiments themselves, so that an answer here is an answer there.
  const [answers] = await sampleAnswers(language.checkpoint, [{ id: question, prompt }], {
    ...{ decoding, maxAnswerTokens, eosId, seed: 0, signal },
  });
  const { tokens, finished } = answers![0]!;
  yield* await scoreTokens(language, prompt, finished ? [...tokens, eosId] : tokens);
}

function decodingName(decoding: AnswerDecoding): string {
  if (decoding.kind === "greedy") return "greedy";
  return decoding.kind === "beam" ? `best of ${decoding.width} beams` : `at temperature ${decoding.temperature}`;
}
