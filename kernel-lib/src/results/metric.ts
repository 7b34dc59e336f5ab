import type { RunRecord } from "../experiments/index.js";
import { isJudged } from "../tasks/index.js";

/** What the outcome of a test question counts: right answers, or answers that a judge holds to be no worse than the reference. */
export interface Metric {
  /** Its name, and the same at the start of a sentence. */
  readonly test: "test accuracy" | "test win or tie rate";
  readonly title: "Test accuracy" | "Test win or tie rate";
  /** Its name without the split. */
  readonly rate: "accuracy" | "win or tie rate";
  /** What answers that count are. */
  readonly share: "correct" | "no worse than the reference";
  /** What labels that count are called. */
  readonly labels: "correct training labels" | "training labels no worse than the reference";
}

/**
 * How to name the shares of a run in figures and tables.
 *
 * @example
 * metricOf(await readRun("results/micro-safety/main")).test; // "test win or tie rate"
 */
export function metricOf(run: RunRecord): Metric {
  return isJudged(run.provenance.experiment.task)
    ? {
        test: "test win or tie rate",
        title: "Test win or tie rate",
        rate: "win or tie rate",
        share: "no worse than the reference",
        labels: "training labels no worse than the reference",
      }
    : {
        test: "test accuracy",
        title: "Test accuracy",
        rate: "accuracy",
        share: "correct",
        labels: "correct training labels",
      };
}
