/** The library as others have it: packed, installed elsewhere, used by a script that knows nothing of this repository: docs/extending.md. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const repository = resolve(import.meta.dirname, "..", "..");
const require = createRequire(import.meta.url);
const execute = promisify(execFile);

/** The first TypeScript that notebooks are compiled with. */
const ts50 = createRequire(require.resolve("tslab/dist/converter.js"))("@tslab/typescript-for-tslab") as typeof ts;

let folder: string;
let script: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ilr-outside-"));
  await installPacked(join(folder, "node_modules"));
  await cp(join(repository, "results", "bases"), join(folder, "results", "bases"), { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(folder, "tiny.json"), JSON.stringify(tiny));
  const page = await readFile(join(repository, "docs", "extending.md"), "utf8");
  const code = Array.from(page.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, block]) => block).join("\n");
  expect(code).toContain('lab.run("micro-math/quick", {');
  script = `${code.replace('"micro-math/quick"', '"tiny.json"')}
const { experiment, counts } = run.record.provenance;
console.log("RESULT", JSON.stringify({ executed: counts.executed, arms: experiment.arms.map(({ name }) => name), figure: run.figure("accuracy-by-round").data.map(({ name }) => name), reasoned: reasoned.name }));
`;
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The quick experiment, one round, few questions. */
const tiny = {
  extends: "micro-math/quick",
  name: "tiny",
  rounds: { ilr: 1, dpo: 1 },
  limit: { train: 1000, validation: 20, test: 40 },
  kl: false,
  arms: [{ name: "SFT", method: "sft" }],
};

/** What `npm install` of the packed library leaves, but that its dependencies are those of the repository. */
async function installPacked(modules: string): Promise<void> {
  const packing = join(folder, "packed");
  await mkdir(packing);
  const args = ["pack", "--workspace", "kernel-lib", "--pack-destination", packing, "--ignore-scripts", "--silent"];
  await execute("npm", args, { cwd: repository });
  const [tarball] = await readdir(packing);
  await execute("tar", ["-xzf", join(packing, tarball!), "-C", packing]);
  await mkdir(modules);
  await cp(join(packing, "package"), join(modules, "ilr-lab"), { recursive: true });
  for (const name of await readdir(join(repository, "node_modules"))) {
    if (name.startsWith(".") || name === "ilr-lab") continue;
    await symlink(join(repository, "node_modules", name), join(modules, name), "dir");
  }
}

/** What a compiler says about each of some scripts, and last what of the library it cannot even parse. */
function complaints(compiler: typeof ts, scripts: readonly string[]): readonly string[] {
  const paths = scripts.map((text, i) => {
    const path = join(folder, `script-${i}.ts`);
    ts.sys.writeFile(path, text);
    return path;
  });
  const program = compiler.createProgram(paths, {
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noEmit: true },
    ...{ module: compiler.ModuleKind.NodeNext, moduleResolution: compiler.ModuleResolutionKind.NodeNext },
    ...{ target: compiler.ScriptTarget.ES2022, lib: ["lib.es2022.d.ts"], types: ["node"] },
    ...{ skipLibCheck: true, typeRoots: [join(repository, "node_modules", "@types")] },
  });
  const ours = program.getSourceFiles().filter(({ fileName }) => fileName.includes("ilr-lab/dist/"));
  expect(ours.length).toBeGreaterThan(20);
  const inWords = (found: readonly ts.Diagnostic[]): string =>
    found.map(({ messageText }) => compiler.flattenDiagnosticMessageText(messageText, "\n")).join("\n");
  return [
    ...paths.map((path) => inWords(compiler.getPreEmitDiagnostics(program, program.getSourceFile(path)!))),
    inWords(ours.flatMap((file) => program.getSyntacticDiagnostics(file))),
  ];
}

const mistakes = [
  ['comparisonSource("x", ({ a, c }) => 0.5);', /'c' does not exist/],
  ['comparisonSource("x", ({ a }) => a);', /not assignable to type 'number/],
  ['comparisonSource("x", (pairs) => pairs.length, { batchSize: 2 });', /No overload matches/],
  ['comparisonSource("x", (_, { by }) => by, { parameters: { by: "text" } });', /not assignable to type 'number/],
  ['refinementRule("x", ({ pairs }) => pairs);', /not assignable to type/],
  ["ilr.with({ comparisons: () => 0.5 });", /not assignable/],
  ["ilr.with({ loss: hinge });", /'loss' does not exist/],
  ["dpo.with({ refine: bold });", /'refine' does not exist/],
  ['lab.run("micro-math/quick", { methods: [shorter] });', /not assignable/],
] as const;

interface Result {
  readonly executed: number;
  readonly arms: readonly string[];
  readonly figure: readonly string[];
}

/** Runs a TypeScript script with Node alone. */
async function runScript(text: string): Promise<Result> {
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  await writeFile(join(folder, "script.js"), ts.transpileModule(text, { compilerOptions: options }).outputText);
  const env = { ...process.env, ILR_ROOT: folder, ILR_STORE: join(folder, "store"), FROM_SCRATCH: "" };
  const { stdout } = await execute(process.execPath, ["script.js"], { cwd: folder, env, maxBuffer: 1e8 });
  return JSON.parse(/^RESULT (.*)$/m.exec(stdout)![1]!) as Result;
}

describe("the script of docs/extending.md, outside of the repository", () => {
  it.each([
    ["the TypeScript of this repository", ts],
    ["the TypeScript of notebooks", ts50],
  ])(
    "is well typed for %s, and its mistakes are not",
    (_, compiler) => {
      const wrong = mistakes.map(([mistake]) => `${script}\n${mistake}`);
      const [none, ...said] = complaints(compiler, [script, ...wrong]);
      expect(none).toBe("");
      expect(said.pop()).toBe("");
      for (const [i, [mistake, complaint]] of mistakes.entries()) expect(said[i], mistake).toMatch(complaint);
    },
    300_000,
  );

  it("runs: arms beside SFT, nothing computed twice, an edited function computed again", async () => {
    const arms = [
      "SFT",
      "ILR (prefers shorter)",
      "ILR (noisy oracle 0.75, all above 0.8)",
      "ILR, usual lengths",
      "DPO (noisy oracle 0.75, hinge)",
      "DPO (prefers shorter, DPO's own, beta 0.3)",
    ];
    const first = await runScript(script);
    expect(first.arms).toEqual(arms);
    for (const arm of arms) expect(first.figure).toContain(arm);
    expect(first.executed).toBeGreaterThan(10);

    expect((await runScript(script)).executed).toBe(0);

    const edited = script.replace("? 0.9 : 0.1));", "? 0.1 : 0.9));");
    expect(edited).not.toBe(script);
    const { executed } = await runScript(edited);
    // Other labels and another policy for the two arms that ask it; the other arms are as they were.
    expect(executed).toBeGreaterThan(0);
    expect(executed).toBeLessThan(first.executed / 2);
  }, 600_000);
});
