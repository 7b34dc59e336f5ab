/**
 * A project with an experiment so small that an undisturbed run takes seconds: a weak supervisor, SFT, a round of ILR and one of DPO, on
 * recorded base models; run by the command line as a user would, in processes that can be found again wherever they are.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../..", import.meta.url));
export const command = join(repository, "kernel-lib", "bin", "ilr.js");

const experiment = {
  extends: "micro-math/quick",
  rounds: { ilr: 1, dpo: 1 },
  limit: { train: 120, validation: 10, test: 10 },
  recipe: {
    weak: { epochs: 8, checkpoints: 2 },
    student: { epochs: 8 },
    evaluator: { epochs: 1 },
    preferenceSampling: { samples: 2 },
  },
};

/** What a run prints into its folder, without what tells the time. */
const RESULTS = ["points.jsonl", "evaluators.jsonl", "table.md", "figure.svg", "figure.png"];

/** A run of the command line, and everything that it starts. */
export interface Run {
  readonly child: ChildProcess;
  /** Exit code, or null if it was killed. */
  readonly ended: Promise<number | null>;
  readonly output: () => string;
  /** Processes that it started (or is), wherever they hang in the tree, with their command lines. */
  processes(): readonly { readonly pid: number; readonly command: string }[];
}

export interface TinyProject {
  readonly folder: string;
  readonly config: string;
  /** A notebook with the same experiment in its one cell. */
  readonly notebook: string;
  /** Starts `ilr` with arguments, in a process group of its own. */
  start(args: readonly string[], environment?: Readonly<Record<string, string>>): Run;
  /** Throws the store and the results away. */
  empty(): void;
  /** The records by key; their text says when and by whom a step was run, so that one that ran again has another. */
  records(): ReadonlyMap<string, string>;
  /** Everything that a finished run leaves, without times: key and outputs of each step, content, files of the run's folder. */
  outcome(): Readonly<Record<string, string>>;
  /** What should not be there when nothing runs. */
  leftovers(): readonly string[];
  remove(): void;
}

export function tinyProject(): TinyProject {
  const folder = mkdtempSync(join(tmpdir(), "ilr-faults-"));
  const at = (...parts: readonly string[]): string => join(folder, ...parts);
  for (const name of ["notebooks", "results", "tmp"]) mkdirSync(at(name));
  for (const base of ["micro-math-weak-0", "micro-math-strong-0"]) {
    cpSync(join(repository, "results", "bases", base), at("results", "bases", base), { recursive: true });
  }
  symlinkSync(join(repository, "node_modules"), at("node_modules"), "dir");
  const config = at("tiny.json");
  writeFileSync(config, JSON.stringify(experiment));
  const notebook = at("notebooks", "run.ipynb");
  writeFileSync(notebook, JSON.stringify(notebookThatRuns(config)));
  const records = (): ReadonlyMap<string, string> =>
    new Map(list(at("store", "steps")).map((name) => [name, readFileSync(at("store", "steps", name), "utf8")]));
  return {
    folder,
    config,
    notebook,
    start: (args, environment = {}) =>
      start(args, {
        ...{ ILR_ROOT: folder, ILR_STORE: at("store"), TMPDIR: at("tmp"), FROM_SCRATCH: "" },
        ...environment,
      }),
    empty: () => {
      for (const name of ["store", "out", "tmp"]) rmSync(at(name), { recursive: true, force: true });
      mkdirSync(at("tmp"));
    },
    records,
    outcome: () => ({
      ...Object.fromEntries([...records()].map(([name, text]) => [name, outputsOf(text)])),
      content: digest(files(at("store", "cas")).sort().join()),
      ...Object.fromEntries(RESULTS.map((name) => [name, existing(at("out", name))])),
    }),
    leftovers: () => [
      ...["store/tmp", "store/work", "store/quarantine", "store/logs", "store/detached", "tmp"].flatMap((name) =>
        list(at(name)).map((file) => `${name}/${file}`),
      ),
      ...files(at("store", "locks")).filter((file) => file.includes("draft-")),
      ...list(at("out")).filter((name) => ![...RESULTS, "provenance.json", "run.ipynb"].includes(name)),
    ],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function notebookThatRuns(config: string): object {
  const source = `import { lab } from "ilr-lab";\nconst run = await lab.run(${JSON.stringify(config)});`;
  const cell = { cell_type: "code", id: "run", metadata: {}, source, outputs: [], execution_count: null };
  return { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
}

function start(args: readonly string[], environment: Readonly<Record<string, string>>): Run {
  const mark = `ILR_FAULTS_MARK=${randomUUID()}`;
  const [name, value] = mark.split("=") as [string, string];
  const child = spawn(process.execPath, [command, ...args], {
    env: { ...process.env, ...environment, [name]: value },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += String(chunk)));
  // Not "close": a process left behind holds the pipes.
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  return { child, ended, output: () => output, processes: () => marked(mark) };
}

/** Processes whose environment has a mark: children inherit it. */
function marked(mark: string): readonly { pid: number; command: string }[] {
  return list("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "utf8").includes(mark)) return [];
        return [{ pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ") }];
      } catch {
        return [];
      }
    });
}

/** Waits until a run and all it started are gone; what still lives after a while is told, and ended. */
export async function orphansOf(run: Run, patienceMs = 20_000): Promise<readonly string[]> {
  const begin = performance.now();
  for (;;) {
    const left = run.processes();
    if (left.length === 0) return [];
    if (performance.now() - begin > patienceMs) {
      for (const { pid } of left) process.kill(pid, "SIGKILL");
      return left.map(({ command }) => `still running: ${command}`);
    }
    await pause(25);
  }
}

/** The names in which two outcomes differ. */
export function differences(
  expected: Readonly<Record<string, string>>,
  got: Readonly<Record<string, string>>,
): readonly string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(got)])].filter((name) => expected[name] !== got[name]);
}

/** What a record promises, without times and machines. */
function outputsOf(text: string): string {
  const { label: _, outputs, document } = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ outputs, document });
}

const digest = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const existing = (path: string): string => (existsSync(path) ? digest(readFileSync(path)) : "missing");

function list(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function files(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}
