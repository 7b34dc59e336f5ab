import { join } from "node:path";
import type { Emit } from "../core/index.js";
import type { Params, Verb } from "../steps/index.js";

/** What a verb gets: its parameters, where its inputs lie and its outputs go, and the line to whoever runs it. */
export interface StepContext<V extends Verb = Verb> {
  readonly params: Params<V>;
  readonly seed: number;
  /** The step's folder, with `inputs/` and `outputs/`. */
  readonly directory: string;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Path of an input. */
export function inputPath({ directory }: StepContext, name: string): string {
  return join(directory, "inputs", name);
}

/** Path of an output. */
export function outputPath({ directory }: StepContext, name: string): string {
  return join(directory, "outputs", name);
}

/** Least time between two progress events, in ms. */
const INTERVAL = 200;

/**
 * Progress events, at most five a second; the last one (`done` equals `total`) always gets through.
 * @returns tells whether this call was let through, so that metrics can keep the same pace.
 */
export function progressReporter(emit: Emit, unit: string, total: number): (done: number) => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return (done) => {
    const now = performance.now();
    if (done < total && now - last < INTERVAL) return false;
    last = now;
    emit({ type: "progress", done, total, unit });
    return true;
  };
}
