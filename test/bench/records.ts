/**
 * What much of everything costs: a run of 100,000 rows, a store of 5,000 steps, a report of 300 figures; time and memory of this process.
 * Usage: node --import tsx --expose-gc test/bench/records.ts [rows=100000] [steps=5000] [figures=300]
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRunner } from "../../kernel-lib/src/backends/index.js";
import { readRun, writeRun } from "../../kernel-lib/src/experiments/index.js";
import { mainFigure } from "../../kernel-lib/src/figures/index.js";
import { loadRuns, runOf } from "../../kernel-lib/src/lab.js";
import { render } from "../../kernel-lib/src/notebook/index.js";
import { buildReport } from "../../kernel-lib/src/report/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { answersOf, inProcess } from "../faults/chains.js";
import { syntheticRun } from "../results/synthetic-run.js";
import { type BenchRow, compared, writeRows } from "./rows.js";

const [rows, steps, figures] = [2, 3, 4].map((place, index) =>
  Number(process.argv[place] ?? [100_000, 5000, 300][index]),
) as [number, number, number];

const taken: BenchRow[] = [];

/** Does it once, and says what it took. */
async function measure<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  globalThis.gc?.();
  const begun = performance.now();
  const result = await work();
  const seconds = (performance.now() - begun) / 1000;
  const memory = Math.round(process.memoryUsage().rss / 1e6);
  console.log(`| ${what} | ${seconds.toFixed(2)} | ${memory} |`);
  taken.push(compared({ bench: "records", what, unit: "s wall", ours: [seconds] }));
  return result;
}

const folder = await mkdtemp(join(tmpdir(), "ilr-bench-"));
try {
  console.log("| what | seconds | MB of the process afterwards |\n|---|--:|--:|");
  const points = syntheticRun({ questions: 10 }).points.length;
  const run = syntheticRun({ questions: Math.ceil(rows / points) });
  const results = join(folder, "results", "micro-math", "main");
  const project = { root: folder, results: join(folder, "results"), store: join(folder, "store"), data: folder };
  await measure(`write a run of ${rows} answers`, () => writeRun(results, run));
  const read = await measure("read it", () => readRun(results));
  const frame = await measure("its table of examples", () => runOf(read).frame("examples"));
  if (frame.numRows() < rows) throw new Error(`${frame.numRows()} rows`);
  await measure("group them by arm and round", () =>
    frame.groupby("arm", "round").rollup({ accuracy: "d => op.mean(d.correct)" }).objects(),
  );
  await measure(
    "the same in SQL, reading included",
    async () => (await loadRuns({ project })).sql`select arm, round, avg(correct) from examples group by all`,
  );
  await measure("its summary, with intervals", () => runOf(read).summary());
  await measure("display its table", () => render(frame));

  const store = await openStore(project.store);
  const text = Array.from({ length: rows }, (_, id) => ({
    id: `q${id}`,
    sample: 0,
    answer: `${id} + ${id} = ${2 * id}`,
  }));
  const { ref } = await measure(`put ${rows} rows into a store`, () => store.putRows(text));
  await measure("read them", () => store.readRows(ref));
  await measure(`run ${steps} steps that do nothing, all asked for at once`, async () => {
    const runner = createRunner({ store, backend: inProcess() });
    await Promise.all(Array.from({ length: steps / 2 }, (_, seed) => answersOf(runner, store, seed, "")));
  });
  const again = createRunner({ store: await openStore(project.store), backend: inProcess() });
  await measure("ask for them again, in a new process's store", () =>
    Promise.all(Array.from({ length: steps / 2 }, (_, seed) => answersOf(again, again.store, seed, ""))),
  );
  if (again.counts().steps.executed > 0) throw new Error("steps ran again");
  await measure("verify that store", () => store.verifyAll());
  await measure("what gc would remove", () => store.gc({ keep: again.keys(), dryRun: true }));

  const notebook = join(folder, "figures.ipynb");
  const { data, metadata } = await measure("render a figure for a notebook", () => render(mainFigure(run)));
  const output = { output_type: "display_data", data, metadata };
  const cell = { cell_type: "code", source: "1", metadata: {}, outputs: [output], execution_count: 1 };
  await mkdir(folder, { recursive: true });
  const cells = Array.from({ length: figures }, (_, id) => ({ ...cell, id: `c${id}` }));
  await writeFile(notebook, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
  const { html } = await measure(`a report of a notebook with ${figures} figures`, () => buildReport([notebook]));
  writeRows("records", taken);
  console.log(`\nthe report has ${(html.length / 1e6).toFixed(1)} MB`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
