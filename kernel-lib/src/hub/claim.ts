import { randomBytes } from "node:crypto";
import { link, open, readFile, rename, rm, stat } from "node:fs/promises";
import { LabError, sleep } from "../core/index.js";
import { isAlive, type ProcessIdentity, storeFailure, systemCode, thisProcess } from "../store/index.js";

const POLL_MS = 100;
/** A claim of another machine, or one cut short while it was written, holds for this long. */
const FOREIGN_MS = 3_600_000;
const UNWRITTEN_MS = 10_000;

/**
 * Does some work while no other process or caller does work under the same claim, a file with its owner's name in it.
 * A claim whose owner has died is taken over.
 *
 * @throws LabError `cancelled` while waiting; what the work throws.
 */
export async function withClaim<T>(path: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  for (;;) {
    if (await tryClaim(path)) break;
    if (!(await takeOver(path))) await sleep(POLL_MS, signal);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryClaim(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(JSON.stringify(thisProcess())).finally(() => file.close());
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error instanceof LabError ? error : storeFailure(error, `claiming ${path}`);
  }
}

/** Removes a claim that nobody holds any more. True: it is worth trying again at once. */
async function takeOver(path: string): Promise<boolean> {
  const seen = await readFile(path, "utf8").catch(() => undefined);
  if (seen === undefined) return true;
  if (!(await isAbandoned(path, seen))) return false;
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch {
    return true;
  }
  // Somebody may have taken over first: a claim that is not the abandoned one goes back.
  if ((await readFile(aside, "utf8")) !== seen) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
  return true;
}

async function isAbandoned(path: string, text: string): Promise<boolean> {
  const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
  try {
    const alive = isAlive(JSON.parse(text) as ProcessIdentity);
    return alive === undefined ? age > FOREIGN_MS : !alive;
  } catch {
    return age > UNWRITTEN_MS;
  }
}
