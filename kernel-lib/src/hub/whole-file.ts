import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { LabError } from "../core/index.js";
import { storeFailure, systemCode, thisProcess } from "../store/index.js";

/** Writes a file that is there whole or not at all. @throws LabError `store-full`, `store-unwritable`. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${thisProcess().pid}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "w");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw storeFailure(error, `writing ${path}`);
  }
}

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
