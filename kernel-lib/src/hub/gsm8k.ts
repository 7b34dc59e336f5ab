import { join } from "node:path";
import { canonicalJson, LabError, sha256 } from "../core/index.js";
import { type RowDataSet, SPLITS, type Split } from "./data-set.js";
import { canonicalRows, readRowsOf, textOf } from "./rows.js";

/** A row of GSM8K as the data folder holds it. */
export interface Gsm8kRow {
  readonly question: string;
  /** Solution in steps, then `#### ` and the final answer. */
  readonly answer: string;
}

/**
 * GSM8K (Cobbe et al. 2021), configuration `main`: 7,473 train and 1,319 test rows, MIT.
 *
 * The digests are of the original release: written as Python writes them, the same rows have the published sha256 of
 * github.com/openai/grade-school-math's train.jsonl (17f347dc...) and test.jsonl (3730d312...). The commit is the one
 * that public
 * caches of openai/gsm8k name; the digests hold for any other source as well.
 */
export const gsm8kData: RowDataSet = {
  name: "gsm8k",
  title: "GSM8K: grade-school mathematics in words",
  licence: "MIT",
  repository: "openai/gsm8k",
  revision: "740312add88f781978c0658806c59bc2815b9866",
  splits: {
    train: {
      path: "main/train-00000-of-00001.parquet",
      rows: 7473,
      digest: "dca449882e67a1e7716b5da453650a7b16588a1f2d1a0d82394a43d75ea7e9ca",
    },
    test: {
      path: "main/test-00000-of-00001.parquet",
      rows: 1319,
      digest: "32c548f08195e19e33408b844dd7be6aa4bcae457d957bc05909ff4bd4a00595",
    },
  },
  toRow: (row, _index, _split, where) => ({
    question: textOf(row, ["question"], where),
    answer: textOf(row, ["answer"], where),
  }),
};

/** Digest of both splits: what results on GSM8K depend on. */
export const GSM8K_DIGEST = sha256(canonicalJson(SPLITS.map((split) => gsm8kData.splits[split].digest!)));

/**
 * GSM8K from the data folder, checked against its digests.
 *
 * @throws LabError `input-missing` when it was not fetched, `input-damaged` when it is not GSM8K.
 * @example
 * (await readGsm8k(".ilr/data")).test.length; // 1319
 */
export async function readGsm8k(data: string): Promise<Readonly<Record<Split, readonly Gsm8kRow[]>>> {
  const read = async (split: Split): Promise<readonly Gsm8kRow[]> => {
    const path = join(data, "gsm8k", `${split}.jsonl`);
    const rows = (await readRowsOf(path).catch(withHint)) as unknown as readonly Gsm8kRow[];
    const { digest } = canonicalRows(rows as unknown as Parameters<typeof canonicalRows>[0]);
    const expected = gsm8kData.splits[split].digest!;
    if (digest === expected) return rows;
    throw withoutTrust(`${path} holds ${rows.length} rows of digest ${digest}; expected GSM8K's ${expected}`);
  };
  const [train, test] = await Promise.all([read("train"), read("test")]);
  return { train, test };
}

function withHint(error: unknown): never {
  if (!(error instanceof LabError) || error.code !== "input-missing") throw error;
  throw new LabError("input-missing", error.message, { hint: "fetch it: ilr data get gsm8k", cause: error });
}

function withoutTrust(message: string): LabError {
  return new LabError("input-damaged", message, { hint: "fetch it again: ilr data get gsm8k" });
}
