import { mkdir } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import type { Command } from "commander";
import { type Json, LabError } from "../../core/index.js";
import { findProject } from "../../experiments/index.js";
import {
  type CellProgress,
  formatSeconds,
  type Parameters,
  readSolutions,
  runNotebook,
  type Solutions,
} from "../../notebook/index.js";
import { storeFailure } from "../../store/index.js";
import { about } from "../about.js";
import { print, wholeNumber } from "../context.js";
import { interruptible } from "../interrupt.js";
import type { CliContext } from "../surroundings.js";

interface NotebookOptions {
  readonly out?: string;
  readonly inplace?: boolean;
  readonly param: Parameters;
  readonly timeout?: string;
  readonly solutions?: string;
}

export function registerNotebook(program: Command, context: CliContext): void {
  program
    .command("notebook")
    .description(about.notebook)
    .command("run")
    .description("execute notebooks from the first cell to the last and write them with their outputs")
    .argument("<files...>", "notebooks (.ipynb)")
    .option("--out <folder>", "where executed notebooks go (default: out/notebooks)")
    .option("--inplace", "write each where it was")
    .option("--param <name=value>", "a value for the cell tagged `parameters`; may be repeated", collectParameter, {})
    .option("--solutions <folder>", "solve the exercises of lessons first: NAME.md there has those of NAME.ipynb")
    .option("--timeout <seconds>", "limit for each cell")
    .action((files: readonly string[], options: NotebookOptions) => runAll(context, files, options));
}

/** The value is read as JSON, or as text where it is not JSON. */
function collectParameter(assignment: string, before: Parameters): Parameters {
  const at = assignment.indexOf("=");
  if (at < 1) {
    throw new LabError("config-invalid", `--param ${assignment}: expected name=value`, {
      hint: "such as --param 'seeds=[0,1]'",
    });
  }
  const text = assignment.slice(at + 1);
  let value: Json = text;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    // Plain text.
  }
  return { ...before, [assignment.slice(0, at)]: value };
}

async function runAll(context: CliContext, files: readonly string[], options: NotebookOptions): Promise<void> {
  if (options.inplace && options.solutions !== undefined) {
    throw new LabError("config-invalid", "--inplace with --solutions would write solutions into the lessons", {
      hint: "say with --out where the solved lessons go",
    });
  }
  const folder = options.inplace ? undefined : await outputFolder(context, options.out);
  const limit = options.timeout === undefined ? undefined : wholeNumber("--timeout", options.timeout, 1);
  const say = (line: string): void => void context.stderr.write(`${line}\n`);
  await interruptible(say, async (signal) => {
    for (const file of files) {
      const path = resolve(context.cwd, file);
      const run = await runNotebook(path, {
        ...(options.solutions !== undefined && { solutions: await solutionsOf(context, options.solutions, path) }),
        ...(folder && { output: join(folder, basename(path)) }),
        ...(limit !== undefined && { cellTimeoutMs: limit * 1000 }),
        parameters: options.param,
        signal,
        onCell: (progress) => showCell(context, progress),
      });
      print(context, `${run.path}  ${run.cells} cells, ${formatSeconds(run.elapsedMs / 1000)}`);
    }
  });
}

function solutionsOf({ cwd }: CliContext, folder: string, notebook: string): Promise<Solutions> {
  return readSolutions(resolve(cwd, folder, `${basename(notebook, extname(notebook))}.md`));
}

/** A line for each cell; on a terminal it is there while the cell runs. */
function showCell({ stdout }: CliContext, { cell, cells, state, title, elapsedMs }: CellProgress): void {
  const line = `[${cell}/${cells}] ${title}`;
  if (state !== "running") {
    const failed = state === "failed" ? "  failed" : "";
    stdout.write(`${stdout.isTTY ? "\r\x1b[2K" : ""}${line}  ${formatSeconds(elapsedMs / 1000)}${failed}\n`);
  } else if (stdout.isTTY) stdout.write(`${line.slice(0, (stdout.columns ?? 80) - 3)} ...`);
}

async function outputFolder(context: CliContext, out: string | undefined): Promise<string> {
  const folder =
    out === undefined ? join(findProject(context.cwd).root, "out", "notebooks") : resolve(context.cwd, out);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw storeFailure(error, `making the folder ${folder}`);
  });
  return folder;
}
