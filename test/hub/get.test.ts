import { type ChildProcess, execFile, execFileSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { sha256 } from "../../kernel-lib/src/core/index.js";
import { canonicalRows, type DataLock, getDataSet, inspectData, readGsm8k } from "../../kernel-lib/src/hub/index.js";
import { readRowsOf } from "../../kernel-lib/src/hub/rows.js";
import { temporaryFolder } from "../backends/fixtures.js";
import { failureOf, hubAt, hubServer } from "./fixture.js";
import { gsm8kFolder } from "./gsm8k-rows.js";
import type { HubServer } from "./hub-server.js";
import { parquetOf } from "./parquet.js";

const noHub = (): never => {
  throw new Error("nothing may be fetched");
};

const saferRows = (count: number): Record<string, string>[] =>
  Array.from({ length: count }, (_, i) => ({
    question: `Question ${i}?`,
    answer: `An answer, "${i}" \u2013 with a dash.`,
    category: i % 3 === 0 ? "safety" : "general",
  }));

/** A server with a SaferPaca of the right shape. */
async function saferServer(): Promise<{ server: HubServer; sha: string }> {
  const server = await hubServer();
  const sha = server.commit("datasets/helloelwin/saferpaca4_qa", {
    "data/train-00000-of-00001.parquet": parquetOf(saferRows(900)),
    "data/test-00000-of-00001.parquet": parquetOf(saferRows(578)),
  });
  return { server, sha };
}

const lockOf = async (data: string, name: string): Promise<DataLock> =>
  JSON.parse(await readFile(join(data, name, "lock.json"), "utf8")) as DataLock;

describe("rows", () => {
  it("have one digest, whatever container they came in", async () => {
    const folder = await temporaryFolder();
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ b: text, a: text }), { minLength: 1, maxLength: 20 }), async (rows) => {
        await writeFile(join(folder, "x.parquet"), parquetOf(rows));
        await writeFile(join(folder, "x.jsonl"), rows.map(({ a, b }) => JSON.stringify({ a, b })).join("\n"));
        await writeFile(join(folder, "x.json"), JSON.stringify(rows, null, 1));
        const digests = await Promise.all(
          ["x.parquet", "x.jsonl", "x.json"].map(async (name) => {
            const read = (await readRowsOf(join(folder, name))) as Record<string, string>[];
            return canonicalRows(read).digest;
          }),
        );
        expect(new Set(digests)).toEqual(new Set([canonicalRows(rows).digest]));
      }),
      { numRuns: 30 },
    );
  });

  it("that cannot be read are named", async () => {
    const folder = await temporaryFolder();
    const whole = parquetOf(saferRows(5));
    for (const [name, content] of [
      ["half.parquet", whole.subarray(0, whole.length >> 1)],
      ["line.jsonl", '{"a": 1}\n{"a": '],
      ["number.jsonl", "3\n"],
    ] as const) {
      await writeFile(join(folder, name), content);
      expect(await failureOf(readRowsOf(join(folder, name)))).toMatchObject({
        code: "input-damaged",
        message: expect.stringContaining(name),
      });
    }
    expect((await failureOf(readRowsOf(join(folder, "none")))).code).toBe("input-missing");
  });
});

