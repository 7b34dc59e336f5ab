import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, link, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LabError, throwIfCancelled } from "../core/index.js";
import { storeFailure, systemCode } from "../store/index.js";
import type { DataLock } from "./data-set.js";
import { readRowsOf, textOf } from "./rows.js";

export const birdData = {
  name: "bird",
  title: "BIRD: questions on databases, answered by SQL",
  licence: "CC BY-SA 4.0",
  splits: ["train", "dev"],
} as const;

/** What has to be done by hand, and where things go. */
export function birdInstructions(folder: string): string {
  return [
    "BIRD's databases take tens of gigabytes and come from its own page, https://bird-bench.github.io.",
    "Take the train and the dev set, unpack both archives, and the archives of databases inside them, so that there are",
    ...birdData.splits.flatMap((split) => [
      `  ${join(folder, split, `${split}.json`)}`,
      `  ${join(folder, split, `${split}_databases`, "<db_id>", "<db_id>.sqlite")}`,
    ]),
    "then run: ilr data get bird (or: ilr data get bird --from FOLDER, with train/ and dev/ in it)",
  ].join("\n");
}

/**
 * Checks BIRD in a folder: questions that can be read, and for each one its database, which must be an SQLite file.
 *
 * @returns files by path, as the lock holds them: digests of the questions, sizes of the databases.
 * @throws LabError `input-missing` with what is missing, `input-damaged`.
 */
export async function checkBird(folder: string): Promise<DataLock["files"]> {
  const files: Record<string, DataLock["files"][string]> = {};
  const missing: string[] = [];
  for (const split of birdData.splits) {
    const path = `${split}/${split}.json`;
    const rows = await readRowsOf(join(folder, path)).catch((error: unknown) => {
      if (!(error instanceof LabError) || error.code !== "input-missing") throw error;
      missing.push(path);
      return [];
    });
    if (rows.length === 0 && !missing.includes(path)) throw damaged(`${join(folder, path)} holds no questions`);
    const databases = new Set<string>();
    for (const [index, row] of rows.entries()) {
      const where = `question ${index + 1} of ${path}`;
      textOf(row, ["question"], where);
      textOf(row, ["SQL", "query", "sql"], where);
      databases.add(textOf(row, ["db_id"], where));
    }
    if (rows.length > 0) files[path] = { ...(await digestOfFile(join(folder, path))), rows: rows.length };
    for (const database of [...databases].sort()) {
      const place = `${split}/${split}_databases/${database}/${database}.sqlite`;
      const size = await sqliteSize(join(folder, place));
      if (size === undefined) missing.push(place);
      else files[place] = { size };
    }
  }
  if (missing.length === 0) return files;
  const some = missing.slice(0, 6).join(", ");
  throw new LabError(
    "input-missing",
    `${folder} lacks ${missing.length} files of BIRD: ${some}${missing.length > 6 ? ", ..." : ""}`,
    { hint: birdInstructions(folder) },
  );
}

/**
 * Brings a folder's BIRD into the data folder: as links where both are on one disk, else as copies. What is there
 * already stays.
 */
export async function importBird(
  from: string,
  folder: string,
  signal: AbortSignal | undefined,
  onFile: (path: string) => void,
): Promise<void> {
  for (const path of Object.keys(await checkBird(from))) {
    throwIfCancelled(signal, "the import");
    onFile(path);
    const target = join(folder, path);
    const temporary = `${target}.partial`;
    try {
      await mkdir(dirname(target), { recursive: true });
      await rm(temporary, { force: true });
      await link(join(from, path), target).catch(async (error: unknown) => {
        if (systemCode(error) === "EEXIST") return;
        await copyFile(join(from, path), temporary);
        await rename(temporary, target);
      });
    } catch (error) {
      throw storeFailure(error, `importing ${path}`);
    }
  }
}

/** Size of an SQLite file; undefined when there is none. */
async function sqliteSize(path: string): Promise<number | undefined> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { buffer } = await file.read(Buffer.alloc(16), 0, 16, 0);
    if (buffer.toString("latin1") === "SQLite format 3\0") return (await file.stat()).size;
    throw damaged(`${path} is no SQLite database`);
  } finally {
    await file.close();
  }
}

async function digestOfFile(path: string): Promise<{ size: number; digest: string }> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return { size: (await stat(path)).size, digest: hash.digest("hex") };
}

function damaged(message: string): LabError {
  return new LabError("input-damaged", message, { hint: "unpack it again from the archive of bird-bench.github.io" });
}
