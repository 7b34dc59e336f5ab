import type { RunRecord } from "../experiments/index.js";
import type { Layout } from "./figure.js";

/**
 * A figure's title, and under it what its numbers rest on: "3 seeds, 2,000 test questions; bars: 95 % intervals".
 *
 * @param title what is seen, not what follows from it.
 * @param about what bars and points are, where readers cannot know.
 */
export function heading(title: string, runs: RunRecord | readonly RunRecord[], about?: string): Layout {
  const records = Array.isArray(runs) ? (runs as readonly RunRecord[]) : [runs as RunRecord];
  const questions = distinct(records.flatMap(({ points }) => points.map(({ testCount }) => testCount)));
  const sample = `${seedsOf(records)}, ${counted(questions, "test question", "test questions")}`;
  return { text: title, subtitle: { text: about === undefined ? sample : `${sample}; ${about}` } };
}

/** The same for a figure that is not about test questions: "3 seeds; bars: range over seeds". */
export function seedsHeading(title: string, run: RunRecord, about: string): Layout {
  return { text: title, subtitle: { text: `${seedsOf([run])}; ${about}` } };
}

/** What bars are in most figures. */
export const intervalBars = "bars: 95 % intervals";

/** What bars are where a difference is drawn. */
export const pairedBars = "bars: paired 95 % intervals";

function seedsOf(runs: readonly RunRecord[]): string {
  const seeds = distinct(runs.map(({ points }) => new Set(points.map(({ seed }) => seed)).size));
  return counted(seeds, "seed", "seeds");
}

function counted(numbers: readonly number[], one: string, many: string): string {
  return `${numbers.map((number) => number.toLocaleString("en")).join(" or ")} ${numbers.join() === "1" ? one : many}`;
}

function distinct(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
