import { LabError, nearestName } from "../../core/index.js";

/**
 * What DuckDB says of a statement, as an error of the kit: what is wrong, the line with a mark under the place, and what to do next.
 *
 * @param tables names of the kit's tables.
 */
export function sqlFailure(error: unknown, tables: readonly string[]): LabError {
  const said = error instanceof Error ? error.message : String(error);
  const [what, place] = said.split(/\n+(?=LINE \d+:)/);
  // What follows the first paragraph, and these lines, is advice: ours is the hint.
  const plain = what!
    .replace(/^(Failed to [\w ]+: )?([A-Z][\w ]+ Error: )/, "")
    .split("\n\n")[0]!
    .split("\n")
    .filter((line) => !/^(Did you mean|Candidate bindings)/.test(line))
    .join("\n")
    .trim();
  return new LabError("config-invalid", `the statement cannot be run: ${plain}${place ? `\n${place.trimEnd()}` : ""}`, {
    cause: error,
    hint: hintOf(what!, tables),
  });
}

/** The table that DuckDB does not find, if that is what it says. */
export function missingTable(error: unknown): string | undefined {
  const said = error instanceof Error ? error.message : "";
  return /^(?:Failed to [\w ]+: )?Catalog Error: Table with name (.+) does not exist!/.exec(said)?.[1];
}

function hintOf(what: string, tables: readonly string[]): string {
  const list = `tables: ${tables.join(", ")}`;
  const missing = missingTable(new Error(what));
  if (missing !== undefined) {
    const near = nearestName(missing, tables);
    return `${near ? `did you mean ${near}? ` : ""}${list}; a file is read with read_json('...'), read_csv('...') or read_parquet('...')`;
  }
  const candidates = /Candidate bindings: (.*)/.exec(what)?.[1];
  if (candidates !== undefined) return `candidates: ${candidates.replaceAll('"', "")}`;
  if (/parameter/i.test(what) && /bind/i.test(what))
    return "inside quotes an interpolated value is text: leave the quotes out";
  if (/extension|configuration has been locked/i.test(what)) {
    return "nothing is fetched from the network, and settings stay as they are: files are read from this machine";
  }
  return `DuckDB's SQL: https://duckdb.org/docs/stable/sql/introduction; ${list}`;
}
