/** Images for tests, made of what this machine has: Node and its libraries, imported; no registry is asked. */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Docker from "dockerode";
import ts from "typescript";
import { buildEmbeddedImage, type Engine, openEngine } from "../../kernel-lib/src/backends/index.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const source = join(repository, "kernel-lib");
export const dockerfile = join(repository, "containers", "embedded", "Dockerfile");
const mine = `ilr-lab-test-${process.pid}`;

/** The engine that DOCKER_HOST or the usual socket names; undefined where none answers, unless ILR_REQUIRE_DOCKER=1. */
export async function engineOfThisMachine(): Promise<Engine | undefined> {
  try {
    return await openEngine();
  } catch (error) {
    if (process.env.ILR_REQUIRE_DOCKER === "1") throw error;
    return undefined;
  }
}

export function dockerode(socketPath?: string): Docker {
  return new Docker(socketPath === undefined ? {} : { socketPath });
}

/** An image of Node and the libraries that it and onnxruntime need. @returns its name. */
export async function importBase(docker = dockerode()): Promise<string> {
  const native = `${repository}/node_modules/onnxruntime-node/bin/napi-v6/linux/${process.arch}/libonnxruntime.so.1`;
  const libraries = [process.execPath, native].flatMap((file) =>
    [...execFileSync("ldd", [file], { encoding: "utf8" }).matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!),
  );
  const names = [process.execPath, ...new Set(libraries)].map((path) => path.slice(1));
  const tar = spawn("tar", ["-C", "/", "-chf", "-", "--transform", "s,^.*/bin/node$,usr/bin/node,", ...names], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stream = await docker.importImage(tar.stdout, { repo: `${mine}-base`, tag: "latest" });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
  });
  return `${mine}-base:latest`;
}

/** The scripted trainer as an image. @returns its name. */
export async function scriptedImage(base: string, docker = dockerode()): Promise<string> {
  const context = mkdtempSync(join(tmpdir(), "ilr-scripted-"));
  try {
    copyFileSync(fileURLToPath(new URL("scripted-trainer.mjs", import.meta.url)), join(context, "trainer.mjs"));
    const lines = [
      `FROM ${base}`,
      "COPY trainer.mjs /trainer.mjs",
      "COPY open /open",
      "WORKDIR /step",
      'ENTRYPOINT ["node", "/trainer.mjs"]',
    ];
    mkdirSync(join(context, "open", "inner"), { recursive: true });
    chmodSync(join(context, "open", "inner"), 0o777);
    writeFileSync(join(context, "Dockerfile"), lines.join("\n"));
    const stream = await docker.buildImage({ context, src: readdirSync(context) }, { t: `${mine}-scripted`, rm: true });
    const output = await new Promise<readonly object[]>((resolve, reject) => {
      docker.modem.followProgress(stream, (error, all) => (error ? reject(error) : resolve(all)));
    });
    const failure = output.find((line) => "error" in line);
    if (failure) throw new Error(JSON.stringify(failure));
    return `${mine}-scripted:latest`;
  } finally {
    rmSync(context, { recursive: true });
  }
}

/** The package as `make` would leave it, in a folder of its own: sources compiled file by file, without a type check. */
export function compilePackage(): string {
  const folder = mkdtempSync(join(tmpdir(), "ilr-package-"));
  for (const name of ["core", "steps", "store", "engine", "backends"]) {
    for (const entry of readdirSync(join(source, "src", name), { recursive: true, withFileTypes: true })) {
      if (!entry.name.endsWith(".ts")) continue;
      const path = join(entry.parentPath, entry.name);
      const target = join(folder, "dist", path.slice(join(source, "src").length + 1).replace(/\.ts$/, ".js"));
      const compilerOptions = {
        module: ts.ModuleKind.ES2022,
        target: ts.ScriptTarget.ES2022,
        verbatimModuleSyntax: true,
      };
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, ts.transpileModule(ts.sys.readFile(path)!, { compilerOptions }).outputText);
    }
  }
  mkdirSync(join(folder, "bin"));
  copyFileSync(join(source, "bin", "ilr-trainer.js"), join(folder, "bin", "ilr-trainer.js"));
  copyFileSync(join(source, "package.json"), join(folder, "package.json"));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** The image of the embedded engine, from such a package. @returns its name. */
export async function embeddedImage(engine: Engine, base: string, packageFolder: string): Promise<string> {
  const tag = `${mine}-embedded:latest`;
  await buildEmbeddedImage(engine, { source: { packageFolder, root: repository }, dockerfile, base, tag });
  return tag;
}

/** Removes what the tests of this process made. */
export async function removeTestImages(): Promise<void> {
  const docker = dockerode();
  for (const name of [`${mine}-embedded:latest`, `${mine}-scripted:latest`, `${mine}-base:latest`]) {
    await docker
      .getImage(name)
      .remove({ force: true })
      .catch(() => {});
  }
}
