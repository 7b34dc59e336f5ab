import { execFileSync, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabError } from "../../kernel-lib/src/core/index.js";
import {
  type CellProgress,
  formatNotebook,
  NotebookError,
  parseNotebook,
  type RunNotebookOptions,
  runNotebook,
} from "../../kernel-lib/src/notebook/index.js";
import { builtNotebook, makeWorkspace, type Workspace } from "./fixture.js";

let workspace: Workspace;
beforeAll(async () => {
  workspace = await makeWorkspace();
});
afterAll(() => workspace?.remove());

async function failureOf(name: string, cells: string[], options: RunNotebookOptions = {}): Promise<NotebookError> {
  const path = await workspace.notebook(name, cells);
  const before = await readFile(path, "utf8");
  const error = await runNotebook(path, options).then(
    () => expect.unreachable("the notebook should have failed"),
    (reason: unknown) => reason as NotebookError,
  );
  expect(error).toBeInstanceOf(NotebookError);
  expect(await readFile(path, "utf8"), "a failed run leaves the file as it was").toBe(before);
  return error;
}

describe("a run that succeeds", () => {
  it("knows the variables of earlier cells in { name }, too", async () => {
    const path = await workspace.notebook("shorthand.ipynb", [
      "const seeds: number[] = [0];\nlet round = 1;",
      "const options = await Promise.resolve({ seeds, round });",
      "({ round } = { round: 5 });\nconsole.log(JSON.stringify({ options, round }));",
    ]);
    const { notebook } = await runNotebook(path);
    expect(notebook.cells[2]!.outputs).toMatchObject([{ text: '{"options":{"seeds":[0],"round":1},"round":5}\n' }]);
  });

  it("writes outputs, counts and updates in place, and gives parameters to the cells", async () => {
    const path = await workspace.notebook("whole.ipynb", [
      '#parameters\nconst seeds: number[] = [0, 1, 2];\nconst task = "micro-math";',
      "",
      'console.log(seeds.length, task);\nconsole.error("warn");',
      `import { display, displayLive } from ${JSON.stringify(builtNotebook)};
const line = displayLive("0 of 2");
console.log("between");
line.update("1 of 2");`,
      'void setTimeout(() => console.log("from before"), 20);',
      'line.update("2 of 2"); await new Promise((resolve) => setTimeout(resolve, 60)); process.env.ILR_TEST_MARK',
    ]);
    const progress: CellProgress[] = [];
    const output = join(workspace.folder, "executed.ipynb");
    const run = await runNotebook(path, {
      output,
      parameters: { seeds: [7] },
      env: { ...process.env, ILR_TEST_MARK: "passed through" },
      onCell: (cell) => progress.push(cell),
    });
    expect(run).toMatchObject({ path: output, cells: 6 });
    expect(progress.map(({ cell, state }) => `${cell} ${state}`).slice(0, 3)).toEqual([
      "1 running",
      "1 done",
      "2 running",
    ]);
    expect(progress.at(-1)).toMatchObject({ cell: 6, cells: 6, state: "done" });

    const { cells } = parseNotebook(await readFile(output, "utf8"));
    expect(cells.map((cell) => cell.execution_count)).toEqual([1, 2, null, 3, 4, 5, 6]);
    expect(cells[1]).toMatchObject({ metadata: { tags: ["injected-parameters"] } });
    expect(cells[3]!.outputs).toEqual([
      { output_type: "stream", name: "stdout", text: "1 micro-math\n" },
      { output_type: "stream", name: "stderr", text: "warn\n" },
    ]);
    expect(cells[4]!.outputs).toEqual([
      { output_type: "display_data", data: { "text/plain": "2 of 2" }, metadata: {} },
      { output_type: "stream", name: "stdout", text: "between\n" },
    ]);
    // What a timer writes after its cell's end goes to the cell that runs by then.
    expect(cells[6]!.outputs).toEqual([
      { output_type: "stream", name: "stdout", text: "from before\npassed through\n" },
    ]);
  }, 120_000);

  it("replaces the values of an earlier run", async () => {
    const path = await workspace.notebook("again.ipynb", ["#parameters\nconst rounds = 3;", "console.log(rounds);"]);
    await runNotebook(path, { parameters: { rounds: 1 } });
    const { notebook } = await runNotebook(path, { parameters: { rounds: 2 } });
    expect(notebook.cells).toHaveLength(3);
    expect(notebook.cells[2]!.outputs).toEqual([{ output_type: "stream", name: "stdout", text: "2\n" }]);
  });

  it("finds the library by its name", async () => {
    const path = await workspace.notebook("library.ipynb", [
      'import { display } from "ilr-lab";\ndisplay({ data: [{ type: "scatter", x: [0, 1], y: [1, 2] }] });',
    ]);
    const { notebook } = await runNotebook(path);
    expect(notebook.cells[0]!.outputs).toHaveLength(1); // no warning of Node's beside it
    const [output] = notebook.cells[0]!.outputs!;
    expect(output?.output_type === "display_data" && Object.keys(output.data).sort()).toEqual([
      "application/vnd.plotly.v1+json",
      "image/png",
      "image/svg+xml",
      "text/plain",
    ]);
    expectValid(path, formatNotebook(notebook));
  });
});

