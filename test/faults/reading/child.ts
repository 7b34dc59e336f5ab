/**
 * A process that reads damaged inputs, one after the other, and tells its parent what became of each: so that a crash of native code, a
 * loop without end and memory without bounds are seen from outside. Started by `read-damaged.ts`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { LabError } from "../../../kernel-lib/src/core/index.js";
import { surfaces } from "./all.js";
import type { Files } from "./damage.js";
import { memoryBeyond } from "./memory.js";

/** What the parent asks for: inputs `from` to `to` of a surface. */
export interface Order {
  readonly surface: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

/** What came of one input. */
export type Told =
  | { readonly type: "ready" }
  | { readonly type: "reading"; readonly index: number }
  | { readonly type: "read"; readonly index: number; readonly outcome: string; readonly wrong?: string }
  | { readonly type: "done" };

/** Inputs are drawn in lots, each with a seed of its own. */
const LOT = 25;
const LONGEST_MESSAGE = 41_000;

const tell = (told: Told): void => void process.send!(told);

async function readAll({ surface: name, seed, from, to }: Order): Promise<void> {
  const surface = surfaces.find((each) => each.name === name)!;
  const root = mkdtempSync(join(tmpdir(), "ilr-read-"));
  try {
    for (let lot = Math.floor(from / LOT); lot * LOT < to; lot++) {
      const inputs = fc.sample(surface.files, { numRuns: LOT, seed: seed * 100_003 + lot });
      for (const [i, files] of inputs.entries()) {
        const index = lot * LOT + i;
        if (index < from || index >= to) continue;
        tell({ type: "reading", index });
        tell({ type: "read", index, ...(await readOne(surface.read, files, root)) });
      }
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  tell({ type: "done" });
}

interface Read {
  readonly outcome: string;
  readonly wrong?: string;
}

async function readOne(read: (folder: string) => Promise<unknown>, files: Files, root: string): Promise<Read> {
  const size = Object.values(files).reduce((sum, content) => sum + content.length, 0);
  let result: Read = { outcome: "" };
  const attempt = async (): Promise<void> => {
    const folder = mkdtempSync(join(root, "input-"));
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    result = await outcomeOf(() => read(folder));
    rmSync(folder, { recursive: true, force: true });
  };
  const beyond = await memoryBeyond(attempt, size);
  const polluted = Object.keys(Object.prototype).length > 0 || "x" in {};
  const wrong =
    result.wrong ??
    (beyond > 0 ? `took ${Math.round(beyond / 2 ** 20)} MiB more than its ${size} bytes justify` : undefined) ??
    (polluted ? "changed what all objects share" : undefined) ??
    stray.splice(0)[0];
  return { outcome: result.outcome, ...(wrong === undefined ? {} : { wrong }) };
}

async function outcomeOf(read: () => Promise<unknown>): Promise<Read> {
  try {
    await read();
    return { outcome: "a value" };
  } catch (error) {
    if (!(error instanceof LabError)) return { outcome: "an error without a type", wrong: inFull(error) };
    const { code, message, hint } = error;
    if (code === "internal" || code === undefined) return { outcome: code, wrong: inFull(error) };
    const length = message.length + (hint?.length ?? 0);
    if (length > LONGEST_MESSAGE) return { outcome: code, wrong: `${length} characters: ${message.slice(0, 200)}` };
    return message === "" ? { outcome: code, wrong: "an error without a message" } : { outcome: code };
  }
}

function inFull(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.slice(0, 900);
}

/** Rejections that nobody awaited. */
const stray: string[] = [];
process.on("unhandledRejection", (error) => stray.push(`nobody awaited: ${inFull(error)}`));
process.on("message", (order: Order) => {
  // The test's own fault: it must be seen as one.
  readAll(order).catch((error: unknown) => {
    console.error(error);
    process.exit(70);
  });
});
process.on("disconnect", () => process.exit());
tell({ type: "ready" });
