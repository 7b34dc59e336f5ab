import { checkRef } from "./check.js";
import { type Basis, checkFile } from "./check-file.js";
import type { StoreContext } from "./context.js";
import { storeFailure } from "./failures.js";
import { contentFiles } from "./gc.js";
import { quarantineContent, quarantineRecord } from "./lookup.js";
import { readRecord, recordKeys } from "./records.js";

export interface StoreReport {
  readonly files: number;
  readonly bytes: number;
  readonly records: number;
  /** Digests of content that was damaged; it is in quarantine now. */
  readonly damaged: readonly string[];
  /** Keys of records that were damaged, or whose outputs are not whole; these steps run again. */
  readonly lostRecords: readonly string[];
}

/**
 * Checks every content file and every record; what is damaged goes to quarantine and is said aloud.
 * Safe beside running jobs: they only ever add whole files. Cost: `bytes` reads the whole store.
 */
export async function verifyStore(context: StoreContext, basis: Basis = "bytes"): Promise<StoreReport> {
  try {
    const damaged: string[] = [];
    let [files, bytes, records] = [0, 0, 0];
    // What this process has hashed before is read again: a verification should not trust a memory.
    context.hashed.clear();
    for await (const { digest, size } of contentFiles(context)) {
      files++;
      bytes += size;
      const problems = (await checkFile(context, digest, basis)).filter(({ problem }) => problem !== "missing");
      if (problems.length === 0) continue;
      damaged.push(digest);
      await quarantineContent(context, "content", problems);
    }
    const lostRecords: string[] = [];
    for (const key of await recordKeys(context)) {
      records++;
      if (!(await isSound(context, key))) lostRecords.push(key);
    }
    return { files, bytes, records, damaged, lostRecords };
  } catch (error) {
    throw storeFailure(error, "verifying the store");
  }
}

async function isSound(context: StoreContext, key: string): Promise<boolean> {
  const record = await readRecord(context, key);
  if (record === undefined) return false;
  for (const [name, output] of Object.entries(record.outputs)) {
    const size = output.ref.startsWith("file:") ? output.size : undefined;
    if ((await checkRef(context, output.ref, "size", size)).length === 0) continue;
    await quarantineRecord(context, record, `output "${name}" of ${record.label} is lost; it will be computed again`);
    return false;
  }
  return true;
}
