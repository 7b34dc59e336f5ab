/** Every failure that a user can meet has a code, what went wrong, and what to do next. */
export type ErrorCode =
  | "config-invalid" // a field of a config, preset or option is unknown or out of range
  | "name-unknown" // a task, experiment, method, profile or step that does not exist
  | "input-damaged" // a file does not hold what its format or digest promises
  | "input-missing" // a file or artifact that should be there is not
  | "store-unwritable" // read-only store, or no permission
  | "store-full" // no space left on the device
  | "store-damaged" // a stored entry does not match its digest (it is quarantined)
  | "step-failed" // a trainer ended without its outputs
  | "step-invalid" // a step document that breaks the contract
  | "cancelled" // the user interrupted
  | "training-diverged" // a loss or gradient became NaN or infinite
  | "method-failed" // a function of the user's threw, or returned what it may not
  | "unsupported" // a request that this machine, model or format cannot serve
  | "unreachable" // a server that does not answer, refuses, or answers nonsense
  | "budget-exhausted" // going on would cost more than was allowed
  | "notebook-failed" // a notebook cell, or the kernel itself, failed
  | "exercise-blank" // a lesson's exercise that nobody has written yet
  | "exercise-wrong" // one whose answer does not do what was asked
  | "internal"; // a bug of ours

/**
 * An error that says what was got, what was expected, and what to do next.
 *
 * @example
 * throw new LabError("config-invalid", "alpha is 1.5; expected a number from 0 to 1", { hint: "the paper uses 0.15" });
 */
export class LabError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(readable(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LabError";
    this.code = code;
    this.hint = options.hint === undefined ? undefined : readable(options.hint);
  }
}

/** More than the last lines of a trainer's log ever are. */
const LONGEST_TEXT = 20_000;

/** Messages repeat what came from outside, and that may be of any length. */
function readable(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}… (${text.length - LONGEST_TEXT} more)` : text;
}

const LONGEST_NAME = 200;

/** The candidate nearest in spelling to `word`, for "did you mean" hints; undefined when none is near. */
export function nearestName(word: string, candidates: readonly string[]): string | undefined {
  // No name is as long, and comparing would take for ever.
  if (word.length > LONGEST_NAME) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length]!;
}
