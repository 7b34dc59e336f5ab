import { LabError } from "../../core/index.js";

/** How two models did on the same questions, of one seed: the table of McNemar's test. */
export interface PairedTable {
  readonly seed: number;
  /** Questions that both answered right, only the first, only the second, neither. */
  readonly both: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly neither: number;
}

const RIGHT = 49;

/**
 * Counts the questions of a seed by who answered them right.
 *
 * @param first one character a question, 1 right and 0 wrong; `second` in the same order.
 * @throws LabError `input-damaged` when the two are of different length.
 * @example
 * pairedTable(0, "1100", "1010"); // { seed: 0, both: 1, onlyFirst: 1, onlySecond: 1, neither: 1 }
 */
export function pairedTable(seed: number, first: string, second: string): PairedTable {
  if (first.length !== second.length) {
    throw new LabError(
      "input-damaged",
      `seed ${seed} has records of ${first.length} and of ${second.length} questions`,
      { hint: "the two arms were not tested on the same questions: run both with the same task and limit.test" },
    );
  }
  // Characters are compared as codes: a table of all pairs of twenty arms reads two million of them.
  const counts: [number, number, number, number] = [0, 0, 0, 0];
  for (let i = 0; i < first.length; i++) {
    counts[(first.charCodeAt(i) === RIGHT ? 2 : 0) + (second.charCodeAt(i) === RIGHT ? 1 : 0)]! += 1;
  }
  const [neither, onlySecond, onlyFirst, both] = counts;
  return { seed, both, onlyFirst, onlySecond, neither };
}

/** How many questions a table is about. */
export function questionsOf({ both, onlyFirst, onlySecond, neither }: PairedTable): number {
  return both + onlyFirst + onlySecond + neither;
}

/** Difference in accuracy within a seed, first minus second. */
export function differenceOf(table: PairedTable): number {
  return (table.onlyFirst - table.onlySecond) / questionsOf(table);
}

/** All seeds' questions in one table. */
export function pooled(tables: readonly PairedTable[]): PairedTable {
  const sum = (of: (table: PairedTable) => number): number => tables.reduce((total, table) => total + of(table), 0);
  return {
    seed: tables[0]!.seed,
    both: sum(({ both }) => both),
    onlyFirst: sum(({ onlyFirst }) => onlyFirst),
    onlySecond: sum(({ onlySecond }) => onlySecond),
    neither: sum(({ neither }) => neither),
  };
}
