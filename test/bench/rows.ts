/** Rows of the benches' one table: what it cost us, a peer, and what the machine allows. Less is better in every unit. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where benches leave their rows, for report.ts. */
export const BENCH_FOLDER = "out/bench";

export interface BenchRow {
  readonly bench: string;
  readonly what: string;
  /** Such as "s CPU" or "MB"; less is better. */
  readonly unit: string;
  /** The best round. */
  readonly ours: number;
  readonly peer?: number;
  readonly peerName?: string;
  /** How many times as much the peer takes: of best rounds. */
  readonly ratio?: number;
  /** Least and most of `ratio` over the rounds (without a peer: of ours). */
  readonly spread: readonly [number, number];
  /** The least that a limit of the machine, measured in the same run, allows. */
  readonly limit?: number;
  readonly limitName?: string;
  readonly target?: Target;
  /** Scaling: the costs that the exponent is fitted to, at 1, 2, 4 and 8 times the size. */
  readonly points?: readonly number[];
}

/** What is asked for. */
export interface Target {
  /** The peer takes at least so many times as much. */
  readonly ratio?: number;
  /** At least this share of what the limit allows. */
  readonly share?: number;
  /** At most so much, in the row's unit. */
  readonly most?: number;
}

export interface Measured {
  readonly bench: string;
  readonly what: string;
  readonly unit: string;
  /** A value a round. */
  readonly ours: readonly number[];
  readonly peer?: { readonly name: string; readonly values: readonly number[] } | undefined;
  readonly limit?: { readonly name: string; readonly value: number };
  readonly target?: Target;
}

/** A row of rounds: the best of both sides, and how far the ratio of rounds that were run beside each other goes. */
export function compared({ ours, peer, limit, target, ...about }: Measured): BenchRow {
  const best = Math.min(...ours);
  const row = {
    ...about,
    ours: best,
    ...(limit && { limit: limit.value, limitName: limit.name }),
    ...(target && { target }),
  };
  if (!peer) return { ...row, spread: [best, Math.max(...ours)] };
  const ratios = peer.values.map((value, round) => value / ours[round]!);
  const theirs = Math.min(...peer.values);
  return {
    ...row,
    ...{ peer: theirs, peerName: peer.name, ratio: theirs / best },
    spread: [Math.min(...ratios), Math.max(...ratios)],
  };
}

/** Leaves a bench's rows for the table. `versions` names the peers' packages. */
export function writeRows(bench: string, rows: readonly BenchRow[], versions?: string): void {
  mkdirSync(BENCH_FOLDER, { recursive: true });
  writeFileSync(join(BENCH_FOLDER, `${bench}.json`), `${JSON.stringify({ versions, rows }, null, 2)}\n`);
}
