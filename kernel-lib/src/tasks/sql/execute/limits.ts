import { availableParallelism } from "node:os";
import { LabError } from "../../../core/index.js";

const MEBI = 2 ** 20;

/** What one query may cost. What goes past a limit has failed: it scores 0 and is equal to nothing, never to its own beginning. */
export interface ExecutionLimits {
  /** Wall-clock time of a query, in seconds (paper: 30). */
  readonly seconds: number;
  /** Seconds that a query gets to notice that its time is up; after that its process is killed. */
  readonly graceSeconds: number;
  /** Memory of SQLite (pages, sorting, temporary tables), in MiB. */
  readonly memoryMiB: number;
  /** Rows that a query may return, duplicates included. */
  readonly rows: number;
  /** Bytes of all values that a query returns, in MiB. */
  readonly resultMiB: number;
  /** Longest text, blob or row that a query may build, in MiB. */
  readonly valueMiB: number;
  /** Length of a query in UTF-8, in bytes. */
  readonly sqlBytes: number;
  /** Depth of an expression; each `AND` of a chain is one more. */
  readonly expressionDepth: number;
  /** Processes that run queries side by side. */
  readonly processes: number;
}

/** The paper's 30 seconds; the rest is ours, wide enough for every query that a person would write. */
export function defaultLimits(): ExecutionLimits {
  return {
    seconds: 30,
    graceSeconds: 2,
    memoryMiB: 1024,
    rows: 2_000_000,
    resultMiB: 512,
    valueMiB: 32,
    sqlBytes: 100_000,
    expressionDepth: 500,
    processes: Math.min(2, availableParallelism()),
  };
}

/** Lowest and highest value of each limit. WebAssembly ends at 2 GiB, SQLite's own expression depth at 1000. */
const RANGES: Readonly<Record<keyof ExecutionLimits, readonly [number, number]>> = {
  seconds: [0.01, 3600],
  graceSeconds: [0.1, 60],
  memoryMiB: [32, 2048],
  rows: [1, 10_000_000],
  resultMiB: [1, 4096],
  valueMiB: [1, 512],
  sqlBytes: [1, 1_000_000],
  expressionDepth: [10, 1000],
  processes: [1, 64],
};
const FRACTIONS: ReadonlySet<string> = new Set(["seconds", "graceSeconds"]);

/**
 * The limits asked for, the defaults for the rest.
 *
 * @throws LabError `config-invalid` for a name that is no limit, and for a number out of range.
 * @example
 * executionLimits({ seconds: 5 }).memoryMiB; // 1024
 */
export function executionLimits(asked: Partial<ExecutionLimits> = {}): ExecutionLimits {
  for (const [name, value] of Object.entries(asked)) {
    const range = RANGES[name as keyof ExecutionLimits];
    if (range === undefined)
      throw new LabError("config-invalid", `there is no limit "${name}"`, {
        hint: `limits: ${Object.keys(RANGES).join(", ")}`,
      });
    const [low, high] = range;
    if (!(value >= low && value <= high) || !(FRACTIONS.has(name) || Number.isInteger(value)))
      throw new LabError("config-invalid", `the limit ${name} is ${value}; expected ${low} to ${high}`);
  }
  return { ...defaultLimits(), ...asked };
}

export const mebibytes = (count: number): number => count * MEBI;
