import { constants, type Dirent } from "node:fs";
import { copyFile, lstat, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, LabError, sha256, shown } from "../core/index.js";
import type { ArtifactRef } from "../steps/index.js";
import { checkFile } from "./check-file.js";
import { assertWritable, type StoreContext } from "./context.js";
import { storeFailure, systemCode } from "./failures.js";
import { isDigest } from "./layout.js";
import { isPortablePath, type Manifest, manifestText, parseManifest } from "./manifest.js";
import { hashFile, type Published, publishFile } from "./publish.js";
import { quarantine } from "./quarantine.js";

/** The kind and digest of a reference. @throws LabError `input-damaged` if it is not one. */
export function parseRef(ref: ArtifactRef): { readonly kind: "file" | "tree"; readonly digest: Digest } {
  const [kind, digest = ""] = ref.split(":");
  if ((kind === "file" || kind === "tree") && isDigest(digest)) return { kind, digest };
  throw new LabError("input-damaged", `${shown(ref)} is not a reference`, {
    hint: "expected `file:` or `tree:` and 64 hexadecimal digits",
  });
}

/** Stores bytes or UTF-8 text. */
export async function putBytes(context: StoreContext, data: Uint8Array | string): Promise<Published> {
  const found = await present(context, sha256(data));
  if (found) return found;
  assertWritable(context);
  return publishFile(context, (temporary) => writeFile(temporary, data), context.paths.content, sha256(data));
}

/** Stores a copy of a file. @throws LabError `input-damaged` if it is a link or not a plain file. */
export async function putFile(context: StoreContext, path: string): Promise<Published> {
  await assertPlainFile(path);
  const found = await present(context, await hashFile(path));
  if (found) return found;
  assertWritable(context);
  // A clone where the file system can (no bytes move), a copy elsewhere; never a link, whose other name could be written to.
  const fill = (temporary: string): Promise<void> => copyFile(path, temporary, constants.COPYFILE_FICLONE);
  return publishFile(context, fill, context.paths.content);
}

/**
 * Content that is in the store already, and whole; so that a second run writes nothing, and a read-only store serves it.
 * It counts as written now: the collector's grace period starts again.
 */
async function present(context: StoreContext, digest: Digest): Promise<Published | undefined> {
  if ((await checkFile(context, digest, "bytes")).length > 0) return undefined;
  const path = context.paths.content(digest);
  try {
    const now = context.clock() / 1000;
    if (context.writable) await utimes(path, now, now);
    const { size, mtimeMs, ino } = await stat(path);
    context.hashed.set(digest, { size, mtimeMs, ino });
    return { digest, size };
  } catch {
    // Collected between the two looks: it is written again.
    return undefined;
  }
}

/** Stores a folder: its files, then its manifest. @throws LabError `input-damaged` for links and special files. */
export async function putTree(
  context: StoreContext,
  folder: string,
): Promise<{ readonly digest: Digest; readonly manifest: Manifest }> {
  const entries: [string, Published][] = [];
  for (const path of await plainFiles(folder)) entries.push([path, await putFile(context, join(folder, path))]);
  const manifest: Manifest = Object.fromEntries(entries);
  const { digest } = await putBytes(context, manifestText(manifest));
  return { digest, manifest };
}

/**
 * The files under a folder as sorted relative paths.
 * @throws LabError `input-damaged` if it holds a symbolic link, a device or a name that cannot be stored.
 */
export async function plainFiles(folder: string, prefix = ""): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await listFolder(join(folder, prefix))) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (!isPortablePath(path)) throw notPlain(join(folder, path), "has a name that cannot be stored");
    if (entry.isDirectory()) found.push(...(await plainFiles(folder, path)));
    else if (entry.isFile()) found.push(path);
    else throw notPlain(join(folder, path), entry.isSymbolicLink() ? "is a symbolic link" : "is not a plain file");
  }
  return found.sort();
}

/**
 * Content by digest, always checked against it.
 * @throws LabError `input-missing` if it is not there, `store-damaged` if it is not what it should be (it is quarantined).
 */
export async function readContent(context: StoreContext, digest: Digest): Promise<Uint8Array> {
  const path = context.paths.content(digest);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw storeFailure(error, `reading ${digest} from the store`);
    throw new LabError("input-missing", `the store has no content ${digest}`, {
      hint: "run the experiment again: the step that makes it runs again",
    });
  }
  if (sha256(bytes) !== digest) {
    await quarantine(
      context,
      path,
      `content ${digest} does not match its digest`,
      async (moved) => (await hashFile(moved)) === digest,
    );
    throw new LabError("store-damaged", `content ${digest} does not match its digest; it was put into quarantine`, {
      hint: "run again: the step that made it runs again",
    });
  }
  return bytes;
}

/** The manifest of a tree. */
export async function readManifest(context: StoreContext, digest: Digest): Promise<Manifest> {
  return parseManifest(new TextDecoder().decode(await readContent(context, digest)));
}

/** A row of a JSON Lines artifact. */
export type Row = object;

/** One JSON line a row, each ended by a line feed: the canonical form of derived data. */
export function formatRows(rows: readonly Row[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** @throws LabError `input-damaged` naming the line that is not a JSON object. */
export function parseRows(text: string, name: string): readonly Row[] {
  const rows: Row[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const row = parseLine(line);
    if (row === undefined) {
      throw new LabError(
        "input-damaged",
        `${name}, line ${index + 1}: expected a JSON object, got ${line.slice(0, 60)}`,
        {
          hint: "data artifacts are JSON Lines: one object a line",
        },
      );
    }
    rows.push(row);
  }
  return rows;
}

function parseLine(line: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function assertPlainFile(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    throw storeFailure(error, `storing ${path}`);
  });
  if (!found.isFile()) throw notPlain(path, found.isSymbolicLink() ? "is a symbolic link" : "is not a plain file");
}

async function listFolder(folder: string): Promise<readonly Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw storeFailure(error, `storing the folder ${folder}`);
  });
}

function notPlain(path: string, problem: string): LabError {
  return new LabError("input-damaged", `${path} ${problem}`, { hint: "only plain files and folders can be stored" });
}
