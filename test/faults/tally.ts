/**
 * What tests of faults share: how many tries, from which seed, and how what came out is counted. A test reports its counts with
 * `count`; at the end of `make test-faults` the table of all counts is printed, and written to out/faults.json and out/faults.md.
 *
 * ILR_FAULTS=long makes many tries (`make test-faults`); without it a few are made (`make test`). ILR_FAULTS_SEED is the seed of
 * everything random: the same seed makes the same tries.
 */
import { expect, type TestContext } from "vitest";
import { type Random, seededRandom } from "../../kernel-lib/src/core/index.js";

declare module "vitest" {
  interface TaskMeta {
    fault?: FaultCount;
  }
}

/** What came of one kind of fault. */
export interface FaultCount {
  /** In the words of the table, such as "SIGKILL of the client (embedded backend)". */
  readonly fault: string;
  /** How often the fault happened. */
  readonly tries: number;
  /** Things that were valid and are gone or were done again: finished steps, entries, rows. */
  readonly lost: number;
  /** Wrong content used, wrong results, something left behind, an error without a type. */
  readonly wrong: number;
  /** Names of the defects that this test found, as docs/reliability.md has them, such as "R3". */
  readonly mended?: readonly string[];
  /** What a reader should know, such as how far the kills were spread. */
  readonly note?: string;
}

/** Whether this is the long form, `make test-faults`. */
export const isLong = process.env.ILR_FAULTS === "long";

/** The seed of everything random. */
export const faultSeed = Number(process.env.ILR_FAULTS_SEED ?? 0);

/** How many tries to make: few in `make test`, many in `make test-faults`. */
export function tries(short: number, long: number): number {
  return isLong ? long : short;
}

/** A random source of its own for a fault. */
export function faultRandom(...labels: readonly (string | number)[]): Random {
  return seededRandom("faults", faultSeed, ...labels);
}

/**
 * Reports the counts of a test, and fails it if something was lost or wrong.
 *
 * @example
 * it("survives", async ({ task }) => {
 *   count(task, { fault: "a flipped bit in an output", tries: 20, lost, wrong });
 * });
 */
export function count(task: TestContext["task"], counts: FaultCount): void {
  task.meta.fault = counts;
  expect(counts.tries, `no try of: ${counts.fault}`).toBeGreaterThan(0);
  expect({ lost: counts.lost, wrong: counts.wrong }, counts.fault).toEqual({ lost: 0, wrong: 0 });
}
