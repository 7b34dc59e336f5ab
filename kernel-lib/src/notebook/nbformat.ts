import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { isDeeperThan, LabError, shown } from "../core/index.js";
import { writeWhole } from "../store/index.js";

/** Media type to content: text, base64 for images, a value for JSON types. */
export interface MimeBundle {
  readonly [mime: string]: unknown;
}

/** A cell's output as nbformat 4.5 has it, with joined lines. */
export type Output =
  | { output_type: "stream"; name: "stdout" | "stderr"; text: string }
  | { output_type: "display_data"; data: MimeBundle; metadata: { readonly [key: string]: unknown } }
  | {
      output_type: "execute_result";
      data: MimeBundle;
      metadata: { readonly [key: string]: unknown };
      execution_count: number | null;
    }
  | { output_type: "error"; ename: string; evalue: string; traceback: string[] };

/** A notebook cell, with joined lines. */
export interface Cell {
  id: string;
  readonly cell_type: "code" | "markdown" | "raw";
  metadata: { readonly tags?: readonly string[]; readonly [key: string]: unknown };
  source: string;
  outputs?: Output[];
  execution_count?: number | null;
  readonly attachments?: unknown;
}

/** A notebook of format 4.5. */
export interface Notebook {
  cells: Cell[];
  metadata: { [key: string]: unknown };
  readonly nbformat: 4;
  readonly nbformat_minor: 5;
}

/**
 * Reads a notebook of any format 4.x as 4.5; cells without ids get ids.
 *
 * @throws LabError `input-missing` when there is no such file, `input-damaged` when it is not a notebook of format 4.
 */
export async function readNotebook(path: string): Promise<Notebook> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new LabError("input-missing", `cannot read the notebook ${path}`, { cause });
  }
  try {
    return parseNotebook(text);
  } catch (cause) {
    throw new LabError("input-damaged", `${path} is not a notebook: ${(cause as Error).message}`, {
      hint: "expected a Jupyter notebook of format 4",
      cause,
    });
  }
}

/** Deeper than any figure's data, and far from the stack's end. */
const MOST_LEVELS = 200;

const members = z.record(z.string(), z.unknown());
const lines = z.union([z.string(), z.array(z.string())]);
const outputSchema = z.discriminatedUnion("output_type", [
  z.looseObject({ output_type: z.literal("stream"), name: z.enum(["stdout", "stderr"]), text: lines }),
  z.looseObject({ output_type: z.literal("display_data"), data: members, metadata: members.default({}) }),
  z.looseObject({
    ...{ output_type: z.literal("execute_result"), data: members, metadata: members.default({}) },
    execution_count: z.number().nullable().default(null),
  }),
  z.looseObject({
    ...{ output_type: z.literal("error"), ename: z.string().default(""), evalue: z.string().default("") },
    traceback: z.array(z.string()).default([]),
  }),
]);
const cellSchema = z.looseObject({
  id: z.string().optional(),
  cell_type: z.enum(["code", "markdown", "raw"]),
  metadata: z.looseObject({ tags: z.array(z.string()).optional() }).default({}),
  source: lines.default(""),
  outputs: z.array(outputSchema).optional(),
  execution_count: z.number().nullish(),
});
const notebookSchema = z.looseObject({ cells: z.array(cellSchema), metadata: members.default({}) });

/** Parses a notebook's text; lines are joined. Throws an Error that names the fault. */
export function parseNotebook(text: string): Notebook {
  const written = JSON.parse(text) as { nbformat?: unknown } | null;
  if (written?.nbformat !== 4) throw new Error(`nbformat is ${shown(written?.nbformat)}`);
  if (isDeeperThan(written, MOST_LEVELS)) throw new Error("it is nested too deeply");
  const { success, data: raw, error } = notebookSchema.safeParse(written);
  if (!success) {
    const { path, message } = error.issues[0]!;
    throw new Error(`${path.join(".")}: ${message}`);
  }
  const cells = (raw.cells as unknown as readonly Cell[]).map((cell, i): Cell => {
    const source = joined(cell.source);
    const id = cell.id ?? createHash("sha256").update(`${i}:${source}`).digest("hex").slice(0, 8);
    const common = { ...cell, id, source, metadata: cell.metadata ?? {} };
    return cell.cell_type === "code"
      ? { ...common, outputs: (cell.outputs ?? []).map(joinOutput), execution_count: cell.execution_count ?? null }
      : common;
  });
  return { cells, metadata: { ...raw.metadata }, nbformat: 4, nbformat_minor: 5 };
}

/** A notebook's text as Jupyter writes it: sorted keys, text as lists of lines, so that diffs stay small. */
export function formatNotebook(notebook: Notebook): string {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    source: split(cell.source),
    ...(cell.outputs === undefined ? {} : { outputs: cell.outputs.map(splitOutput) }),
  }));
  return `${JSON.stringify(sorted({ ...notebook, cells }), null, 1)}\n`;
}

/**
 * Writes a notebook in one step: readers see the old file or the new one, never half of it.
 *
 * @throws LabError `store-unwritable` or `store-full` when the file cannot be written.
 */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  await writeWhole(path, formatNotebook(notebook));
}

function joined(text: unknown): string {
  return Array.isArray(text) ? text.join("") : String(text ?? "");
}

/** Where Python's `splitlines` ends a line: nbformat does, and a file that Jupyter saves again must not change. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts three control characters among them
const lineEnds = /(?<=\r\n|[\n\v\f\x1c-\x1e\x85\u2028\u2029]|\r(?!\n))/u;

function split(text: string): string[] {
  return text.split(lineEnds).filter((line) => line !== "");
}

function isJson(mime: string): boolean {
  return mime === "application/json" || mime.endsWith("+json");
}

/** Which text Jupyter keeps as lists of lines; base64 stays in one piece. */
function isLines(mime: string): boolean {
  return mime.startsWith("text/") || mime === "image/svg+xml" || mime === "application/javascript";
}

function joinOutput(output: Output): Output {
  if (output.output_type === "stream") return { ...output, text: joined(output.text) };
  if (output.output_type === "error") return output;
  const data = Object.entries(output.data).map(([mime, value]) => [mime, isJson(mime) ? value : joined(value)]);
  return { ...output, data: Object.fromEntries(data) as MimeBundle };
}

function splitOutput(output: Output): object {
  if (output.output_type === "stream") return { ...output, text: split(output.text) };
  if (output.output_type === "error") return output;
  const data = Object.entries(output.data).map(([mime, value]) => [
    mime,
    typeof value === "string" && isLines(mime) ? split(value) : value,
  ]);
  return { ...output, data: Object.fromEntries(data) as MimeBundle };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]));
}
