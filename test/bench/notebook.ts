/**
 * Wall time of a notebook of five cells by our runner and by nbclient, each in a process of its own, in turns, with the same kernel.
 *
 * Run: node --import tsx test/bench/notebook.ts [repetitions]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { join } from "node:path";
import { builtNotebook, type JupyterHome, jupyterMissing, makeJupyterHome, python } from "../jupyter/support.js";
import { compared, writeRows } from "./rows.js";

const cells = [
  'import { display } from "ilr-lab";\nimport { table } from "arquero";',
  "const rounds = Array.from({ length: 100 }, (_, i) => ({ round: i, accuracy: 1 - 1 / (i + 2) }));",
  "display(table({ round: rounds.map(({ round }) => round), accuracy: rounds.map(({ accuracy }) => accuracy) }));",
  "for (const { round, accuracy } of rounds) console.log(round, accuracy.toFixed(3));",
  'display({ data: [{ type: "scatter", y: rounds.map(({ accuracy }) => accuracy) }], layout: { title: "Accuracy" } });',
];

/** Seconds of a run's phases. */
interface Run {
  /** Start of the program that drives the kernel, its imports included. */
  readonly program: number;
  /** Start of the kernel, until the first cell begins. */
  readonly kernel: number;
  /** From the first cell's beginning to the last one's end. */
  readonly cells: number;
  /** Writing the notebook, and ending the kernel and the program. */
  readonly end: number;
  readonly total: number;
}

const phases = ["program", "kernel", "cells", "end", "total"] as const;

const ourProgram = `
import { runNotebook } from ${JSON.stringify(join(builtNotebook, "index.js"))};
const marks = { loaded: Date.now() };
const onCell = ({ state }) => (state === "running" ? (marks.ready ??= Date.now()) : (marks.done = Date.now()));
await runNotebook(process.argv[1], { output: process.argv[2], onCell });
console.log(JSON.stringify(marks));`;

async function measure(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Run> {
  const begun = Date.now();
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`${command} ended with exit code ${code}`);
  const ended = Date.now();
  const { loaded, ready, done } = JSON.parse(text) as { loaded: number; ready: number; done: number };
  const seconds = [loaded - begun, ready - loaded, done - ready, ended - done, ended - begun].map((ms) => ms / 1000);
  return Object.fromEntries(phases.map((phase, i) => [phase, seconds[i]!])) as unknown as Run;
}

function runners({ folder, env }: JupyterHome, notebook: string): { readonly [name: string]: () => Promise<Run> } {
  const script = join(import.meta.dirname, "notebook_nbclient.py");
  const ours = ["--input-type=module", "-e", ourProgram, notebook, join(folder, "ours.ipynb")];
  return {
    "our runner": () => measure(process.execPath, ours, env),
    nbclient: () => measure(python, [script, notebook, join(folder, "nbclient.ipynb")], env),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function show(name: string, values: readonly (number | string)[]): void {
  console.log(
    name.padEnd(22) +
      values.map((value) => (typeof value === "number" ? value.toFixed(2) : value).padStart(9)).join(""),
  );
}

async function main(): Promise<void> {
  const repetitions = Number(process.argv[2] ?? 5);
  console.log(`${cpus()[0]?.model.trim()}, node ${process.version}; seconds of wall time, ${cells.length} cells`);
  if (jupyterMissing !== undefined) return;
  const home = await makeJupyterHome();
  try {
    const runs = new Map<string, Run[]>();
    show("", phases);
    const both = Object.entries(runners(home, await home.notebook("five.ipynb", cells)));
    for (const [, run] of both) await run(); // the first of each warms the disk's cache, and does not count
    for (let i = 0; i < repetitions; i++) {
      for (const [name, run] of i % 2 === 0 ? both : both.toReversed()) {
        const measured = await run();
        runs.set(name, [...(runs.get(name) ?? []), measured]);
        show(
          name,
          phases.map((phase) => measured[phase]),
        );
      }
    }
    for (const [name, all] of runs)
      show(
        `${name}, median`,
        phases.map((phase) => median(all.map((run) => run[phase]))),
      );
    const [ours, theirs] = [runs.get("our runner")!, runs.get("nbclient")!];
    const wall = (all: readonly Run[]): number[] => all.map(({ total }) => total);
    const peer = { name: "nbclient", values: wall(theirs) };
    const what = `a notebook of ${cells.length} cells`;
    writeRows("notebook", [compared({ bench: "notebook", what, unit: "s wall", ours: wall(ours), peer })]);
    const ratios = theirs.map(({ total }, i) => total / ours[i]!.total);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
    console.log(`nbclient takes ${median(ratios).toFixed(2)} times as long (${low.toFixed(2)} to ${high.toFixed(2)})`);
  } finally {
    await home.remove();
  }
}

await main();
