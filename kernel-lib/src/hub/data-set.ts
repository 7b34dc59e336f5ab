import type { Json } from "../core/index.js";
import type { RawRow } from "./rows.js";

/** The data sets of the paper's experiments. */
export const DATA_SETS = ["gsm8k", "bird", "saferpaca"] as const;
export type DataSetName = (typeof DATA_SETS)[number];

export const SPLITS = ["train", "test"] as const;
export type Split = (typeof SPLITS)[number];

/** What is known of a split beforehand. */
export interface SplitFacts {
  /** Path in the repository on the Hub. */
  readonly path: string;
  /** Number of rows, where it is known. */
  readonly rows?: number;
  /**
   * sha256 of the canonical rows, where it is known: from then on it does not matter who sent them, or in which format.
   */
  readonly digest?: string;
}

/** A data set of rows: `<data>/<name>/{train,test}.jsonl`, canonical JSON Lines. */
export interface RowDataSet {
  readonly name: DataSetName;
  readonly title: string;
  readonly licence: string;
  /** Where it comes from on the Hub. */
  readonly repository: string;
  readonly revision: string;
  readonly splits: Readonly<Record<Split, SplitFacts>>;
  /** A row as the task reads it. @throws LabError `input-damaged`, which names `where`. */
  toRow(row: RawRow, index: number, split: Split, where: string): Readonly<Record<string, Json>>;
}

/** Where data that lies in the data folder came from, in `<data>/<name>/lock.json`. */
export interface DataLock {
  readonly dataSet: DataSetName;
  readonly source:
    | {
        readonly kind: "hub";
        readonly endpoint: string;
        readonly repository: string;
        readonly revision: string;
        /** The commit that the revision was, and the files as they came. */
        readonly commit: string;
        readonly files: readonly { readonly path: string; readonly size: number; readonly sha256: string }[];
      }
    | { readonly kind: "files" };
  /** By file in the data set's folder. `rows` where it has rows; `digest` sha256 (databases: none, they are large). */
  readonly files: Readonly<Record<string, { readonly size: number; readonly rows?: number; readonly digest?: string }>>;
  /** ISO time. */
  readonly fetched: string;
}
