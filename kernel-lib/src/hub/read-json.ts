import { readFile } from "node:fs/promises";
import { LabError } from "../core/index.js";
import { systemCode } from "../store/index.js";

/** The JSON of a file, taken on trust; undefined when there is none. @throws LabError `input-damaged`. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw new LabError("input-damaged", `${path} is not readable: ${(cause as Error).message}`, {
      hint: "remove it and fetch again",
      cause,
    });
  }
}
