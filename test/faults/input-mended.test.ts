/** Defects that damaged input showed, one by one, as docs/reliability.md names them. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { countParameters } from "../../kernel-lib/src/backends/count-parameters.js";
import { logReader } from "../../kernel-lib/src/backends/docker/log-frames.js";
import { canonicalJson, LabError, nearestName } from "../../kernel-lib/src/core/index.js";
import { readConfigFile, readRun } from "../../kernel-lib/src/experiments/index.js";
import { openSession } from "../../kernel-lib/src/human/index.js";
import { openOnnxEmbedder } from "../../kernel-lib/src/judge/index.js";
import { assertTokenizer } from "../../kernel-lib/src/judge/tokenizer-file.js";
import { parseNotebook } from "../../kernel-lib/src/notebook/nbformat.js";
import { loadTable, query } from "../../kernel-lib/src/results/index.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ilr-mended-"));
});
afterAll(() => rm(folder, { recursive: true }));

const put = async (name: string, content: string | Uint8Array): Promise<string> => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};
const damaged = { name: "LabError", code: "input-damaged" };

it("I1: nesting deeper than the stack is an error of ours", async () => {
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  expect(() => canonicalJson(JSON.parse(deep))).toThrow(expect.objectContaining(damaged));
  const levels = `{"extends": "micro-math/main", "x": ${"[".repeat(200)}${"]".repeat(200)}}`;
  for (const text of ["- ".repeat(3000), levels])
    await expect(readConfigFile(await put("deep.yaml", text))).rejects.toMatchObject(damaged);
});

it("I2: weights are counted only where the file holds what its header says", async () => {
  const file = (header: object, bytes: number): Uint8Array => {
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return Buffer.concat([length, text, Buffer.alloc(bytes)]);
  };
  const header = { w: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] } };
  expect(await countParameters(await put("whole", file(header, 16)))).toBe(4);
  const claim = Buffer.alloc(9);
  claim.writeBigUInt64LE(99_000_000n);
  const others = [file(header, 15), file({ w: { shape: [1e300, 1e300], data_offsets: [0, 16] } }, 16), claim];
  for (const bytes of [...others, file({ w: { shape: ["x"], data_offsets: [0, 16] } }, 16), file({ w: null }, 0)])
    await expect(countParameters(await put("damaged", bytes))).rejects.toMatchObject(damaged);
});

it("I3: messages have an end, whatever they repeat", () => {
  expect(new LabError("step-failed", "x".repeat(1e6), { hint: "y".repeat(1e6) }).message.length).toBeLessThan(21_000);
  expect(nearestName("a".repeat(1e6), ["alpha"])).toBeUndefined();
});

it("I5: a notebook whose outputs are none is no notebook", () => {
  const notebook = (outputs: unknown): string =>
    JSON.stringify({ nbformat: 4, cells: [{ cell_type: "code", source: "", outputs }] });
  expect(parseNotebook(notebook([])).cells).toHaveLength(1);
  for (const outputs of [[null], {}, [{ output_type: "display_data", data: 5 }], [{ output_type: "unheard-of" }]])
    expect(() => parseNotebook(notebook(outputs))).toThrow(/outputs/);
});

it("I6: a recorded run without what tables are made of is damaged", async () => {
  await put("points.jsonl", '{"arm":"SFT"}\n');
  await put("evaluators.jsonl", "");
  await put("provenance.json", "{}");
  await expect(readRun(folder)).rejects.toMatchObject(damaged);
});

it("I15: JSON too deep for DuckDB is refused before it sees it", async () => {
  const rows = (levels: number): string =>
    `{"a":${"[".repeat(levels)}${"]".repeat(levels)},"b":"${"[".repeat(5000)}\\""}\n`;
  expect((await loadTable(await put("rows.jsonl", rows(5)))).numRows()).toBe(1);
  for (const levels of [1001, 20_000])
    await expect(loadTable(await put("rows.jsonl", rows(levels)))).rejects.toMatchObject(damaged);
});

it("I15: also where a statement names the file, however it does", async () => {
  const deep = await put("it's deep.jsonl", `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}\n`);
  const other = await put("deep.txt", `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}\n`);
  await put("whole.ndjson", '{"a":1}\n');
  const asked = async (text: string, ...values: readonly string[]): Promise<number> => {
    const none = { names: [], load: () => Promise.reject(new Error("no table")) };
    return (await query({ text, values }, none)).numRows();
  };
  const quoted = deep.replaceAll("'", "''");
  const statements = [
    `select * from '${quoted}'`,
    `-- don't\nselect * from "${deep}"`,
    `select * from read_json(['${folder}/whole.ndjson', $$${other}$$])`,
    `select * from read_json(e'${other}')`,
    `from read_json('${folder}/*.jsonl')`,
    `/* ' */ copy (from '${quoted}') to '${folder}/copy.parquet'`,
  ];
  for (const text of statements) await expect(asked(text), text).rejects.toMatchObject(damaged);
  await expect(asked("from read_json($1)", other)).rejects.toMatchObject(damaged);
  expect(await asked(`from '${folder}/*.ndjson' where a <> '${quoted.length}'`)).toBe(1);
  expect(await asked(`select content from read_text('${other}')`)).toBe(1);
});

it("I16: a tokenizer that would be walked without end is refused before its library sees it", async () => {
  const withToken = (content: unknown, splitter: unknown = null): object => ({
    ...{ added_tokens: [{ id: 0, content }], pre_tokenizer: splitter },
    ...{ model: { type: "WordPiece", vocab: {} }, normalizer: null, post_processor: null, decoder: null },
  });
  const steps = (length: unknown): object => ({ type: "Sequence", pretokenizers: [{ type: "FixedLength", length }] });
  expect(() => assertTokenizer("tokenizer.json", withToken("[PAD]", steps(2)))).not.toThrow();
  for (const content of [{ length: 1e10 }, [], 5, undefined])
    expect(() => assertTokenizer("tokenizer.json", withToken(content))).toThrow(expect.objectContaining(damaged));
  for (const length of [0, -1, 0.001, "1", null])
    expect(() => assertTokenizer("tokenizer.json", withToken("x", steps(length)))).toThrow(/FixedLength.*whole number/);
  await put("tokenizer.json", JSON.stringify(withToken("x", steps(0))));
  await put("model.onnx", "never opened");
  await expect(openOnnxEmbedder(folder)).rejects.toThrow(/FixedLength/);
});

it("I8: a frame of a log that claims gigabytes is not waited for, and the next stream is read", () => {
  let taken = "";
  const reader = logReader((payload) => {
    taken += payload.toString();
  });
  reader.write(Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]));
  const chunk = Buffer.alloc(1 << 20, "x");
  for (let k = 0; k < 100; k++) reader.write(Buffer.from(chunk));
  expect(taken).toBe("");
  reader.restart();
  const payload = Buffer.from("2026-01-01T00:00:00.000000001Z after\n");
  reader.write(Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, payload.length]), payload]));
  expect(taken).toBe("after\n");
});

it("I13: a folder is no session", async () => {
  await expect(openSession(folder)).rejects.toMatchObject({ name: "LabError", code: "input-missing" });
});
