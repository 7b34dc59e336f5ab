import { randomUUID } from "node:crypto";
import { dirname, resolve } from "node:path";
import { LabError } from "../core/index.js";
import { Kernel } from "./kernel-process.js";
import { kernelDisplayName, kernelName } from "./kernelspec.js";
import { type Solutions, withSolutions } from "./lessons/index.js";
import { type Cell, type Notebook, type Output, readNotebook, writeNotebook } from "./nbformat.js";
import { collectOutputs } from "./outputs.js";
import { injectParameters, type Parameters } from "./parameters.js";
import type { Message } from "./wire.js";

/** Where a run stands: `cell` of `cells` code cells, counted from 1. */
export interface CellProgress {
  readonly cell: number;
  readonly cells: number;
  readonly state: "running" | "done" | "failed";
  /** The cell's first line of code. */
  readonly title: string;
  /** Wall time of the cell, in ms; 0 while it runs. */
  readonly elapsedMs: number;
}

export interface RunNotebookOptions {
  /** Where the executed notebook goes. Default: in place of the notebook. */
  readonly output?: string;
  /** Values for the names that the cell tagged `parameters` declares. */
  readonly parameters?: Parameters;
  /** Code in place of a lesson's blanks, by exercise. */
  readonly solutions?: Solutions;
  /** Limit for each cell, in ms. Default: none. */
  readonly cellTimeoutMs?: number;
  /** Environment of the kernel. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Called when a cell starts and when it ends; must not throw. */
  readonly onCell?: (progress: CellProgress) => void;
  /** Ends the kernel and the run. */
  readonly signal?: AbortSignal;
}

export interface NotebookRun {
  /** Path of the executed notebook. */
  readonly path: string;
  readonly notebook: Notebook;
  /** Number of code cells that were executed. */
  readonly cells: number;
  /** Wall time, the kernel's start included, in ms. */
  readonly elapsedMs: number;
}

/** A notebook that stopped, with the place and what is known of the error. Its code is `notebook-failed`, or `cancelled`. */
export class NotebookError extends LabError {
  /** The code cell that failed, counted from 1. */
  readonly cell: number;
  /** Its index in the notebook's `cells`. */
  readonly index: number;
  /** Name and message of what the cell threw; undefined when the kernel ended or time ran out. */
  readonly ename: string | undefined;
  readonly evalue: string | undefined;
  /** The notebook with the outputs so far. It is not written: an earlier executed notebook stays as it was. */
  readonly notebook: Notebook;

  constructor(
    message: string,
    at: { cell: number; index: number; notebook: Notebook; error?: Output & { output_type: "error" } },
    options: { code?: "notebook-failed" | "cancelled"; hint?: string; cause?: unknown } = {},
  ) {
    super(options.code ?? "notebook-failed", message, options);
    this.name = "NotebookError";
    this.cell = at.cell;
    this.index = at.index;
    this.ename = at.error?.ename;
    this.evalue = at.error?.evalue;
    this.notebook = at.notebook;
  }
}

/**
 * Executes a notebook from the first cell to the last in a kernel of its own, started in the notebook's folder, and writes it with its
 * outputs. It needs neither Jupyter nor Python. The file is written only when every cell has succeeded, in one step.
 *
 * @throws NotebookError (code `notebook-failed`) at the first cell that throws, does not compile, outlasts its limit or takes the
 *   kernel with it; code `cancelled` after `signal`.
 * @throws LabError `input-missing`, `input-damaged`, `config-invalid` (parameters, solutions), `store-unwritable`.
 * @example
 * await runNotebook("notebooks/01-main-result.ipynb", { cellTimeoutMs: 600_000, parameters: { seeds: [0] } });
 */
