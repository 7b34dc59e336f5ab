import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeNotebook } from "../../kernel-lib/src/notebook/index.js";
import { type Cell, type Notebook, type Output, parseNotebook } from "../../kernel-lib/src/notebook/nbformat.js";
import { NotebookError, runNotebook } from "../../kernel-lib/src/notebook/run-notebook.js";
import {
  builtNotebook,
  type JupyterHome,
  jupyterMissing,
  makeJupyterHome,
  runPython,
  type SourceCell,
} from "./support.js";

const display = `import { display, displayLive, markdown } from ${JSON.stringify(join(builtNotebook, "index.js"))};`;
const channel = `import { openChannel } from ${JSON.stringify(join(builtNotebook, "channel.js"))};`;
const pause = (ms: number): string => `await new Promise((resolve) => setTimeout(resolve, ${ms}));`;

/**
 * A cell that sets a timer, and the next one, in whose time the timer fires. nbclient reads nothing between two cells, and forgets what a
 * timer says there (our runner keeps it): on a busy machine, a timer of so many milliseconds would be a race.
 */
const timerOfNextCell = (action: string): readonly string[] => [
  `let waited = false;
const timer = setInterval(() => { if (waited) { clearInterval(timer); ${action} } }, 5); console.log("set");`,
  `waited = true; ${pause(200)} console.log("end");`,
];

/** Notebooks whose cells all succeed. */
const whole: { readonly [name: string]: readonly SourceCell[] } = {
  "streams of both kinds, interleaved": [
    'console.log("out 1"); console.error("err 1"); console.log("out 2"); console.log("out 3"); console.error("err 2");',
    `for (let i = 0; i < 5; i++) { console.log("tick", i); console.error("tock", i); ${pause(20)} }`,
    'process.stdout.write("no newline"); process.stderr.write("none"); process.stdout.write(" at the end");',
  ],
  "values of last expressions, and none": [
    "1 + 1",
    "({ a: [1, 2, { deep: new Map([[1, new Set([2])]]) }] })",
    "const silent = 3;",
    "undefined",
    "null",
    '"text"',
    "await Promise.resolve([1n, Symbol.iterator])",
    "class Model { constructor(readonly width: number) {} }\nnew Model(3)",
    "let x = 1; x += 1; x",
  ],
  "Unicode, and characters whose bytes come apart": [
    'console.log("äßç — 漢字 — 😀 — e\\u0301 — \\u2028 — \\u0000|");',
    'const bytes = Buffer.from("α😀ω");\nfor (const byte of bytes) process.stdout.write(Buffer.from([byte]));',
    `process.stdout.write(bytes.subarray(0, 4)); ${pause(60)} process.stdout.write(bytes.subarray(4)); console.log();`,
    "const größe = 7; größe",
  ],
  "carriage returns, backspaces and colours": [
    'process.stdout.write("10 %\\r20 %\\r30 %\\ndone\\r\\n"); process.stdout.write("ab\\bc\\x0b\\x0c|\\u0085|\\u001b[31mred\\u001b[0m\\n");',
    `for (let i = 0; i < 3; i++) { process.stdout.write(\`\\r\${i} of 3\`); ${pause(15)} }`,
  ],
  "empty cells, text cells, raw cells and a cell of parameters": [
    { markdown: "# Title\n\nText with $x^2$." },
    { code: "const seeds: number[] = [0, 1];\nlet task = 'a';", tag: "parameters" },
    "",
    "  \n\t\n",
    "seeds.length + task",
    { raw: "raw *text*\n" },
    "// only a comment",
    { markdown: "" },
  ],
  "cells that are skipped, or meant to fail": [
    "let kept = 1;",
    { code: "kept = 2;", tag: "skip-execution" },
    { code: 'throw new RangeError("as it should");', tag: "raises-exception" },
    { code: "const wrong: string = 5;", tag: "raises-exception" },
    "kept",
  ],
  "output of a timer after its cell": [
    ...timerOfNextCell('console.log("late");'),
    'void setTimeout(() => console.log("after the last cell"), 300_000);',
  ],
  "displays of several media types": [
    `${display}
display({ data: [{ type: "scatter", x: [0, 1], y: [1, 3], name: "line" }], layout: { title: "A figure", width: 320, height: 240 } });
display(markdown("**bold** and $x$")); display({ toHTML: () => "<i>x</i>" }); display("text"); display({ a: 1 });`,
    `${channel}
openChannel()!.send({ data: { "application/json": { a: [1, 2] }, "text/latex": "$x$", "text/plain": "a\\nb" }, metadata: { "application/json": { expanded: true } }, transient: {} }, false);`,
    'import * as tslab from "tslab"; tslab.display.html("<b>tslab\'s own</b>"); tslab.display.raw("application/javascript", "1;\\n2;");',
  ],
  "displays updated in place, from later cells too": [
    `${display}
const line = displayLive("0 of 3"); console.log("between"); line.update("1 of 3");`,
    'line.update(markdown("**2** of 3")); console.log("after");',
    `for (let i = 0; i < 50; i++) { line.update("round " + i); ${pause(2)} }`,
    ...timerOfNextCell('line.update("from a timer");'),
  ],
  "displays that share an id": [
    `${channel}
const show = (id: string, text: string, update: boolean): void =>
  openChannel()!.send({ data: { "text/plain": text }, metadata: {}, transient: { display_id: id } }, update);
show("a", "too early", true); show("a", "first", false); show("a", "second", false); show("b", "other", false);`,
    'show("a", "third", false); show("b", "another", false);',
    'show("b", "last", true);',
  ],
  "200,000 lines": ['for (let i = 0; i < 200_000; i++) console.log("line " + i);', 'console.log("next");'],
  "10 MB in a line and in a display": [
    'console.log("x".repeat(10_000_000));',
    `${display}\ndisplay("y".repeat(10_000_000)); display({ toHTML: () => "<p>" + "z".repeat(1_000_000) });`,
  ],
  "the library by its name": [
    'import { display } from "ilr-lab";\nimport { table } from "arquero";',
    'display(table({ method: ["SFT", "ILR"], accuracy: [0.31, 0.42] }));\ndisplay({ data: [{ y: [1, 2] }] });',
  ],
};