describe("getting a data set from the Hub", () => {
  it("leaves canonical rows and a lock, and a second time asks nobody", async () => {
    const { server, sha } = await saferServer();
    const data = await temporaryFolder();
    const got = await getDataSet("saferpaca", { data, hub: () => hubAt(server) });
    expect(got).toMatchObject({ state: "verified", fetched: true });
    expect(await readdir(join(data, "saferpaca"))).toEqual(["lock.json", "test.jsonl", "train.jsonl"]);
    const lines = (await readFile(join(data, "saferpaca", "test.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(578);
    expect(JSON.parse(lines[1]!)).toEqual({
      ...{ id: "test-00002", question: "Question 1?", category: "general" },
      reference: 'An answer, "1" \u2013 with a dash.',
    });
    const lock = await lockOf(data, "saferpaca");
    expect(lock.source).toMatchObject({
      kind: "hub",
      commit: sha,
      revision: "main",
      repository: "helloelwin/saferpaca4_qa",
    });
    expect(lock.files["train.jsonl"]!.rows).toBe(900);

    const before = server.seen.length;
    expect(await getDataSet("saferpaca", { data, hub: noHub })).toMatchObject({ state: "verified", fetched: false });
    expect(server.seen.length).toBe(before);
  });

  it("fetches what was damaged since again, and nothing of what is whole is trusted blindly", async () => {
    const { server } = await saferServer();
    const data = await temporaryFolder();
    await getDataSet("saferpaca", { data, hub: () => hubAt(server) });
    const path = join(data, "saferpaca", "train.jsonl");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace("Question 7?", "Question 8?"));
    const [, , report] = await inspectData(data);
    expect(report).toMatchObject({ name: "saferpaca", state: "damaged", problem: { code: "input-damaged" } });
    await getDataSet("saferpaca", { data, hub: () => hubAt(server) });
    expect(await readFile(path, "utf8")).toBe(text);
  });

  it("by several at once fetches once", async () => {
    const { server } = await saferServer();
    const data = await temporaryFolder();
    const all = await Promise.all([1, 2, 3].map(() => getDataSet("saferpaca", { data, hub: () => hubAt(server) })));
    expect(all.map(({ fetched }) => fetched).sort()).toEqual([false, false, true]);
    expect(server.seen.filter(({ host }) => host === "storage")).toHaveLength(2);
  });

  it("by several processes at once, one of them killed, fetches whole files", async () => {
    const { server } = await saferServer();
    const data = await temporaryFolder();
    const script = `import { getDataSet, openHub } from "./kernel-lib/src/hub/index.ts";
      const { fetched } = await getDataSet("saferpaca", { data: process.argv[1], hub: () => openHub({ endpoint: process.argv[2], env: {} }) });
      console.log(fetched);`;
    const start = () =>
      execFile(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script, data, server.url], () => {});
    const ended = (child: ChildProcess): Promise<string> =>
      new Promise((resolve) => {
        let out = "";
        child.stdout!.on("data", (text) => {
          out += String(text);
        });
        child.on("close", (code, signal) => resolve(`${signal ?? code} ${out.trim()}`));
      });
    // The first one hangs in the middle of a file, and dies holding the claim.
    server.order(/GET \/object/, { kind: "stall", after: 1000 });
    const first = start();
    const over = ended(first);
    await vi.waitFor(() => expect(server.seen.some(({ host }) => host === "storage")).toBe(true), 30_000);
    const others = [start(), start()].map(ended);
    first.kill("SIGKILL");
    expect(await over).toBe("SIGKILL ");
    expect((await Promise.all(others)).sort()).toEqual(["0 false", "0 true"]);
    expect((await inspectData(data))[2]).toMatchObject({ name: "saferpaca", state: "verified" });
    expect(await readdir(join(data, "saferpaca"))).toEqual(["lock.json", "test.jsonl", "train.jsonl"]);
  });

  it("takes the claim of a process that died over", async () => {
    const { server } = await saferServer();
    const data = await temporaryFolder();
    await mkdir(join(data, "saferpaca"));
    const script =
      'import("./kernel-lib/src/store/index.ts").then(({thisProcess}) => console.log(JSON.stringify(thisProcess())))';
    const dead = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    await writeFile(join(data, "saferpaca", ".claim"), dead.trim());
    expect((await getDataSet("saferpaca", { data, hub: () => hubAt(server) })).fetched).toBe(true);
  });

  it("is cancelled while it waits for another", async () => {
    const data = await temporaryFolder();
    await mkdir(join(data, "saferpaca"));
    const { thisProcess } = await import("../../kernel-lib/src/store/index.js");
    await writeFile(join(data, "saferpaca", ".claim"), JSON.stringify(thisProcess()));
    const signal = AbortSignal.timeout(50);
    expect((await failureOf(getDataSet("saferpaca", { data, hub: noHub, signal }))).code).toBe("cancelled");
  });

  it("that has other rows than it should is refused, and nothing of it stays", async () => {
    const server = await hubServer();
    const files = {
      "data/train-00000-of-00001.parquet": parquetOf(saferRows(10)),
      "data/test-00000-of-00001.parquet": parquetOf(saferRows(10)),
    };
    server.commit("datasets/helloelwin/saferpaca4_qa", files);
    const data = await temporaryFolder();
    const failure = await failureOf(getDataSet("saferpaca", { data, hub: () => hubAt(server) }));
    expect(failure).toMatchObject({ code: "input-damaged", message: expect.stringContaining("578") });
    expect(await readdir(join(data, "saferpaca"))).toEqual([]);
  });

  it("with columns that nobody knows names them", async () => {
    const server = await hubServer();
    const rows = saferRows(578).map(({ question, answer }) => ({ question: question!, answer: answer!, kind: "x" }));
    server.commit("datasets/helloelwin/saferpaca4_qa", {
      "data/train-00000-of-00001.parquet": parquetOf(rows),
      "data/test-00000-of-00001.parquet": parquetOf(rows),
    });
    const failure = await failureOf(
      getDataSet("saferpaca", { data: await temporaryFolder(), hub: () => hubAt(server) }),
    );
    expect(failure).toMatchObject({ code: "input-damaged", hint: expect.stringContaining("question, answer, kind") });
  });
});

describe("data that the user has", () => {
  it("goes in by --from, with other names of the columns too, and is not overwritten when it changes", async () => {
    const [data, from] = [await temporaryFolder(), await temporaryFolder()];
    const line = (i: number): string =>
      `${JSON.stringify({ id: `x${i}`, instruction: `Do ${i}`, response: "Done", category: "general" })}\n`;
    await writeFile(join(from, "train.jsonl"), Array.from({ length: 4 }, (_, i) => line(i)).join(""));
    await writeFile(join(from, "test.jsonl"), Array.from({ length: 578 }, (_, i) => line(i)).join(""));
    const got = await getDataSet("saferpaca", { data, from: join(from, "test.jsonl"), hub: noHub });
    expect(got).toMatchObject({ fetched: true, lock: { source: { kind: "files" } } });
    const path = join(data, "saferpaca", "train.jsonl");
    expect(JSON.parse((await readFile(path, "utf8")).split("\n")[0]!)).toEqual({
      ...{ id: "x0", question: "Do 0", reference: "Done", category: "general" },
    });
    const edited = (await readFile(path, "utf8")).replace("Do 0", "Do nothing");
    await writeFile(path, edited);
    const failure = await failureOf(getDataSet("saferpaca", { data, hub: noHub }));
    expect(failure).toMatchObject({ code: "input-damaged", hint: expect.stringContaining("lock.json") });
    expect(await readFile(path, "utf8")).toBe(edited);
    await rm(join(data, "saferpaca", "lock.json"));
    expect(await getDataSet("saferpaca", { data, hub: noHub })).toMatchObject({ state: "verified", fetched: true });
  });

  it("that lacks a split, or joins instruction and input nowhere, is refused", async () => {
    const [data, from] = [await temporaryFolder(), await temporaryFolder()];
    const row = { instruction: "Sum up", input: "a text", output: "short", category: "general" };
    await writeFile(join(from, "train.jsonl"), JSON.stringify(row));
    const input = await failureOf(getDataSet("saferpaca", { data, from, hub: noHub }));
    expect(input).toMatchObject({ code: "input-damaged", hint: expect.stringContaining("question") });
    await writeFile(join(from, "train.jsonl"), JSON.stringify({ ...row, input: "" }));
    const line = JSON.stringify({ ...row, input: "", id: "same" });
    await writeFile(join(from, "train.jsonl"), `${line}\n${line}\n`);
    const twice = await failureOf(getDataSet("saferpaca", { data, from, hub: noHub }));
    expect(twice).toMatchObject({ code: "input-damaged", message: expect.stringContaining('"same" twice') });
    await writeFile(join(from, "train.jsonl"), line);
    const missing = await failureOf(getDataSet("saferpaca", { data, from, hub: noHub }));
    expect(missing).toMatchObject({ code: "input-missing", message: expect.stringContaining("test.jsonl") });
  });
});

describe("BIRD", () => {
  /** A BIRD of two questions. */
  async function bird(folder: string): Promise<void> {
    for (const split of ["train", "dev"]) {
      const databases = join(folder, split, `${split}_databases`, "school");
      await mkdir(databases, { recursive: true });
      const row = { question: "How many?", SQL: "SELECT COUNT(*) FROM t", db_id: "school", evidence: "" };
      await writeFile(join(folder, split, `${split}.json`), JSON.stringify([row]));
      await writeFile(join(databases, "school.sqlite"), `SQLite format 3\0${split}`);
    }
  }

  it("is described when it is not there, and verified when the user has put it there", async () => {
    const data = await temporaryFolder();
    const absent = await failureOf(getDataSet("bird", { data, hub: noHub }));
    expect(absent.code).toBe("input-missing");
    for (const part of ["bird-bench.github.io", join(data, "bird", "dev", "dev.json"), "<db_id>.sqlite"]) {
      expect(absent.hint).toContain(part);
    }
    await bird(join(data, "bird"));
    const got = await getDataSet("bird", { data, hub: noHub });
    expect(got).toMatchObject({ state: "verified", fetched: true });
    expect(got.files["dev/dev.json"]!.rows).toBe(1);
    expect(await getDataSet("bird", { data, hub: noHub })).toMatchObject({ fetched: false });
  });

  it("comes from a folder, as links or copies, and keeps what is there", async () => {
    const [data, from] = [await temporaryFolder(), await temporaryFolder()];
    await bird(from);
    await getDataSet("bird", { data, from, hub: noHub });
    await getDataSet("bird", { data, from, hub: noHub });
    const names = await readdir(join(data, "bird"), { recursive: true });
    expect(names.filter((name) => name.endsWith(".sqlite"))).toHaveLength(2);
    expect(names.filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  it("without a database, with a wrong one, or with unreadable questions is refused", async () => {
    const data = await temporaryFolder();
    await bird(join(data, "bird"));
    const database = join(data, "bird", "dev", "dev_databases", "school", "school.sqlite");
    await writeFile(database, "<html>not found</html>");
    expect((await failureOf(getDataSet("bird", { data, hub: noHub }))).message).toContain("no SQLite database");
    await rm(database);
    expect((await failureOf(getDataSet("bird", { data, hub: noHub }))).message).toContain(
      "dev_databases/school/school.sqlite",
    );
    await writeFile(join(data, "bird", "dev", "dev.json"), '[{"question": "How many?"}]');
    expect((await failureOf(getDataSet("bird", { data, hub: noHub }))).code).toBe("input-damaged");
  });
});

describe.skipIf(gsm8kFolder === undefined)("GSM8K itself", () => {
  const from = gsm8kFolder!;
  const rowsOf = async (split: string): Promise<Record<string, string>[]> =>
    ((await readRowsOf(join(from, `${split}.jsonl`))) as Record<string, string>[]).map(({ question, answer }) => ({
      question: question!,
      answer: answer!,
    }));

  it.each([
    ["train", "17f347dc51477c50d4efb83959dbb7c56297aba886e5544ee2aaed3024813465"],
    ["test", "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14"],
  ])("is the release: written as Python writes JSON, %s has the published sha256", async (split, published) => {
    const ascii = (text: string): string =>
      JSON.stringify(text).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
    const lines = (await rowsOf(split)).map(
      ({ question, answer }) => `{"question": ${ascii(question!)}, "answer": ${ascii(answer!)}}\n`,
    );
    expect(sha256(lines.join(""))).toBe(published);
  });

  it("from its original files has the pinned digests", async () => {
    const data = await temporaryFolder();
    const got = await getDataSet("gsm8k", { data, from, hub: noHub });
    expect(got).toMatchObject({
      state: "verified",
      files: { "train.jsonl": { rows: 7473 }, "test.jsonl": { rows: 1319 } },
    });
    expect((await readGsm8k(data)).test).toHaveLength(1319);
  });

  it("as Parquet from a mirror is the same, also where the mirror lacks the pinned commit", async () => {
    const server = await hubServer();
    const sha = server.commit("datasets/openai/gsm8k", {
      "main/train-00000-of-00001.parquet": parquetOf(await rowsOf("train")),
      "main/test-00000-of-00001.parquet": parquetOf(await rowsOf("test")),
    });
    const data = await temporaryFolder();
    const notes: string[] = [];
    const got = await getDataSet("gsm8k", {
      data,
      hub: () => hubAt(server, { token: "hf_right" }),
      onNote: (line) => notes.push(line),
    });
    expect(got.state).toBe("verified");
    expect((await lockOf(data, "gsm8k")).source).toMatchObject({ commit: sha });
    expect(notes.join("\n")).toContain("taking main");
    expect(await readGsm8k(data)).toEqual({ train: await rowsOf("train"), test: await rowsOf("test") });
  });

  it("with one character changed is not GSM8K", async () => {
    const [data, copy] = [await temporaryFolder(), await temporaryFolder()];
    for (const name of ["train.jsonl", "test.jsonl"]) await cp(join(from, name), join(copy, name));
    const text = await readFile(join(copy, "test.jsonl"), "utf8");
    await writeFile(join(copy, "test.jsonl"), text.replace("ducks", "Ducks"));
    const failure = await failureOf(getDataSet("gsm8k", { data, from: copy, hub: noHub }));
    expect(failure).toMatchObject({ code: "input-damaged", message: expect.stringContaining("digest") });
    await mkdir(join(data, "gsm8k"), { recursive: true });
    for (const name of ["train.jsonl", "test.jsonl"]) await cp(join(copy, name), join(data, "gsm8k", name));
    expect((await failureOf(readGsm8k(data))).code).toBe("input-damaged");
    // The user's file is not overwritten.
    expect((await failureOf(getDataSet("gsm8k", { data, hub: noHub }))).code).toBe("input-damaged");
  });
});
