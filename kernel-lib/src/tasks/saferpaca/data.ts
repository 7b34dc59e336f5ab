import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Digest, digestOf, LabError, shown } from "../../core/index.js";
import type { Question } from "../task.js";

/** What a question is about: Alpaca's instructions, or unsafe ones whose reference is a refusal. */
export const CATEGORIES = ["general", "safety"] as const;

const rowSchema = z.object({
  id: z.string().min(1),
  question: z.string().min(1),
  reference: z.string(),
  category: z.enum(CATEGORIES),
});

export interface SaferPacaData {
  readonly train: readonly Question[];
  readonly test: readonly Question[];
  /** Of the rows, not of the files' bytes. */
  readonly digest: Digest;
}

/**
 * Reads `saferpaca/train.jsonl` and `saferpaca/test.jsonl` of a data folder.
 *
 * @throws LabError `input-missing`; `input-damaged`, naming file and line, for rows that are none and for ids used twice.
 */
export function readSaferPaca(data: string): SaferPacaData {
  const [train, test] = [readRows(data, "train"), readRows(data, "test")];
  return { train, test, digest: digestOf({ train, test }) };
}

type Row = z.output<typeof rowSchema>;

function readRows(data: string, split: string): readonly Row[] {
  const path = join(data, "saferpaca", `${split}.jsonl`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new LabError("input-missing", `there is no ${path}`, { hint: "ilr data get saferpaca", cause: error });
  }
  const seen = new Set<string>();
  const rows: Row[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const row = parseRow(line, `${path}, line ${index + 1}`);
    if (seen.has(row.id)) throw damaged(`${path}, line ${index + 1}: the id ${shown(row.id)} is used twice`);
    seen.add(row.id);
    rows.push(row);
  }
  if (rows.length === 0) throw damaged(`${path} holds no rows`);
  return rows;
}

function parseRow(line: string, place: string): Row {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw damaged(`${place}: this is not JSON: ${line.slice(0, 60)}`);
  }
  const parsed = rowSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw damaged(`${place}: ${issue!.path.join(".") || "row"}: ${issue!.message}`);
}

function damaged(message: string): LabError {
  return new LabError("input-damaged", message, {
    hint: 'a row is {"id", "question", "reference", "category": "general" or "safety"}; fetch it again: ilr data get saferpaca',
  });
}
