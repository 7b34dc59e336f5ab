import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { type Digest, digestOf, LabError, sha256 } from "../../core/index.js";

/** Compiled folders that the trainer loads, or that its identity is made of. */
const FOLDERS = ["core", "steps", "store", "engine", "backends"] as const;
/** Packages that they need; onnxruntime-node's other dependencies serve its install script only. */
const PACKAGES = ["onnxruntime-node", "onnxruntime-common", "zod", "jsep"] as const;

/** What an image is built from. */
export interface ImageSource {
  /** Folder of the package: `dist/`, `bin/`, `package.json`. */
  readonly packageFolder: string;
  /** Folder with `package-lock.json`, if there is one. */
  readonly root: string;
  /** Processor of the image's machine. Default: this one's. */
  readonly architecture?: string;
}

/**
 * Digest of what goes into an image of the embedded engine: the compiled code and the lock. Kept in its label `ilr-lab.source`.
 * @throws LabError `input-missing` if the package has not been built.
 */
export function sourceDigest({ packageFolder, root }: ImageSource): Digest {
  const dist = compiled(packageFolder);
  const files = FOLDERS.flatMap((folder) => filesOf(join(dist, folder)))
    .filter((path) => path.endsWith(".js"))
    .map((path): [string, Digest] => [path.slice(dist.length + 1).replaceAll(sep, "/"), sha256(readFileSync(path))]);
  const lock = join(root, "package-lock.json");
  return digestOf({ files: Object.fromEntries(files), lock: existsSync(lock) ? sha256(readFileSync(lock)) : null });
}

/**
 * Lays out the build context: everything that is copied into the image, and nothing else. No package manager runs in the build, so
 * that it works offline and holds what this installation holds.
 */
export function layOutContext(source: ImageSource, dockerfile: string, target: string): void {
  const dist = compiled(source.packageFolder);
  for (const folder of FOLDERS) copyCode(join(dist, folder), join(target, "dist", folder));
  mkdirSync(join(target, "bin"), { recursive: true });
  cpSync(join(source.packageFolder, "bin", "ilr-trainer.js"), join(target, "bin", "ilr-trainer.js"));
  const { name, version, license, type } = packageOf(source.packageFolder);
  writeFileSync(join(target, "package.json"), `${JSON.stringify({ name, version, license, type }, null, 2)}\n`);
  const resolve = createRequire(join(source.packageFolder, "package.json")).resolve;
  for (const one of PACKAGES) {
    copyPackage(packageFolderOf(one, resolve), join(target, "node_modules", one), source.architecture ?? process.arch);
  }
  cpSync(dockerfile, join(target, "Dockerfile"));
}

/** @throws LabError `input-missing`. */
function compiled(packageFolder: string): string {
  const dist = join(packageFolder, "dist");
  if (existsSync(join(dist, "backends", "trainer", "main.js"))) return dist;
  throw new LabError("input-missing", "ilr-lab has not been built", { hint: "run `make` in the root of the checkout" });
}

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly type?: string;
}

function packageOf(folder: string): PackageFile {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageFile;
}

/** The folder of an installed package; its entry is resolved, as not every package exports its package.json. */
function packageFolderOf(name: string, resolve: (id: string) => string): string {
  for (let folder = dirname(resolve(name)); dirname(folder) !== folder; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json")) && packageOf(folder).name === name) return folder;
  }
  throw new LabError("input-missing", `the package ${name} is not installed`, { hint: "run `npm ci`" });
}

function copyCode(from: string, to: string): void {
  for (const path of filesOf(from)) {
    if (path.endsWith(".js")) cpSync(path, join(to, path.slice(from.length)));
  }
}

/** Code, its licence, and the native library for Linux; not sources, types, nor the libraries of other systems and of GPUs. */
function copyPackage(from: string, to: string, architecture: string): void {
  const native = `${sep}linux${sep}${architecture}${sep}`;
  for (const path of filesOf(from)) {
    const inside = path.slice(from.length);
    const isCode = /\.(js|json)$/.test(inside) && !/^.(src|script|lib|locales|bin)\b/.test(inside);
    const isNative = inside.includes(native) && !/cuda|tensorrt|webgpu|\.md$/i.test(inside);
    if (isCode || isNative || /^.LICEN[CS]E/i.test(inside)) cpSync(path, join(to, inside));
  }
}

function filesOf(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.slice(folder.length).includes(`${sep}node_modules${sep}`))
    .sort();
}
