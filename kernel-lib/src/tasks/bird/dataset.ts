import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { LabError } from "../../core/index.js";
import type { DatabaseAdvice } from "../sql/execute/index.js";

export type Part = "train" | "dev";

/** A row of BIRD's `train.json` or `dev.json`. */
const rowSchema = z.object({
  // It becomes part of a path.
  db_id: z.string().regex(/^(?!\.)[\w.-]+$/),
  question: z.string().min(1),
  evidence: z.string().nullish(),
  SQL: z.string().min(1),
  difficulty: z.string().optional(),
  question_id: z.int().optional(),
});
export type BirdRow = Readonly<z.infer<typeof rowSchema>>;

const HINT = "`ilr data get bird` says what to fetch and where to unpack it";

/** Where a database is missing or damaged. */
export const ADVICE: DatabaseAdvice = {
  missing: "`ilr data get bird` says what to fetch",
  damaged: "unpack BIRD's archive again",
};

/** Where the questions of a part are, as BIRD's archives unpack. */
export function questionFile(data: string, part: Part): string {
  return join(data, "bird", part, `${part}.json`);
}

/** Where a database is. */
export function databaseFile(data: string, part: Part, name: string): string {
  return join(data, "bird", part, `${part}_databases`, name, `${name}.sqlite`);
}

/** Whether both question files are there. */
export function isFetched(data: string): boolean {
  return existsSync(questionFile(data, "train")) && existsSync(questionFile(data, "dev"));
}

/**
 * The rows of a part, in BIRD's order.
 *
 * @throws LabError `input-missing` where there is no file, `input-damaged` where it holds something else.
 */
export function readRows(data: string, part: Part): readonly BirdRow[] {
  const path = questionFile(data, part);
  if (!existsSync(path)) throw new LabError("input-missing", `there is no file ${path}`, { hint: HINT });
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new LabError("input-damaged", `${path} is no JSON: ${(cause as Error).message}`, { hint: HINT, cause });
  }
  const parsed = z.array(rowSchema).safeParse(content);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new LabError("input-damaged", `${path}, row ${issue.path.join(".") || "?"}: ${issue.message}`, { hint: HINT });
}
