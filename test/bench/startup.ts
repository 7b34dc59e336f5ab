/**
 * What one waits for beside training: the command, the import, a figure, a hit, a plan, a run whose steps are all in the store. Of the built kit, each in a process of its own.
 * Usage: node --import tsx test/bench/startup.ts [rounds=5]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type BenchRow, compared, writeRows } from "./rows.js";

const rounds = Number(process.argv[2] ?? 5);
const root = resolve(import.meta.dirname, "..", "..");
const command = join(root, "kernel-lib", "bin", "ilr.js");
const dist = (folder: string): string => JSON.stringify(join(root, "kernel-lib", "dist", folder, "index.js"));
const folder = mkdtempSync(join(tmpdir(), "ilr-bench-"));

/** The number that a program prints at its end. */
const printed = (program: string): number => {
  const text = execFileSync(process.execPath, ["--input-type=module", "-e", program], { cwd: root, encoding: "utf8" });
  return Number(text.trim().split("\n").at(-1));
};
/** Seconds of a command, its process included. */
const taken = (cwd: string, ...args: readonly string[]): number => {
  const begun = performance.now();
  execFileSync(process.execPath, [command, ...args], { cwd, stdio: ["ignore", "ignore", "inherit"] });
  return (performance.now() - begun) / 1000;
};
/** Prints the seconds that the last statement takes. */
const timing = (before: string, timed: string): string =>
  `${before}; const begun = performance.now(); ${timed}; console.log((performance.now() - begun) / 1000);`;

const importing = timing(
  `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(join(root, "package.json"))})`,
  'require("ilr-lab")',
);

const nextFigure = timing(
  `import { lab } from ${dist(".")}; import { render } from ${dist("notebook")};
   const run = await lab.recorded("micro-math/main"); await render(run.figure("main"))`,
  'await render(run.figure("gain-by-arm"))',
);

const hits = (count: number): string =>
  `import { describeMachine, keyOf, openStore } from ${dist("store")};
   const path = ${JSON.stringify(join(folder, "hits"))};
   const filling = await openStore(path);
   const keys = [];
   for (let i = 0; i < ${count}; i++) {
     const { ref, size } = await filling.putBytes(String(i).padEnd(200_000, "."));
     const document = { kind: "derive", derivation: { name: "bench", contract: 1, params: { i }, inputs: {} }, code: "0".repeat(64), salt: "" };
     const key = keyOf(document);
     const about = { format: 1, key, label: "bench", document, trainer: { name: "derive", identity: "" }, versions: {}, machine: describeMachine() };
     await filling.publish({ ...about, outputs: { out: { ref, size } }, startedAt: "", endedAt: "", seconds: 0, events: { count: 0, metrics: {}, notes: [] } });
     keys.push(key);
   }
   const store = await openStore(path);
   const begun = performance.now();
   for (const key of keys) if (!(await store.lookup(key))) throw new Error("no hit");
   console.log((performance.now() - begun) / keys.length);`;

const planning = timing(
  `import { embeddedBackend } from ${dist("backends")}; import { openStore } from ${dist("store")};
   import { parseExperiment, planExperiment, presetByName } from ${dist("experiments")};
   const store = await openStore(${JSON.stringify(join(folder, "plan"))}); const backend = embeddedBackend();
   const seeds = Array.from({ length: 26 }, (_, seed) => seed);
   const experiment = parseExperiment({ ...presetByName("micro-math/main"), seeds })`,
  'const { steps } = await planExperiment(experiment, { store, backend, results: "results" }); if (steps.length < 5000) throw new Error(String(steps.length))',
);

/** The main experiment with a quarter of its questions, which still teach how answers look: as many steps and figures as the whole one. */
function smallRun(): string {
  const config = join(folder, "small.json");
  const sizes = { limit: { train: 1000, validation: 100, test: 200 } };
  writeFileSync(config, JSON.stringify({ extends: "micro-math/main", name: "small", ...sizes }));
  return config;
}

const measure = (what: string, most: number, unit: string, once: () => number): BenchRow =>
  compared({ bench: "startup", what, unit, ours: Array.from({ length: rounds }, once), target: { most } });

try {
  const config = smallRun();
  const run = ["run", config, "--out", join(folder, "out")];
  const rows = [
    measure("ilr --help", 0.15, "s", () => taken(root, "--help")),
    measure("import of the library", 0.3, "s", () => printed(importing)),
    measure("a notebook's figure after the first", 1, "s", () => printed(nextFigure)),
    measure("planning 5,000 steps", 2, "s", () => printed(planning)),
    measure("a hit in a store", 5, "ms", () => printed(hits(100))),
  ];
  if (!process.argv.includes("--without-run")) {
    taken(root, ...run);
    rows.push(measure("a run whose steps are all in the store", 3, "s", () => taken(root, ...run)));
  }
  for (const { what, ours, spread, unit } of rows) {
    console.log(`${what.padEnd(66)} ${ours.toFixed(3)} ${unit} (to ${spread[1].toFixed(3)})`);
  }
  writeRows("startup", rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
