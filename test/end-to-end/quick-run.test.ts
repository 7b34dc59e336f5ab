/** The real thing, small: the command line, the embedded engine, the recorded base models. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const command = join(repository, "kernel-lib", "bin", "ilr.js");
let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "ilr-end-to-end-"));
  mkdirSync(join(project, "notebooks"));
  cpSync(join(repository, "results", "bases"), join(project, "results", "bases"), { recursive: true });
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

const size = ["rounds.ilr=1", "rounds.dpo=1", "limit.train=1000", "limit.validation=20", "limit.test=40"].flatMap(
  (field) => ["--set", field],
);

function start(out: string): ChildProcess {
  const environment = { ...process.env, ILR_ROOT: project, ILR_STORE: join(project, "store"), FROM_SCRATCH: "" };
  return spawn(process.execPath, [command, "run", "micro-math/quick", ...size, "--out", join(project, out)], {
    env: environment,
    detached: true,
  });
}

/** Resolves with all that was printed, when the process ends. */
function finished(child: ChildProcess, onText: (text: string) => void = () => {}): Promise<string> {
  let text = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      onText(text);
    });
  }
  return new Promise((resolve) => child.on("close", () => resolve(text)));
}

const executed = (text: string): number => Number(/(\d+) steps? executed/.exec(text)?.[1] ?? Number.NaN);
/** The records by name; their text says when and by whom a step was run, so one that ran again has another. */
const records = (): Map<string, string> => {
  const folder = join(project, "store", "steps");
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
};

describe("a run of the quick experiment", () => {
  test("that is killed goes on where it stopped, and then has nothing left to do", async () => {
    const first = start("first");
    await finished(first, (text) => {
      // As soon as some steps are done: the whole process group, without a chance to clean up.
      if (/^\[6\//m.test(text)) process.kill(-first.pid!, "SIGKILL");
    });
    const before = records();
    expect(before.size).toBeGreaterThan(6);

    const second = await finished(start("second"));
    expect(executed(second), second).toBeGreaterThan(0);
    const after = records();
    for (const [name, record] of before) expect(after.get(name), `${name} ran again`).toBe(record);

    const third = await finished(start("third"));
    expect(executed(third)).toBe(0);
    const points = (out: string): string => readFileSync(join(project, out, "points.jsonl"), "utf8");
    expect(points("third")).toBe(points("second"));
    expect(points("second").trim().split("\n")).toHaveLength(4);
    expect(readdirSync(join(project, "store", "tmp"))).toEqual([]);
    expect(readdirSync(join(project, "store", "work"))).toEqual([]);
  }, 400_000);
});
