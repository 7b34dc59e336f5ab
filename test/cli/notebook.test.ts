import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../kernel-lib/src/cli/index.js";
import { makeWorkspace, type Workspace } from "../notebook/fixture.js";

let workspace: Workspace;
beforeAll(async () => {
  workspace = await makeWorkspace();
});
afterAll(() => workspace?.remove());

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function ilr(argv: readonly string[], terminal = false): Promise<Outcome> {
  let [out, err] = ["", ""];
  const code = await main(argv, {
    stdout: { isTTY: terminal, columns: 40, write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    cwd: workspace.folder,
    env: process.env,
    openBackend: () => expect.unreachable("no step is run"),
  });
  return { code, out, err };
}

describe("ilr notebook run", () => {
  it("runs several notebooks with parameters, and writes them where it is told", async () => {
    await workspace.notebook("first.ipynb", ["#parameters\nconst rounds = 1;", "console.log(rounds * 2);"]);
    await workspace.notebook("second.ipynb", ["#parameters\nconst rounds = 1;", "console.log(rounds * 3);"]);
    const files = ["first.ipynb", "second.ipynb"];
    const { code, out } = await ilr(["notebook", "run", ...files, "--out", "done", "--param", "rounds=7"]);
    expect(code).toBe(0);
    expect(out).toMatch(/\[1\/\d\] .*\n.*console\.log\(rounds \* 2\); {2}[\d.]+ s\n/s);
    expect(await readFile(join(workspace.folder, "done", "first.ipynb"), "utf8")).toContain('"14\\n"');
    expect(await readFile(join(workspace.folder, "done", "second.ipynb"), "utf8")).toContain('"21\\n"');
    expect(await readFile(join(workspace.folder, "first.ipynb"), "utf8")).not.toContain("14");
  });

  it("shows on a terminal which cell runs", async () => {
    await workspace.notebook("terminal.ipynb", ["1 + 1"]);
    const { out } = await ilr(["notebook", "run", "terminal.ipynb", "--inplace"], true);
    expect(out.startsWith("[1/1] 1 + 1 ...\r\x1b[2K[1/1] 1 + 1  ")).toBe(true);
  });

  it.each([
    ["a syntax error", "let q = (;", "TypeScriptError: 1:10 - Expression expected.", "1 | let q = (;"],
    ["a type error", 'const n: number = "x";', "Type 'string' is not assignable to type 'number'.", "1 | const n"],
    ["a thrown error", 'throw new RangeError("too far");', "RangeError: too far", "at cell:"],
    ["a thrown string", 'throw "just text";', "ThrownValue: just text", "thrown: just text"],
    ["a rejected promise", 'await Promise.reject(new Error("no"));', "Error: no", "Error: no"],
    ["a promise that nobody awaits", 'void Promise.reject(new Error("lost"));', "Error: lost", "Error: lost"],
    ["an endless loop", "while (true) {}", "did not end within 1 s; the kernel was stopped", "longer limit"],
    ["an endless wait", "await new Promise(() => {});", "did not end within 1 s", "longer limit"],
    ["the end of its process", "process.exit(4);", "the kernel ended with exit code 4", ""],
  ])("stops at %s with the cell, the error and an exit code", async (_, code, message, hint) => {
    const path = await workspace.notebook("fails.ipynb", ["console.log('fine');", code, "console.log('never');"]);
    const before = await readFile(path, "utf8");
    const outcome = await ilr(["notebook", "run", "fails.ipynb", "--inplace", "--timeout", "1"]);
    expect(outcome.code).toBe(1);
    expect(outcome.err).toContain("error [notebook-failed]: code cell 2 ");
    expect(outcome.err).toContain(message);
    expect(outcome.err).toContain(hint);
    expect(outcome.out).toMatch(/\[1\/3\] .*\n\[2\/3\] .*failed\n$/);
    expect(await readFile(path, "utf8")).toBe(before);
  });

  it("keeps 10 MB of output whole", async () => {
    const path = await workspace.notebook("large.ipynb", [
      'for (let i = 0; i < 100_000; i++) console.log(String(i).padStart(99, "x"));',
    ]);
    expect((await ilr(["notebook", "run", "large.ipynb", "--inplace"])).code).toBe(0);
    expect((await stat(path)).size).toBeGreaterThan(10_000_000);
    const { cells } = JSON.parse(await readFile(path, "utf8")) as { cells: { outputs: { text: string[] }[] }[] };
    const lines = cells[0]!.outputs.flatMap(({ text }) => text);
    expect(lines).toHaveLength(100_000);
    expect(lines.every((line, i) => line === `${String(i).padStart(99, "x")}\n`)).toBe(true);
  });

  it.each([
    ["a file that is not there", ["nowhere.ipynb"], "input-missing", "nowhere.ipynb"],
    ["a time limit of zero", ["x.ipynb", "--timeout", "0"], "config-invalid", "whole number from 1"],
    ["a parameter without a value", ["x.ipynb", "--param", "rounds"], "config-invalid", "name=value"],
  ])("refuses %s", async (_, rest, code, words) => {
    const outcome = await ilr(["notebook", "run", "--inplace", ...rest]);
    expect(outcome).toMatchObject({ code: 1, out: "" });
    expect(outcome.err).toContain(`error [${code}]`);
    expect(outcome.err).toContain(words);
  });
});
