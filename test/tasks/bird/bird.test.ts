import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../../../kernel-lib/src/core/index.js";
import { type BirdTask, bird, type GoldFailure } from "../../../kernel-lib/src/tasks/bird/index.js";
import { PEOPLE, temporaryFolder, writeDatabase } from "../sql/fixture.js";
import { type Row, writeBird } from "./fixture.js";

const question = (db_id: string, index: number, SQL = "SELECT name FROM person"): Row => ({
  db_id,
  question: `Question ${index}?`,
  evidence: index % 2 === 0 ? "" : `evidence ${index}`,
  SQL,
});
const TRAIN = Array.from({ length: 12 }, (_, i) => question(i % 2 === 0 ? "towns" : "people", i));
const DEV: readonly Row[] = [
  { ...question("school", 0, "SELECT name FROM person WHERE age > 35"), difficulty: "simple", question_id: 0 },
  { ...question("european_football_2", 1), difficulty: "moderate", question_id: 1 },
  { ...question("school", 2, "SELECT nothing FROM nowhere"), difficulty: "challenging", question_id: 2 },
];
let data: string;
let task: BirdTask;
const failures: GoldFailure[] = [];
beforeAll(async () => {
  data = await writeBird(TRAIN, DEV);
  task = bird({ data, validation: 2, limits: { seconds: 5 }, onGoldFailure: (failure) => failures.push(failure) });
});
afterAll(() => task[Symbol.asyncDispose]());

describe("splits", () => {
  it("are seeded, disjoint and complete, and leave out the database that the paper leaves out", async () => {
    const [zero, again, one] = [await task.splits(0), await task.splits(0), await task.splits(1)];
    expect(again).toEqual(zero);
    expect(one.train).not.toEqual(zero.train);
    expect(one.test).toEqual(zero.test);
    const ids = [...zero.train, ...zero.validation].map(({ id }) => id);
    expect(new Set(ids).size).toBe(12);
    expect(task.sizes).toEqual({ train: 10, validation: 2, test: 2 });
    expect(zero.test.map(({ id, category, database }) => [id, category, database])).toEqual([
      ["dev-0000", "simple", "school"],
      ["dev-0002", "challenging", "school"],
    ]);
  });

  it("put schema, evidence and question into the question", async () => {
    const { train } = await task.splits(0);
    const asked = train.find(({ id }) => id === "train-0001") ?? train[0]!;
    expect(asked.question).toContain("city(name, `Population (2020)`)");
    expect(asked.question).toContain("person.home = city.name");
    const odd = train.find(({ question }) => question.includes("evidence"))!;
    expect(odd.question).toMatch(/Knowledge:\nevidence \d+\n\nQuestion:\nQuestion \d+\?$/);
    const made = bird({ data, validation: 2, schema: "create-table" });
    expect((await made.splits(0)).test[0]!.question).toContain("CREATE TABLE city (name TEXT PRIMARY KEY");
    await made[Symbol.asyncDispose]();
  });
});

describe("grades", () => {
  it("are execution accuracy, in order", async () => {
    const [first] = (await task.splits(0)).test;
    const answers = [
      "SELECT 'Cy'",
      " select name from person where age = 41.0 ",
      "SELECT 'Ann'",
      "SELECT",
      "",
      "DROP TABLE person",
    ];
    expect(await task.grade(answers.map((answer) => ({ question: first!, answer })))).toEqual([1, 1, 0, 0, 0, 0]);
  });

  it("tell of gold queries that fail, once each", async () => {
    const { test } = await task.splits(0);
    const answers = [...test, ...test].map((question) => ({ question, answer: question.reference }));
    expect(await task.grade(answers)).toEqual([1, 0, 1, 0]);
    expect(failures).toMatchObject([{ id: "dev-0002", database: "school", outcome: { reason: "error" } }]);
    expect(task.goldFailures()).toEqual(failures);
  });

  it("agree where both run and return the same", async () => {
    const [question] = (await task.splits(0)).test;
    const pairs: [string, string][] = [
      ["SELECT 1", "SELECT 1.0 UNION SELECT 1"],
      ["SELECT 1", "SELECT 2"],
      ["nonsense", "nonsense"],
    ];
    const asked = pairs.map(([label, proposal]) => ({ question: question!, label, proposal }));
    expect(await task.agree(asked)).toEqual([true, false, false]);
  });

  it("stop with an error, not with zeros, when a database is gone", async () => {
    const gone = await writeBird(TRAIN, DEV);
    const other = bird({ data: gone, validation: 2 });
    const { test } = await other.splits(0);
    rmSync(join(gone, "bird", "dev", "dev_databases"), { recursive: true });
    await expect(other.grade([{ question: test[0]!, answer: "SELECT 1" }])).rejects.toMatchObject({
      code: "input-missing",
    });
    await other[Symbol.asyncDispose]();
  });
});

describe("identity", () => {
  it("changes with questions, databases and limits, not with the number of processes", async () => {
    const folder = await writeBird(TRAIN, DEV);
    const identity = (options: Partial<Parameters<typeof bird>[0]> = {}): string =>
      digestOf(bird({ data: folder, validation: 2, ...options }).identity!);
    const before = identity();
    expect(identity({ limits: { processes: 3 } })).toBe(before);
    expect(identity({ limits: { seconds: 3 } })).not.toBe(before);
    await writeDatabase(
      join(folder, "bird/dev/dev_databases/school/school.sqlite"),
      `${PEOPLE} DELETE FROM number WHERE n = 7;`,
    );
    const changed = identity();
    expect(changed).not.toBe(before);
    writeFileSync(join(folder, "bird/train/train.json"), JSON.stringify(TRAIN.slice(1)));
    expect(identity()).not.toBe(changed);
  });
});

describe("without data", () => {
  it("plans can be made, and everything else says what is missing", async () => {
    const none = bird({ data: temporaryFolder() });
    expect(none.sizes).toEqual({ train: 9000, validation: 428, test: 1405 });
    expect(none.identity).toMatchObject({ content: "not fetched" });
    await expect(none.splits(0)).rejects.toMatchObject({
      code: "input-missing",
      hint: expect.stringContaining("ilr data get bird"),
    });
  });

  it("is damaged where a row is none of BIRD's, above all where a name leads out of the folder", async () => {
    for (const row of [
      {},
      { ...TRAIN[0], db_id: "../../etc" },
      { ...TRAIN[0], db_id: ".." },
      { ...TRAIN[0], SQL: 1 },
    ]) {
      const folder = await writeBird(TRAIN, DEV);
      writeFileSync(join(folder, "bird/train/train.json"), JSON.stringify([TRAIN[0], row]));
      await expect(bird({ data: folder, validation: 1 }).splits(0)).rejects.toMatchObject({ code: "input-damaged" });
    }
    await expect(Promise.resolve().then(() => bird({ data, validation: -1 }))).rejects.toMatchObject({
      code: "config-invalid",
    });
  });
});
