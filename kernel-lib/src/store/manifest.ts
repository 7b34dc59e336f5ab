import { z } from "zod";
import { canonicalJson, type Digest, LabError } from "../core/index.js";

/** A folder as data: relative path (with `/`) to digest and size in bytes. Empty folders are not kept. */
export type Manifest = Readonly<Record<string, { readonly digest: Digest; readonly size: number }>>;

const entrySchema = z.strictObject({ digest: z.string().regex(/^[0-9a-f]{64}$/), size: z.number().int().min(0) });

/**
 * The canonical text of a manifest; its sha256 is the tree's reference.
 * @throws LabError `input-damaged` for a path that leaves the folder or does not work on every system.
 */
export function manifestText(manifest: Manifest): string {
  for (const path of Object.keys(manifest)) assertPortable(path);
  return canonicalJson(manifest);
}

/** @throws LabError `store-damaged` if the text is not a manifest. */
export function parseManifest(text: string): Manifest {
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
    for (const [path] of entries) assertPortable(path);
    return Object.fromEntries(entries.map(([path, entry]) => [path, entrySchema.parse(entry)]));
  } catch (cause) {
    throw new LabError("store-damaged", "a tree's manifest cannot be read", {
      hint: "run `ilr verify`; the step that made it runs again",
      cause,
    });
  }
}

/** Total size of a tree's files in bytes. */
export function manifestSize(manifest: Manifest): number {
  return Object.values(manifest).reduce((total, { size }) => total + size, 0);
}

/** Whether a relative path stays inside its folder and can be written on every system. */
export function isPortablePath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  if (path === "" || /[\\\u0000-\u001f]/.test(path) || Buffer.from(path).toString() !== path) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function assertPortable(path: string): void {
  if (isPortablePath(path)) return;
  throw new LabError("input-damaged", `${JSON.stringify(path)} cannot be the path of a stored file`, {
    hint: "expected names separated by `/`, without `..`, backslashes or control characters",
  });
}
