import { stat } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../core/index.js";
import { birdData, checkBird } from "./bird.js";
import { DATA_SETS, type DataLock, type DataSetName, type RowDataSet, SPLITS } from "./data-set.js";
import { gsm8kData } from "./gsm8k.js";
import { readJson } from "./read-json.js";
import { type CanonicalRows, canonicalRows, readRowsOf } from "./rows.js";
import { saferpacaData } from "./saferpaca.js";

/** The data sets that are rows. */
export const ROW_DATA_SETS: Readonly<Partial<Record<DataSetName, RowDataSet>>> = {
  gsm8k: gsm8kData,
  saferpaca: saferpacaData,
};

/** What there is of a data set in the data folder. */
export interface DataReport {
  readonly name: DataSetName;
  readonly title: string;
  readonly licence: string;
  readonly folder: string;
  /** `verified`: what the pinned digests or the lock say. `unrecorded`: there, but never checked. */
  readonly state: "verified" | "unrecorded" | "damaged" | "missing";
  readonly problem?: LabError;
  readonly files: DataLock["files"];
  readonly lock?: DataLock;
}

/** Where a data set lies. */
export function dataSetFolder(data: string, name: DataSetName): string {
  return join(data, name);
}

/**
 * Looks at every data set, without network.
 *
 * @example
 * for (const { name, state } of await inspectData(".ilr/data")) console.log(name, state);
 */
export function inspectData(data: string): Promise<readonly DataReport[]> {
  return Promise.all(DATA_SETS.map((name) => inspectDataSet(data, name)));
}

/** Reads a data set whole and compares it with its pinned digests, or with its lock. */
export async function inspectDataSet(data: string, name: DataSetName): Promise<DataReport> {
  const folder = dataSetFolder(data, name);
  const rowSet = ROW_DATA_SETS[name];
  const { title, licence } = rowSet ?? birdData;
  const report = { name, title, licence, folder };
  try {
    const lock = await readJson<DataLock>(join(folder, "lock.json"));
    const files = rowSet ? await rowFiles(rowSet, folder) : await checkBird(folder);
    const problem = lock && difference(lock, files, folder);
    if (problem) return { ...report, state: "damaged", problem, files, lock };
    return { ...report, state: lock ? "verified" : "unrecorded", files, ...(lock && { lock }) };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const lock = await readJson<DataLock>(join(folder, "lock.json")).catch(() => undefined);
    const state = error.code === "input-missing" && !lock ? "missing" : "damaged";
    return { ...report, state, problem: error, files: {}, ...(lock && { lock }) };
  }
}

async function rowFiles(rowSet: RowDataSet, folder: string): Promise<DataLock["files"]> {
  const files: Record<string, DataLock["files"][string]> = {};
  for (const split of SPLITS) {
    const name = `${split}.jsonl`;
    const { rows, digest } = await readSplit(rowSet, split, join(folder, name));
    files[name] = { size: (await stat(join(folder, name))).size, rows, digest };
  }
  return files;
}

/**
 * A split from any file that holds it, in canonical form.
 *
 * @throws LabError `input-missing`, `input-damaged` when its rows are not those of the data set.
 */
export async function readSplit(rowSet: RowDataSet, split: "train" | "test", path: string): Promise<CanonicalRows> {
  const raw = await readRowsOf(path);
  const rows = raw.map((row, index) => rowSet.toRow(row, index, split, `row ${index + 1} of ${path}`));
  const ids = rows.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const seen = new Set<unknown>();
  const twice = ids.find((id) => seen.size === seen.add(id).size);
  if (twice !== undefined) throw damaged(rowSet, `${path} has the id ${JSON.stringify(twice)} twice`);
  const canonical = canonicalRows(rows);
  const expected = rowSet.splits[split];
  if (expected.rows !== undefined && canonical.rows !== expected.rows) {
    throw damaged(
      rowSet,
      `${path} has ${canonical.rows} rows; expected the ${expected.rows} of ${rowSet.name}'s ${split} split`,
    );
  }
  if (expected.digest !== undefined && canonical.digest !== expected.digest) {
    throw damaged(rowSet, `the rows of ${path} have digest ${canonical.digest}; expected ${expected.digest}`);
  }
  return canonical;
}

function damaged({ name }: RowDataSet, message: string): LabError {
  return new LabError("input-damaged", message, { hint: `fetch it again, or from elsewhere: ilr data get ${name}` });
}

/** The first file that is not what the lock says. */
function difference(lock: DataLock, files: DataLock["files"], folder: string): LabError | undefined {
  for (const [name, was] of Object.entries(lock.files)) {
    const is = files[name];
    const same = is !== undefined && (was.digest === undefined ? is.size === was.size : is.digest === was.digest);
    if (same) continue;
    return new LabError("input-damaged", `${join(folder, name)} is not what was recorded when it was fetched`, {
      hint: `fetch it again, or remove ${join(folder, "lock.json")} if the change is meant`,
    });
  }
  return undefined;
}
