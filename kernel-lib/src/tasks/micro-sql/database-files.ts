/** The databases as files, where the processes that run queries find them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError, sha256 } from "../../core/index.js";
import { type TemporaryFolder, temporaryFolder, writeWhole } from "../../store/index.js";
import type { Builder } from "./building.js";
import { INSTANCES, type Instance } from "./rows.js";
import type { Schema } from "./schema.js";

export interface DatabaseFiles extends AsyncDisposable {
  /** Paths of the instances of a database. @throws LabError `store-unwritable` where files can be written neither to the cache nor elsewhere. */
  pathsOf(schema: Schema): Promise<readonly string[]>;
  /** Removes what was not written to the cache. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Files named by the digest of their content: whoever needs one makes its bytes and writes them only where they are not there already, under
 * another name first. So any number of processes can share the folder, and a file that somebody cut short is replaced. Where the folder
 * cannot be written, files go to a temporary one that lives as long as this object.
 *
 * @param cache the folder, made when it is needed.
 */
export function databaseFiles(cache: string, builder: () => Promise<Builder>): DatabaseFiles {
  const known = new Map<string, Promise<readonly string[]>>();
  let temporary: Promise<TemporaryFolder> | undefined;

  const place = async (schema: Schema, instance: Instance): Promise<string> => {
    const bytes = (await builder()).bytesOf(schema, instance);
    const name = `${sha256(bytes)}.sqlite`;
    if (await holds(join(cache, name), bytes)) return join(cache, name);
    try {
      return await publish(cache, name, bytes);
    } catch {
      temporary ??= placeElsewhere();
      return publish((await temporary).path, name, bytes);
    }
  };
  return {
    pathsOf: (schema) => {
      const paths = known.get(schema.name) ?? Promise.all(INSTANCES.map((instance) => place(schema, instance)));
      known.set(schema.name, paths);
      // What is wrong with the disk may be mended.
      paths.catch(() => known.delete(schema.name));
      return paths;
    },
    [Symbol.asyncDispose]: async () => {
      known.clear();
      const folder = await temporary;
      temporary = undefined;
      await folder?.remove();
    },
  };
}

async function holds(path: string, bytes: Uint8Array): Promise<boolean> {
  const found = await readFile(path).catch(() => undefined);
  return found?.equals(bytes) ?? false;
}

async function publish(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  await writeWhole(join(folder, name), bytes);
  return join(folder, name);
}

async function placeElsewhere(): Promise<TemporaryFolder> {
  try {
    return await temporaryFolder("micro-sql");
  } catch (cause) {
    throw new LabError("store-unwritable", `there is no place for micro-sql's databases: ${(cause as Error).message}`, {
      cause,
      hint: "make the data folder or the folder for temporary files writable, or set ILR_DATA to one that is",
    });
  }
}
