import type { Artifact } from "../steps/index.js";
import type { Store } from "../store/index.js";
import { countRows, parametersFact } from "./outputs.js";

/**
 * Takes a file into the store. JSON Lines files (`.jsonl`) are checked and their rows counted.
 * @throws LabError `input-missing`, `input-damaged`, `store-full`, `store-unwritable`.
 */
export async function importFile<R = unknown>(store: Store, path: string): Promise<Artifact<R>> {
  const { ref } = await store.putFile(path);
  return path.endsWith(".jsonl") ? { ref, rows: await countRows(path) } : { ref };
}

/**
 * Takes a folder, such as a model from the Hub, into the store.
 * @throws LabError `input-missing`, `input-damaged` (links, special files, broken weights), `store-full`, `store-unwritable`.
 */
export async function importTree(store: Store, folder: string): Promise<Artifact> {
  const { ref } = await store.putTree(folder);
  return { ref, ...(await parametersFact(folder)) };
}