/** Notebooks whose second code cell fails; the third must not run. */
const failing: { readonly [name: string]: string } = {
  "a thrown Error": 'console.log("before"); throw new RangeError("too far", { cause: new Error("rock") });',
  "a thrown string": 'throw "boom";',
  "a thrown value of another kind": "throw { code: 7 };",
  "an error deep in functions":
    "function dig(n: number): never { if (n > 0) dig(n - 1); throw new Error('deep\\nlines'); }\ndig(3);",
  "a syntax error": "let q = (;",
  "a type error": 'const count: number = "three";',
  "an awaited rejection": 'await Promise.reject(new TypeError("no"));',
  "a rejection that nobody awaits": 'void Promise.reject(new Error("unawaited")); console.log("after");',
  "an exception in a timer": `setTimeout(() => { throw new Error("from a timer"); }, 20); ${pause(500)}`,
  "a package that is not there": 'import { nothing } from "no-such-package";\nnothing();',
};

let home: JupyterHome;
const written: string[] = [];

beforeAll(async () => {
  if (jupyterMissing === undefined) home = await makeJupyterHome();
});
afterAll(() => home?.remove());

describe.skipIf(jupyterMissing !== undefined)("our runner and nbclient give the same notebook of", () => {
  it.each(Object.entries(whole))("%s", async (name, cells) => {
    const { ours, theirs } = await executeBoth(name, cells);
    expect([ours.failed, theirs.failed]).toEqual([false, false]);
    expectSame(ours.notebook, theirs.notebook);
  });

  it.each(Object.entries(failing))("%s", async (name, code) => {
    const { ours, theirs } = await executeBoth(name, ['console.log("first");', code, 'console.log("never");']);
    expect([ours.failed, theirs.failed]).toEqual([true, true]);
    expect(theirs.notebook.cells[1]!.outputs!.some(({ output_type }) => output_type === "error")).toBe(true);
    expect(theirs.notebook.cells[2]!.outputs).toEqual([]);
    expectSame(ours.notebook, theirs.notebook);
  });
});

