/** Rows and notebooks, whoever wrote them. */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { readRows } from "../../../kernel-lib/src/engine/rows.js";
import { readRowsOf } from "../../../kernel-lib/src/hub/rows.js";
import { readNotebook, writeNotebook } from "../../../kernel-lib/src/notebook/nbformat.js";
import { injectParameters } from "../../../kernel-lib/src/notebook/parameters.js";
import { buildReport } from "../../../kernel-lib/src/report/index.js";
import { loadTable } from "../../../kernel-lib/src/results/index.js";
import { parseRows } from "../../../kernel-lib/src/store/index.js";
import { readRows as readBird } from "../../../kernel-lib/src/tasks/bird/dataset.js";
import { readSaferPaca } from "../../../kernel-lib/src/tasks/saferpaca/data.js";
import { parquetOf } from "../../hub/parquet.js";
import { damagedBytes, damagedLines, damagedText, type Files } from "./damage.js";
import type { Surface } from "./surface.js";

const demonstrations = [
  { id: "q0", prompt: "2 + 2 =", answer: "4", extra: { list: [1, 2.5, null] } },
  { id: "q1", prompt: 'a,b"c', answer: "ünï 🦙", extra: { list: [] } },
  { id: "q2", prompt: "1", answer: "1e5", extra: null },
];
const texts = demonstrations.map(({ id, prompt, answer }) => ({ id, prompt, answer }));
const parquet = parquetOf(texts);
const csv = `id,prompt,answer\n${texts
  .map((row) =>
    Object.values(row)
      .map((cell) => JSON.stringify(cell))
      .join(","),
  )
  .join("\n")}\n`;

const lines = damagedLines(demonstrations).map((text): Files => ({ "rows.jsonl": text }));
const bytesOfParquet = damagedBytes(parquet, { tail: true }).map((bytes): Files => ({ "rows.parquet": bytes }));
const bytesOfCsv = damagedBytes(Buffer.from(csv)).map((bytes): Files => ({ "rows.csv": bytes }));
const onlyFile = (folder: string): string => join(folder, readdirSync(folder)[0]!);

const notebook = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: "ilr", display_name: "TypeScript" }, "ilr-lab": { elapsedMs: 5 } },
  cells: [
    { id: "a", cell_type: "markdown", metadata: {}, source: ["# Title $x^2$\n", "[link](https://example.org)"] },
    {
      ...{
        id: "b",
        cell_type: "code",
        metadata: { tags: ["parameters"] },
        source: "const seeds = [0];",
        execution_count: 1,
      },
      outputs: [
        { output_type: "stream", name: "stdout", text: ["a\n", "\u001b[31mred\u001b[0m"] },
        {
          ...{ output_type: "display_data", metadata: { "ilr-lab": { kind: "claims", claims: [{ claim: "C1" }] } } },
          data: { "text/plain": "x", "text/html": "<table><tr><td>1</td></tr></table>", "image/png": "iVBORw0KGgo=" },
        },
        {
          ...{ output_type: "execute_result", execution_count: 1, metadata: {} },
          data: {
            "application/vnd.plotly.v1+json": { data: [{ type: "bar", y: [1, 2] }], layout: { title: { text: "t" } } },
          },
        },
        { output_type: "error", ename: "E", evalue: "v", traceback: ["t"] },
      ],
    },
  ],
};

export const tables: readonly Surface[] = [
  {
    name: "notebooks (.ipynb), read, written and reported",
    mended: ["I5"],
    files: damagedText(notebook).map((text) => ({ "x.ipynb": text })),
    read: async (folder) => {
      const path = join(folder, "x.ipynb");
      const read = await readNotebook(path);
      await writeNotebook(join(folder, "y.ipynb"), injectParameters(read, {}));
      return buildReport([path]);
    },
    tries: [40, 2000],
  },
  {
    name: "JSON Lines (store, trainer, Hub)",
    mended: ["I1"],
    files: lines,
    read: async (folder) => {
      const path = join(folder, "rows.jsonl");
      const readers = [
        async () => parseRows(await readFile(path, "utf8"), path),
        () => readRows<{ readonly prompt: string }>(path, { prompt: "string" }),
        () => readRowsOf(path),
      ];
      const outcomes = await Promise.allSettled(readers.map((reader) => reader()));
      for (const outcome of outcomes)
        if (outcome.status === "rejected" && !isOurs(outcome.reason)) throw outcome.reason;
      return outcomes;
    },
    tries: [60, 4000],
  },
  {
    name: "rows of SaferPaca and BIRD",
    files: fc.oneof(
      damagedLines([{ id: "a", question: "q", reference: "r", category: "general" }]).map((text) => ({
        "saferpaca/train.jsonl": text,
        "saferpaca/test.jsonl": '{"id":"a","question":"q","reference":"r","category":"safety"}\n',
      })),
      damagedText([{ db_id: "shop", question: "q", evidence: "", SQL: "select 1", difficulty: "simple" }]).map(
        (text) => ({
          "bird/train/train.json": text,
        }),
      ),
    ),
    read: async (folder) => (readdirSync(folder)[0] === "bird" ? readBird(folder, "train") : readSaferPaca(folder)),
    tries: [40, 3000],
  },
  {
    name: "Parquet rows of the Hub",
    mended: ["I14"],
    files: bytesOfParquet,
    read: (folder) => readRowsOf(onlyFile(folder)),
    tries: [60, 6000],
  },
  {
    name: "tables (loadTable: JSON Lines, CSV, Parquet)",
    mended: ["I15"],
    files: fc.oneof(lines, bytesOfCsv, bytesOfParquet),
    read: (folder) => loadTable(onlyFile(folder)),
    tries: [40, 3000],
  },
];

function isOurs(error: unknown): boolean {
  return error instanceof Error && error.name === "LabError";
}
