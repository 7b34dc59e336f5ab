import { LabError } from "../../core/index.js";
import { fromFailure, isErrorCode } from "../failure.js";
import type { EventStream } from "./event-stream.js";

/** How a trainer ended. */
export interface Ending {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal?: NodeJS.Signals | undefined;
  /** The kernel killed something in it because its memory limit was reached. */
  readonly isOutOfMemory?: boolean;
}

const SIGKILL = 137;
const SIGTERM = 143;

/**
 * Why a trainer failed, from what it said and how it ended; undefined if it succeeded as far as it knows.
 * What it said itself comes first: an exit code says less.
 */
export function failureOf(
  verb: string,
  ending: Ending,
  said: Pick<EventStream, "error" | "tail">,
): LabError | undefined {
  const { exitCode, signal, isOutOfMemory = false } = ending;
  // Even with exit code 0: something that the trainer had started may have been killed, and what it made be missing.
  if (isOutOfMemory) return outOfMemory(verb, [said.error?.message, said.tail].filter(Boolean).join("\n"));
  if (said.error) return saidFailure(verb, said.error);
  if (exitCode === 0) return undefined;
  if (/no space left on device|ENOSPC|disk quota exceeded/i.test(said.tail)) {
    return new LabError("store-full", `${verb}: no space left on the device${lastWords(said.tail)}`, {
      hint: "free some space, or run `ilr gc`",
    });
  }
  const how = signal === undefined ? `ended with exit code ${exitCode}` : `was killed by ${signal}`;
  return new LabError("step-failed", `${verb}: the trainer ${how}${lastWords(said.tail)}`, {
    hint: hintFor(exitCode, signal),
  });
}

function saidFailure(verb: string, error: NonNullable<EventStream["error"]>): LabError {
  if (error.code === "cancelled") {
    // We did not ask for it; were it passed on, the run would look as if its user had interrupted it.
    return new LabError("step-failed", `${verb}: the trainer was stopped from outside`, { hint: "run it again" });
  }
  const code = isErrorCode(error.code) ? error.code : "step-failed";
  return fromFailure({ code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
}

function outOfMemory(verb: string, tail: string): LabError {
  return new LabError("step-failed", `${verb}: the container ran out of memory${lastWords(tail)}`, {
    hint: "raise its memory limit, run fewer steps side by side (ILR_WORKERS=1), or use a smaller batch",
  });
}

function hintFor(exitCode: number | undefined, signal: NodeJS.Signals | undefined): string {
  if (exitCode === SIGKILL || signal === "SIGKILL") {
    return "the system kills processes when memory runs out: try fewer steps side by side (ILR_WORKERS=1) or a smaller batch";
  }
  if (exitCode === SIGTERM || signal === "SIGTERM") return "something outside stopped it; run it again";
  if (exitCode === 126 || exitCode === 127) return "the trainer's command cannot be started: `ilr backend check`";
  return "the lines above are the trainer's own; `ilr backend check` says whether it works at all";
}

function lastWords(tail: string): string {
  return tail === "" ? "" : `; its last words:\n${tail}`;
}
