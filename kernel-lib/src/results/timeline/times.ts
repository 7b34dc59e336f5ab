import type { ColumnTable } from "arquero";
import { frameOf, type Row } from "../frames/index.js";
import type { Timeline } from "./timeline.js";

const columns = {
  what: {
    type: "text",
    unit: "name",
    meaning: "A verb of trainers, tables (rows to rows, in the kit itself), idle, or all.",
  },
  steps: { type: "integer", unit: "steps", meaning: "How many there are." },
  seconds: { type: "number", unit: "s", meaning: "What they took, one after the other; of all: on the clock." },
  share: { type: "number", unit: "%", meaning: "Of the time of all workers; tables are made beside them." },
  longest: { type: "number", unit: "s", meaning: "What the longest of them took." },
  critical: { type: "number", unit: "s", meaning: "Their part of the longest chain of steps that need each other." },
} as const;

/**
 * Where the time of a run went: one row a verb, the most expensive first, then tables, workers with nothing to do, and the clock.
 *
 * @example
 * timesFrame(timelineOf(records)).select("what", "seconds", "critical");
 */
export function timesFrame({ steps, workers, wall, idle, critical }: Timeline): ColumnTable {
  const verbs = new Set(steps.flatMap(({ kind, name }) => (kind === "step" ? [name] : [])));
  const share = (seconds: number): number | null => (wall === 0 ? null : (100 * seconds) / (workers * wall));
  const rowOf = (what: string, of: Timeline["steps"]): Row<typeof columns> => {
    const sum = (some: Timeline["steps"]): number => some.reduce((total, { start, end }) => total + end - start, 0);
    const longest = Math.max(0, ...of.map(({ start, end }) => end - start));
    const seconds = sum(of);
    return {
      ...{ what, steps: of.length, seconds, share: share(seconds), longest },
      critical: sum(of.filter((step) => step.critical)),
    };
  };
  const ofVerbs = Array.from(verbs, (verb) =>
    rowOf(
      verb,
      steps.filter(({ kind, name }) => kind === "step" && name === verb),
    ),
  );
  const tables = rowOf(
    "tables",
    steps.filter(({ kind }) => kind === "derive"),
  );
  return frameOf(columns, [
    ...ofVerbs.sort((x, y) => y.seconds! - x.seconds!),
    { ...tables, share: null },
    { what: "idle", steps: null, seconds: idle, share: share(idle), longest: null, critical: null },
    { what: "all", steps: steps.length, seconds: wall, share: null, longest: null, critical },
  ]);
}
