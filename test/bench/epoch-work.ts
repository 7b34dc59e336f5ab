/** What the work of epoch.ts takes at least. */
import { loadTokenizer, parameterLayout, readCheckpoint } from "../../kernel-lib/src/engine/index.js";
import type { AnswerRow, Demonstration, PreferencePair } from "../../kernel-lib/src/steps/index.js";
import { type Counted, decodingBytes, decodingFlop, forwardFlop, stepBytes, trainingFlop } from "./least-work.js";
import type { Work } from "./limits.js";

export interface WorkCounter {
  sft(rows: readonly Demonstration[], steps: number): Work;
  /** @param answers those of a prompt one after another, in the order of the prompts. */
  sample(prompts: readonly { readonly prompt: string }[], answers: readonly AnswerRow[]): Work;
  /** One sequence for both answers; the reference reads each pair once. */
  dpo(pairs: readonly PreferencePair[], steps: number): Work;
}

/** Counts for the model in a folder, with its tokenizer. */
export async function workCounter(model: string): Promise<WorkCounter> {
  const { architecture, tokenizer: json } = await readCheckpoint(model);
  const tokenizer = loadTokenizer(json);
  const length = (text: string): number => tokenizer.encode(text).length;
  /** Every answer ends with EOS, which is a target and is not read. */
  const counted = (prompt: string, ...answers: readonly string[]): Counted => {
    const kept = answers.reduce((sum, text) => sum + length(text) + 1, 0);
    return { tokens: length(prompt) + kept - answers.length, kept };
  };
  const moved = stepBytes(parameterLayout(architecture).total);
  return {
    sft: (rows, steps) => {
      const flop = trainingFlop(
        architecture,
        rows.map(({ prompt, answer }) => counted(prompt, answer)),
      );
      return { flop, bytes: steps * moved };
    },
    sample: (prompts, answers) => {
      const samples = answers.length / prompts.length;
      const work = prompts.map(({ prompt }, k): Work => {
        const lengths = answers.slice(k * samples, (k + 1) * samples).map(({ tokens }) => tokens);
        const read = length(prompt);
        return { flop: decodingFlop(architecture, read, lengths), bytes: decodingBytes(architecture, read, lengths) };
      });
      return work.reduce((sum, one) => ({ flop: sum.flop + one.flop, bytes: sum.bytes + one.bytes }));
    },
    dpo: (pairs, steps) => {
      const both = pairs.map(({ prompt, chosen, rejected }) => counted(prompt, chosen, rejected));
      return { flop: trainingFlop(architecture, both) + forwardFlop(architecture, both), bytes: steps * moved };
    },
  };
}
