/** Databases of two tables: which there are, and which split each may be asked about. */
import { type Random, seededRandom, sha256 } from "../../core/index.js";
import { KINDS, LABELS, MEASURES, NOUNS, plural } from "./lexicon.js";

export interface Table {
  /** What a row is: `pet`. */
  readonly noun: string;
  /** `pets`. */
  readonly name: string;
  readonly label: string;
  /** Columns of numbers. */
  readonly measures: readonly string[];
  /** Columns of few different values. */
  readonly kinds: readonly string[];
}

/**
 * A table whose rows refer to another's. The key of a table is called as its noun, and so are references to it: tables are joined by the one
 * column that both have. Of all others, a column's name is enough to say which is meant.
 */
export interface Schema {
  readonly name: string;
  readonly child: Table;
  readonly parent: Table;
}

export type Partition = "train" | "validation" | "test";

/** Databases that the questions of a split are about. */
export const SCHEMA_COUNTS: Readonly<Record<Partition, number>> = { train: 48, validation: 12, test: 24 };

/**
 * The databases of a split: the same for every seed, as in BIRD; seeds draw questions. No two tables that stand together in a test or
 * validation database do so anywhere else, the pretraining corpus included.
 *
 * @example
 * schemasOf("test")[0].child.name; // "songs"
 */
export function schemasOf(partition: Partition): readonly Schema[] {
  const random = seededRandom("micro-sql", "schemas", partition);
  const pairs = random.shuffle(PAIRS[partition]).slice(0, SCHEMA_COUNTS[partition]);
  return pairs.map((pair) => schemaOf(pair, random));
}

/** A database for the pretraining corpus. */
export function drawTrainSchema(random: Random): Schema {
  return schemaOf(random.pick(PAIRS.train), random);
}

/** The database as a prompt tells of it: each table with its columns, the reference last. Keys are not told: they are called as the nouns. */
export function schemaText({ child, parent }: Schema): string {
  return `${child.name} ${columnsOf(child).join(" ")} ${parent.noun} . ${parent.name} ${columnsOf(parent).join(" ")} .`;
}

/** The columns of a table but its key and its reference. */
export function columnsOf({ label, measures, kinds }: Table): readonly string[] {
  return [label, ...measures, ...kinds];
}

type Pair = readonly [child: string, parent: string];

/** A fifth of all pairs of nouns are for tests, a tenth for validation, whichever of the two refers to the other. */
function partitionOf([one, other]: Pair): Partition {
  const bucket = Number.parseInt(sha256([one, other].sort().join(" ")).slice(0, 8), 16) % 10;
  return bucket < 2 ? "test" : bucket === 2 ? "validation" : "train";
}

const ALL_PAIRS = NOUNS.flatMap((child) => NOUNS.filter((n) => n !== child).map((parent): Pair => [child, parent]));
const pairsIn = (partition: Partition): readonly Pair[] => ALL_PAIRS.filter((pair) => partitionOf(pair) === partition);
const PAIRS = { train: pairsIn("train"), validation: pairsIn("validation"), test: pairsIn("test") };

function schemaOf([child, parent]: Pair, random: Random): Schema {
  const labels = random.shuffle(LABELS);
  const measures = random.shuffle(MEASURES);
  const kinds = random.shuffle(Object.keys(KINDS));
  const two = 1 + random.below(2);
  const table = (noun: string, label: string, measured: readonly string[], sorted: readonly string[]): Table => ({
    noun,
    name: plural(noun),
    label,
    measures: measured,
    kinds: sorted,
  });
  return {
    name: `${child}-${parent}`,
    child: table(child, labels[0]!, measures.slice(0, two), kinds.slice(0, 3 - two)),
    parent: table(parent, labels[1]!, measures.slice(2, 3), kinds.slice(2, 3)),
  };
}