describe.skipIf(jupyterMissing !== undefined)("nbformat", () => {
  it("finds every notebook that the runner wrote valid, and would write it the same", async () => {
    expect(written.length).toBeGreaterThan(0);
    const theirs = await runPython<string[]>("validate.py", written, home);
    const ours = await Promise.all(written.map((path) => readFile(path, "utf8")));
    // nbformat leaves the last newline to its caller.
    const different = written.filter((_, i) => `${theirs[i]!.trimEnd()}\n` !== ours[i]);
    expect(different.map((path) => basename(path))).toEqual([]);
  });
});

interface Executed {
  readonly notebook: Notebook;
  readonly failed: boolean;
}

/** The same notebook executed by both, at the same time. */
async function executeBoth(name: string, cells: readonly SourceCell[]): Promise<{ ours: Executed; theirs: Executed }> {
  const stem = name.replaceAll(/[^\w]+/g, "-");
  const notebook = await home.notebook(`${stem}.ipynb`, cells);
  const output = join(home.notebooks, `${stem}.nbclient.ipynb`);
  const [ours, [theirs]] = await Promise.all([
    executeOurs(notebook, join(home.notebooks, `${stem}.ours.ipynb`)),
    runPython<{ failed: boolean }[]>("execute.py", [{ notebook, output }], home),
  ]);
  return { ours, theirs: { failed: theirs!.failed, notebook: parseNotebook(await readFile(output, "utf8")) } };
}

async function executeOurs(path: string, output: string): Promise<Executed> {
  const executed = await runNotebook(path, { output }).then(
    ({ notebook }) => ({ notebook, failed: false }),
    (error: unknown) => {
      if (!(error instanceof NotebookError) || error.ename === undefined) throw error;
      return { notebook: error.notebook, failed: true };
    },
  );
  // The runner writes no notebook that failed; its outputs must be valid all the same.
  if (executed.failed) await writeNotebook(output, executed.notebook);
  written.push(output);
  return { ...executed, notebook: parseNotebook(await readFile(output, "utf8")) };
}

/**
 * Equal but for the one thing that Jupyter leaves open: how a stream's text is cut into messages depends on time. nbclient keeps a message
 * an output; our runner joins neighbours of the same stream, as Jupyter's own front ends do; here, both are joined.
 */
function expectSame(ours: Notebook, theirs: Notebook): void {
  const mine = ours.cells.map(withJoinedStreams);
  for (const [i, cell] of theirs.cells.map(withJoinedStreams).entries()) {
    // A difference in 10 MB of text is shown by its place.
    expect(clipped(mine[i]), `cell ${i}`).toEqual(clipped(cell));
    expect(JSON.stringify(mine[i]) === JSON.stringify(cell), `cell ${i} beyond its first characters`).toBe(true);
  }
  expect(mine).toHaveLength(theirs.cells.length);
  expect(ours.metadata.kernelspec).toEqual(theirs.metadata.kernelspec);
}

function withJoinedStreams(cell: Cell): Cell {
  if (cell.outputs === undefined) return cell;
  const outputs: Output[] = [];
  for (const output of cell.outputs) {
    const last = outputs.at(-1);
    if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name)
      outputs[outputs.length - 1] = { ...last, text: last.text + output.text };
    else outputs.push(output);
  }
  return { ...cell, outputs };
}

function clipped(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (_, member: unknown) =>
    typeof member === "string" && member.length > 20_000 ? `${member.slice(0, 2000)}… ${member.length}` : member,
  ) as unknown;
}
