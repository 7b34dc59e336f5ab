import { LabError } from "../../core/index.js";
import type { Database } from "./database.js";
import { isTooDeep } from "./json-depth.js";
import type { Statement } from "./statement.js";

/** What a statement is made of where quotes matter: comments, and texts and names in each way of quoting. */
const PARTS =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\be'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$/gi;
const IS_JSON = /\.(jsonl|ndjson|json)(\.\w+)?$/i;
const IS_OTHER = /\.(csv|tsv|parquet)(\.\w+)?$/i;
const READS_JSON = /\bread_(nd)?json/i;

/**
 * Looks into the files of JSON that a statement names, in its text or as values, patterns included, before DuckDB does: one that is nested some
 * ten thousand levels deep ends the process. A path that the statement puts together from parts is not seen.
 *
 * @throws LabError `input-damaged`.
 */
export async function assertNoDeepJson(database: Database, { text, values }: Statement): Promise<void> {
  const written = [...text.matchAll(PARTS)].map(([part]) => part).filter((part) => !/^(--|\/\*)/.test(part));
  const names = new Set([...written.map(unquoted), ...values.flat().filter((value) => typeof value === "string")]);
  const takesAny = READS_JSON.test(text);
  const mayBeJson = (name: string): boolean => IS_JSON.test(name) || (takesAny && !IS_OTHER.test(name));
  for (const name of names) {
    if (!mayBeJson(name)) continue;
    for (const file of await filesOf(database, name)) {
      if (!(await isTooDeep(file))) continue;
      throw new LabError("input-damaged", `${file} is not readable as JSON: it is nested too deeply`, {
        hint: "expected JSON Lines, or a list of rows",
      });
    }
  }
}

function unquoted(part: string): string {
  if (part.startsWith("$")) return part.replace(/^\$\w*\$([\s\S]*)\$\w*\$$/, "$1");
  const [quote] = part.slice(-1);
  return part.slice(part.indexOf(quote!) + 1, -1).replaceAll(quote! + quote!, quote!);
}

/** What DuckDB itself makes of a path: patterns and home folders. */
async function filesOf(database: Database, path: string): Promise<readonly string[]> {
  try {
    const found = await database.run({ text: "select file from glob($1)", values: [path] });
    return found.array("file") as string[];
  } catch {
    return []; // An address of the network, or no path at all: the statement itself says so.
  }
}
