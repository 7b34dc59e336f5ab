import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { ColumnTable } from "arquero";
import { LabError } from "../../core/index.js";
import { openDatabase } from "./database.js";
import { isTooDeep } from "./json-depth.js";
import type { Statement } from "./statement.js";

/** Fixed, the first line too: when DuckDB guesses these, it leaves out lines that do not fit without a word. */
const dialect = `header = true, skip = 0, quote = '"', escape = '"', comment = '', sample_size = -1`;

/** How a format is read: every row is looked at for the types, and nothing is guessed that the file does not say. */
const readers: Readonly<Record<string, string>> = {
  // Texts stay texts: DuckDB would make dates of those that look like some.
  json: "read_json($1, sample_size = -1, dateformat = 'none', timestampformat = 'none', maximum_object_size = 268435456)",
  csv: `read_csv($1, delim = ',', ${dialect})`,
  tsv: `read_csv($1, delim = '\t', ${dialect})`,
  parquet: "read_parquet($1)",
};

const formats: readonly (readonly [RegExp, string])[] = [
  [/\.(jsonl|ndjson|json)(\.gz)?$/i, "json"],
  [/\.csv(\.gz)?$/i, "csv"],
  [/\.(tsv|tab)(\.gz)?$/i, "tsv"],
  [/\.parquet$/i, "parquet"],
];

/**
 * A file as a frame: JSON Lines (.jsonl, .json), CSV (.csv, .tsv; with a header) or Parquet, by its name's end; `.gz` is unpacked.
 *
 * Types are those of the file; of a CSV, those that all its values have, dates included. Whole numbers that no JavaScript number holds are
 * text. In JSON a key that some rows lack is null there.
 *
 * @throws LabError `input-missing`, `config-invalid` for a name of another format, `input-damaged` for a file that is not in its format.
 * @example
 * const answers = await loadTable("answers.jsonl");
 * display(answers.groupby("model").count());
 */
export async function loadTable(path: string): Promise<ColumnTable> {
  const format = formats.find(([ending]) => ending.test(path))?.[1];
  if (format === undefined) {
    throw new LabError(
      "config-invalid",
      `${path}: expected a name that ends in .jsonl, .json, .csv, .tsv or .parquet`,
      {
        hint: "other formats: lab.sql`select * from read_csv('...', delim = ';')`",
      },
    );
  }
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new LabError("input-missing", `there is no file ${path}`, { hint: `looked for ${resolve(path)}` });
  }
  if (format === "json" && (await isTooDeep(path))) throw damaged(path, format, "it is nested too deeply");
  const database = await openDatabase();
  try {
    const statement: Statement = { text: `select * from ${readers[format]}`, values: [withoutGlobs(resolve(path))] };
    const table = await database.run(statement);
    if (found.size === 0) throw new Error("the file is empty");
    return table;
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw damaged(path, format, error);
  } finally {
    database.close();
  }
}

/** DuckDB takes `*`, `?` and `[` in a path for patterns. */
function withoutGlobs(path: string): string {
  return path.replaceAll(/[*?[]/g, "[$&]");
}

function damaged(path: string, format: string, error: unknown): LabError {
  const said = error instanceof Error ? error.message : String(error);
  const [first] = said.split(/\n+LINE \d+:|\nThe search space|\nPossible (?:fixes|solutions)/);
  return new LabError("input-damaged", `${path} is not readable as ${format.toUpperCase()}: ${first!.trim()}`, {
    cause: error,
    hint: "look at the line that is named; lab.sql`select * from read_csv('...')` takes options for other dialects",
  });
}