export async function runNotebook(path: string, options: RunNotebookOptions = {}): Promise<NotebookRun> {
  const started = Date.now();
  const { parameters = {}, solutions } = options;
  const read = withoutOutputs(await readNotebook(path));
  const notebook = injectParameters(solutions === undefined ? read : withSolutions(read, solutions), parameters);
  notebook.metadata = { ...kernelMetadata, ...notebook.metadata };
  const output = resolve(options.output ?? path);
  const kernel = await Kernel.start({
    cwd: dirname(resolve(path)),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  try {
    const cells = await executeCells(kernel, notebook, options);
    await writeNotebook(output, notebook);
    return { path: output, notebook, cells, elapsedMs: Date.now() - started };
  } finally {
    await kernel.close();
  }
}

const kernelMetadata = {
  kernelspec: { display_name: kernelDisplayName, language: "typescript", name: kernelName },
  language_info: { file_extension: ".ts", mimetype: "text/typescript", name: "typescript" },
};

function withoutOutputs(notebook: Notebook): Notebook {
  const cells = notebook.cells.map(
    (cell): Cell => (isExecuted(cell) ? { ...cell, outputs: [], execution_count: null } : cell),
  );
  return { ...notebook, cells };
}

/** As in nbclient, a cell tagged `skip-execution` stays as it is. */
function isExecuted(cell: Cell): boolean {
  return cell.cell_type === "code" && !hasTag(cell, "skip-execution");
}

function hasTag({ metadata }: Cell, tag: string): boolean {
  return Array.isArray(metadata?.tags) && metadata.tags.includes(tag);
}

async function executeCells(kernel: Kernel, notebook: Notebook, options: RunNotebookOptions): Promise<number> {
  const collector = collectOutputs();
  const outputsOf = new Map<string, Output[]>();
  kernel.onLateMessage((message) => {
    const outputs = outputsOf.get(message.parentId ?? "");
    if (outputs !== undefined) collector.add(outputs, message);
  });
  const code = [...notebook.cells.entries()].filter(([, cell]) => isExecuted(cell) && cell.source.trim() !== "");
  for (const [i, [index, cell]] of code.entries()) {
    const outputs: Output[] = [];
    cell.outputs = outputs;
    const id = randomUUID();
    outputsOf.set(id, outputs);
    const at = { cell: i + 1, cells: code.length, title: cell.source.trim().split("\n")[0]! };
    const begun = Date.now();
    options.onCell?.({ ...at, state: "running", elapsedMs: 0 });
    const place = { cell: at.cell, index, notebook };
    const failure = await attempt(kernel, cell, id, options, place, (message) => collector.add(outputs, message));
    options.onCell?.({ ...at, state: failure === undefined ? "done" : "failed", elapsedMs: Date.now() - begun });
    // As in nbclient, a cell may be meant to fail; its kernel must not.
    const isMeant = failure?.ename !== undefined && hasTag(cell, "raises-exception");
    if (failure !== undefined && !isMeant) throw failure;
  }
  return code.length;
}

type Place = { readonly cell: number; readonly index: number; readonly notebook: Notebook };

/** Runs one cell; a failure is returned, so that progress can be told first. */
async function attempt(
  kernel: Kernel,
  cell: Cell,
  id: string,
  options: RunNotebookOptions,
  place: Place,
  onMessage: (message: Message) => void,
): Promise<NotebookError | undefined> {
  const cut = cutOff(options, place);
  try {
    const reply = await Promise.race([kernel.execute(cell.source, onMessage, id), cut.failure]);
    cell.execution_count = reply.executionCount ?? null;
    if (reply.status === "ok") return undefined;
    const error = cell.outputs?.findLast((output) => output.output_type === "error");
    const what = error === undefined ? `the kernel answered ${reply.status}` : `${error.ename}: ${error.evalue}`;
    const details = error?.traceback.join("\n");
    return new NotebookError(
      `code cell ${place.cell} failed: ${what}`,
      { ...place, ...(error === undefined ? {} : { error }) },
      details ? { hint: details } : {},
    );
  } catch (error) {
    if (error instanceof NotebookError) return error;
    const hint = error instanceof LabError ? error.hint : undefined;
    const message = `code cell ${place.cell} failed: ${(error as Error).message}`;
    return new NotebookError(message, place, { cause: error, ...(hint === undefined ? {} : { hint }) });
  } finally {
    cut.clear();
  }
}

/** A promise that rejects when the cell's time is over or the run is cancelled. */
function cutOff(options: RunNotebookOptions, place: Place): { failure: Promise<never>; clear: () => void } {
  const { cellTimeoutMs, signal } = options;
  let clear = (): void => {};
  const failure = new Promise<never>((_, reject) => {
    const onAbort = (): void =>
      reject(
        new NotebookError(`cancelled in code cell ${place.cell}`, place, { code: "cancelled", cause: signal?.reason }),
      );
    const onTimeout = (): void => {
      const message = `code cell ${place.cell} did not end within ${(cellTimeoutMs ?? 0) / 1000} s; the kernel was stopped`;
      reject(new NotebookError(message, place, { hint: "an endless loop, or a longer limit is needed" }));
    };
    const timer = cellTimeoutMs === undefined ? undefined : setTimeout(onTimeout, cellTimeoutMs);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    clear = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
  });
  return { failure, clear };
}
