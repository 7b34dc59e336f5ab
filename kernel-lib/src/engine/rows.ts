/** JSON Lines: the form of every data artifact. */
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { type Json, LabError, shown } from "../core/index.js";

/** Fields that a row must have, and of what type. */
export type Fields<R> = { readonly [K in keyof R]: "string" | "label" };

/**
 * The rows of a JSON Lines file, checked for the named fields; further fields are kept.
 *
 * @param options.mayBeEmpty nothing to answer or to score is no error; nothing to train on is.
 * @throws LabError `input-missing`, or `input-damaged` naming the line.
 */
export async function readRows<R>(
  file: string,
  fields: Fields<R>,
  options: { readonly mayBeEmpty?: boolean } = {},
): Promise<readonly R[]> {
  const text = await readText(file);
  const rows = text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    return [parseRow<R>(line, fields, `${basename(file)}, line ${index + 1}`)];
  });
  if (rows.length === 0 && !options.mayBeEmpty) throw damaged(`${basename(file)} has no rows`);
  return rows;
}

/** The content of a JSON file. @throws LabError `input-missing`, `input-damaged`. */
export async function readJson(file: string): Promise<Json> {
  try {
    return JSON.parse(await readText(file)) as Json;
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw new LabError("input-damaged", `${basename(file)} is not JSON`, {
      cause,
      hint: "make or fetch the file again",
    });
  }
}

async function readText(file: string): Promise<string> {
  return await readFile(file, "utf8").catch((cause: unknown) => {
    throw new LabError("input-missing", `cannot read ${file}`, {
      cause,
      hint: "the step's inputs were not put in place",
    });
  });
}

/** Writes rows as JSON Lines. */
export async function writeRows(file: string, rows: readonly object[]): Promise<void> {
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

function parseRow<R>(line: string, fields: Fields<R>, where: string): R {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (cause) {
    throw damaged(`${where}: not JSON`, cause);
  }
  if (typeof row !== "object" || row === null) throw damaged(`${where}: expected an object, got ${line.slice(0, 40)}`);
  for (const [name, kind] of Object.entries(fields)) {
    const value = (row as Record<string, unknown>)[name];
    const valid = kind === "label" ? value === 0 || value === 1 : typeof value === "string";
    const expected = kind === "label" ? "0 or 1" : "a string";
    if (!valid)
      throw damaged(`${where}: ${name} is ${value === undefined ? "missing" : shown(value)}; expected ${expected}`);
  }
  return row as R;
}

function damaged(message: string, cause?: unknown): LabError {
  return new LabError("input-damaged", message, {
    hint: "data artifacts are JSON Lines, one object a line",
    ...(cause === undefined ? {} : { cause }),
  });
}
