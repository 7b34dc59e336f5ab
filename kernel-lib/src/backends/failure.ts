import { type ErrorCode, LabError } from "../core/index.js";
import { storeFailure, systemCode } from "../store/index.js";

/** An error as data, for the way between processes. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly stack?: string;
}

const codes: Readonly<Record<ErrorCode, true>> = {
  "config-invalid": true,
  "name-unknown": true,
  "input-damaged": true,
  "input-missing": true,
  "store-unwritable": true,
  "store-full": true,
  "store-damaged": true,
  "step-failed": true,
  "step-invalid": true,
  cancelled: true,
  "training-diverged": true,
  "method-failed": true,
  unsupported: true,
  unreachable: true,
  "budget-exhausted": true,
  "notebook-failed": true,
  "exercise-blank": true,
  "exercise-wrong": true,
  internal: true,
};

/** Whether a word from outside is one of our codes. */
export function isErrorCode(word: string): word is ErrorCode {
  return Object.hasOwn(codes, word);
}

/** An error as data. A full disk keeps its meaning; other errors without a code are the step's failure. */
export function toFailure(error: unknown): Failure {
  const known = error instanceof LabError ? error : asLabError(error);
  const stack = error instanceof Error ? error.stack : undefined;
  return {
    code: known.code,
    message: known.message,
    ...(known.hint === undefined ? {} : { hint: known.hint }),
    ...(stack === undefined ? {} : { stack }),
  };
}

/** The error that came from another process. */
export function fromFailure(failure: Failure): LabError {
  const cause = failure.stack === undefined ? undefined : new Error(failure.stack);
  return new LabError(isErrorCode(failure.code) ? failure.code : "step-failed", failure.message, {
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    cause,
  });
}

/** The step's folder lies in the store: these are the store's troubles, not the step's. */
const OF_THE_DISK: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EROFS"]);

/** Any error as a LabError. */
export function asLabError(error: unknown): LabError {
  if (error instanceof LabError) return error;
  if (OF_THE_DISK.has(systemCode(error) ?? "")) return storeFailure(error, "running the step");
  const message = error instanceof Error ? error.message : String(error);
  return new LabError("step-failed", message, { cause: error });
}
