/** FLOP that the work of epoch.ts takes at least. */
import { loadTokenizer, readCheckpoint } from "../../kernel-lib/src/engine/index.js";
import type { AnswerRow, Demonstration, PreferencePair } from "../../kernel-lib/src/steps/index.js";
import { type Counted, decodingFlop, forwardFlop, trainingFlop } from "./flop.js";

export interface FlopCounter {
  sft(rows: readonly Demonstration[]): number;
  /** @param answers those of a prompt one after another, in the order of the prompts. */
  sample(prompts: readonly { readonly prompt: string }[], answers: readonly AnswerRow[]): number;
  /** One sequence for both answers; the reference reads each pair once. */
  dpo(pairs: readonly PreferencePair[]): number;
}

/** Counts for the model in a folder, with its tokenizer. */
export async function flopCounter(model: string): Promise<FlopCounter> {
  const { architecture, tokenizer: json } = await readCheckpoint(model);
  const tokenizer = loadTokenizer(json);
  const length = (text: string): number => tokenizer.encode(text).length;
  /** Every answer ends with EOS, which is a target and is not read. */
  const counted = (prompt: string, ...answers: readonly string[]): Counted => {
    const kept = answers.reduce((sum, text) => sum + length(text) + 1, 0);
    return { tokens: length(prompt) + kept - answers.length, kept };
  };
  return {
    sft: (rows) =>
      trainingFlop(
        architecture,
        rows.map(({ prompt, answer }) => counted(prompt, answer)),
      ),
    sample: (prompts, answers) => {
      const samples = answers.length / prompts.length;
      return prompts.reduce((sum, { prompt }, k) => {
        const lengths = answers.slice(k * samples, (k + 1) * samples).map(({ tokens }) => tokens);
        return sum + decodingFlop(architecture, length(prompt), lengths);
      }, 0);
    },
    dpo: (pairs) => {
      const both = pairs.map(({ prompt, chosen, rejected }) => counted(prompt, chosen, rejected));
      return trainingFlop(architecture, both) + forwardFlop(architecture, both);
    },
  };
}
