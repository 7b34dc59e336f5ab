import { readFile, rm, writeFile } from "node:fs/promises";
import type { Json } from "../core/index.js";
import { parseRows } from "./content.js";
import type { StoreContext } from "./context.js";
import { systemCode } from "./failures.js";
import { publishFile } from "./publish.js";

/** Leaves the log of a failed step: one JSON object a line. */
export async function writeLog(context: StoreContext, key: string, lines: readonly Json[]): Promise<string> {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const path = context.paths.log(key);
  await publishFile(
    context,
    (temporary) => writeFile(temporary, text),
    () => path,
  );
  return path;
}

/** The log of a step's last failure; undefined if it has not failed since it last succeeded. */
export async function readLog(context: StoreContext, key: string): Promise<readonly Json[] | undefined> {
  try {
    return parseRows(await readFile(context.paths.log(key), "utf8"), `log of ${key}`) as readonly Json[];
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Removes the log of an earlier failure. */
export async function removeLog(context: StoreContext, key: string): Promise<void> {
  await rm(context.paths.log(key), { force: true }).catch(() => {});
}
