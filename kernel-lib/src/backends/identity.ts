import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Digest, digestOf, sha256 } from "../core/index.js";

const SOURCE = fileURLToPath(new URL("..", import.meta.url));
/** `.ts` when run from sources, `.js` when compiled. */
const EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
const packages = createRequire(import.meta.url);

/** Digest of the embedded trainer: the code of the engine and of what it stands on, and the version of its compute library. */
export function engineIdentity(): Digest {
  return once("engine", () =>
    digestOf({ files: codeOf(["core", "steps", "engine"]), onnxruntime: onnxruntimeVersion() }),
  );
}

/** Digest of the code that derivations run: tasks, judges, methods, experiments, and what they stand on. */
export function codeIdentity(): Digest {
  return once("code", () =>
    digestOf({ files: codeOf(["core", "steps", "hub", "judge", "tasks", "methods", "experiments"]) }),
  );
}

/** Version of the installed onnxruntime-node. */
export function onnxruntimeVersion(): string {
  return versionOf("onnxruntime-node/package.json");
}

const known = new Map<string, Digest>();

/** Sources do not change under a running process: what it has loaded is what it runs. */
function once(name: string, compute: () => Digest): Digest {
  const digest = known.get(name) ?? compute();
  known.set(name, digest);
  return digest;
}

/** Digests of source files by relative path without extension. Folders that do not exist are left out. */
function codeOf(folders: readonly string[]): Readonly<Record<string, Digest>> {
  const files: [string, Digest][] = [];
  for (const folder of folders) {
    for (const file of sourceFiles(folder)) {
      files.push([file.slice(0, -EXTENSION.length), sha256(readFileSync(join(SOURCE, file)))]);
    }
  }
  return Object.fromEntries(files);
}

function sourceFiles(folder: string): readonly string[] {
  try {
    return readdirSync(join(SOURCE, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return sourceFiles(path);
      return path.endsWith(EXTENSION) && !path.endsWith(".d.ts") ? [path] : [];
    });
  } catch {
    return [];
  }
}

function versionOf(packageFile: string): string {
  try {
    return String((packages(packageFile) as { version?: unknown }).version ?? "unknown");
  } catch {
    return "unknown";
  }
}