describe("a run that fails", () => {
  it("names the cell and the error, and runs nothing after it", async () => {
    const error = await failureOf("throws.ipynb", [
      'console.log("one")',
      'throw new RangeError("two")',
      'console.log("three")',
    ]);
    expect(error).toMatchObject({ code: "notebook-failed", cell: 2, index: 1, ename: "RangeError", evalue: "two" });
    expect(error.message).toBe("code cell 2 failed: RangeError: two");
    expect(error.notebook.cells.map((cell) => cell.outputs!.length)).toEqual([1, 1, 0]);
  });

  it.each([
    ["a loop", "while (true) {}"],
    ["a loop after an await", "await null; while (true) {}"],
    ["a promise that never settles", "await new Promise(() => {})"],
  ])("stops %s at its time limit", async (_, code) => {
    const started = Date.now();
    const error = await failureOf("endless.ipynb", ["1", code], { cellTimeoutMs: 1500 });
    expect(error.message).toBe("code cell 2 did not end within 1.5 s; the kernel was stopped");
    expect(error.cell).toBe(2);
    expect(Date.now() - started).toBeLessThan(60_000); // the loop would go on for ever
  });

  it("notices at once that the kernel was killed", async () => {
    let begun = Number.POSITIVE_INFINITY;
    const error = await failureOf(
      "killed.ipynb",
      ["1", 'process.kill(process.pid, "SIGKILL"); await new Promise(() => {});'],
      {
        onCell: ({ cell, state }) => {
          if (cell === 2 && state === "running") begun = Date.now();
        },
      },
    );
    expect(Date.now() - begun).toBeLessThan(2000);
    expect(error.message).toBe("code cell 2 failed: the kernel was killed by SIGKILL");
  });

  it("says so when a cell ends the process", async () => {
    expect((await failureOf("exit.ipynb", ["process.exit(3)"])).message).toContain("the kernel ended with exit code 3");
  });

  it("stops when it is cancelled", async () => {
    const abort = new AbortController();
    const error = await failureOf("cancel.ipynb", ["await new Promise(() => {})"], {
      signal: abort.signal,
      onCell: () => setTimeout(() => abort.abort(), 100),
    });
    expect(error.code).toBe("cancelled");
  });

  it("refuses parameters that the notebook does not have, before it starts", async () => {
    const path = await workspace.notebook("names.ipynb", ["#parameters\nconst rounds = 3;"]);
    const error = await runNotebook(path, { parameters: { round: 1 } }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "config-invalid", hint: "did you mean rounds?" });
    const untagged = await workspace.notebook("untagged.ipynb", ["const rounds = 3;"]);
    await expect(runNotebook(untagged, { parameters: { rounds: 1 } })).rejects.toMatchObject({
      code: "config-invalid",
    });
  });

  it("says what is wrong with the file", async () => {
    await expect(runNotebook(join(workspace.folder, "none.ipynb"))).rejects.toMatchObject({ code: "input-missing" });
    expect(() => parseNotebook('{"nbformat": 3}')).toThrow("nbformat is 3");
    await expect(runNotebook(join(import.meta.dirname, "fixture.ts"))).rejects.toBeInstanceOf(LabError);
  });
});

/** Python's nbformat is the judge where there is one; the shape of what Jupyter needs is checked in any case. */
function expectValid(path: string, text: string): void {
  const notebook = JSON.parse(text) as {
    nbformat: number;
    nbformat_minor: number;
    cells: { id: string; source: unknown }[];
  };
  expect(notebook).toMatchObject({ nbformat: 4, nbformat_minor: 5 });
  for (const cell of notebook.cells) expect(cell.id).toMatch(/^[\w-]{1,64}$/);
  expect(formatNotebook(parseNotebook(text))).toBe(text);
  const python = process.env.ILR_TEST_PYTHON ?? "python3";
  if (spawnSync(python, ["-c", "import nbformat"]).status !== 0) return;
  const program = [
    "import nbformat, sys",
    "n = nbformat.read(sys.argv[1], 4)",
    "nbformat.validate(n)",
    "sys.stdout.write(nbformat.writes(n))",
  ];
  const out = execFileSync(python, ["-c", program.join("\n"), path], { encoding: "utf8", maxBuffer: 1 << 26 });
  expect(out.trimEnd()).toBe(text.trimEnd());
}
