/** From tokens to the sequences of a batch: what is fed, and which token is predicted where. */
import { LabError } from "../core/index.js";
import type { Sequence } from "./batch.js";

/** A text of which only the last token's output is used, for the classification head. */
export function classified(ids: readonly number[], label: number): Sequence {
  return { ids, at: [ids.length - 1], targets: [label] };
}

/**
 * A prompt and its answer: the answer's tokens are the targets. The last token is not fed, as nothing follows it. Without a prompt the
 * first answer token has nothing to be predicted from and is not a target.
 */
export function answered(prompt: readonly number[], answer: readonly number[]): Sequence {
  const ids = [...prompt, ...answer];
  const at = range(Math.max(prompt.length - 1, 0), ids.length - 1);
  return { ids: ids.slice(0, -1), at, targets: at.map((t) => ids[t + 1]!) };
}

/**
 * One prompt with several answers that do not see each other: the prompt is computed once. Each branch starts with a copy of the
 * prompt's last token, so that no output has two targets. Targets come answer by answer.
 */
export function branched(prompt: readonly number[], answers: readonly (readonly number[])[]): Sequence {
  const trunk = prompt.slice(0, -1);
  const ids = [...trunk];
  const positions = range(0, trunk.length);
  const branches = trunk.map(() => 0);
  const at: number[] = [];
  const targets: number[] = [];
  answers.forEach((answer, k) => {
    const whole = [...prompt.slice(-1), ...answer];
    for (let t = 0; t + 1 < whole.length; t++) {
      at.push(ids.length);
      targets.push(whole[t + 1]!);
      ids.push(whole[t]!);
      positions.push(trunk.length + t);
      branches.push(k + 1);
    }
  });
  return { ids, positions, branches, at, targets };
}

/**
 * Refuses a row that the model has no positions for: nothing is cut silently.
 * @param length tokens that the row needs.
 * @throws LabError `unsupported`.
 */
export function checkLength(length: number, maxPositions: number, row: string): void {
  if (length <= maxPositions) return;
  throw new LabError("unsupported", `${row} takes ${length} tokens; the model has ${maxPositions} positions`, {
    hint: "shorten or drop the row, or pretrain a model with a larger maxPositions",
  });
}

/**
 * Refuses a row in which nothing is predicted: an empty prompt with an answer of EOS alone.
 * @throws LabError `unsupported`.
 */
export function checkTargets(targets: number, row: string): void {
  if (targets > 0) return;
  throw new LabError("unsupported", `${row} has neither a prompt nor an answer`, { hint: "drop empty rows" });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(to - from, 0) }, (_, k) => from + k);
}
