import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import init from "@sqlite.org/sqlite-wasm";
import { type ColumnTable, op } from "arquero";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Project, type RunRecord, writeRun } from "../../kernel-lib/src/experiments/index.js";
import { lab, loadRuns, type Runs, type Sql } from "../../kernel-lib/src/lab.js";
import { provenanceOf, render } from "../../kernel-lib/src/notebook/index.js";
import { query, type RecordsName, type SqlValue, statementOf } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

let folder: string;
let project: Project;
let runs: Runs;
let main: RunRecord;
let quick: RunRecord;

/** Three recorded runs at different depths, one of them of another size. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ilr-sql-"));
  project = {
    root: folder,
    results: join(folder, "results"),
    store: join(folder, "store"),
    data: join(folder, "data"),
  };
  main = syntheticRun({ seeds: [0, 1], questions: 60 });
  quick = named(syntheticRun({ questions: 30, arms: ["SFT", "ILR (oracle)"] }), "micro-math/quick");
  await writeRun(join(project.results, "micro-math", "main"), main);
  await writeRun(join(project.results, "machines", "other", "quick"), quick);
  await writeRun(
    join(project.results, "paper"),
    named(syntheticRun({ questions: 20, arms: ["SFT"] }), "gsm8k/main@paper"),
  );
  runs = await loadRuns({ project });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function named(run: RunRecord, name: string): RunRecord {
  return { ...run, provenance: { ...run.provenance, experiment: { ...run.provenance.experiment, name } } };
}

const rowsOf = (table: ColumnTable): readonly Record<string, unknown>[] =>
  table.objects({ limit: Number.POSITIVE_INFINITY }) as Record<string, unknown>[];

/** A statement in a database without tables. */
const ask: Sql = async (strings, ...values) =>
  query(statementOf(strings, values), { names: [], load: () => Promise.reject(new Error("no tables")) });

describe("loadRuns", () => {
  it("finds every recorded run, at any depth, by experiment, size and folder", async () => {
    expect(runs.names).toEqual(["machines/other/quick", "micro-math/main", "paper"]);
    const names = async (wanted: object): Promise<readonly string[]> => (await loadRuns({ ...wanted, project })).names;
    expect(await names({ experiment: "micro-math/quick" })).toEqual(["machines/other/quick"]);
    expect(await names({ experiment: "machines/other/quick" })).toEqual(["machines/other/quick"]);
    // A family's name means every size of it: the micro twin of gsm8k/main is micro-math/main.
    expect(await names({ experiment: "gsm8k/main" })).toEqual(["micro-math/main", "paper"]);
    expect(await names({ experiment: "gsm8k/main", profile: "paper" })).toEqual(["paper"]);
    expect(await names({ experiment: ["micro-math/main", "paper"] })).toEqual(["micro-math/main", "paper"]);
    expect(await names({ profile: "micro" })).toEqual(["machines/other/quick", "micro-math/main"]);
    expect(runs.run("micro-math/main").record).toEqual(main);
  });

  it("refuses what there is not, by the nearest name, and finds nothing where nothing is recorded", async () => {
    const refused = (wanted: object, hint: string): Promise<void> =>
      expect(loadRuns({ ...wanted, project })).rejects.toMatchObject({
        code: "name-unknown",
        hint: expect.stringContaining(hint),
      });
    await refused({ experiment: "micro-math/mian" }, "micro-math/main");
    await refused({ profile: "papr" }, "paper");
    await refused({ profile: "small" }, "micro, paper");
    expect(() => runs.run("papr")).toThrow(expect.objectContaining({ code: "name-unknown" }));
    const none = await loadRuns({ project: { ...project, results: join(folder, "nowhere") } });
    expect(none.names).toEqual([]);
    expect((await none.records("rounds")).numRows()).toBe(0);
    expect(rowsOf(await none.sql`select count(*) as n from rounds`)).toEqual([{ n: 0 }]);
  });

  it("has the rows of all runs, with the run's name; together they are each run's rows", async () => {
    for (const name of ["runs", "rounds", "examples", "evaluators", "comparisons", "calibration"] as const) {
      const together = rowsOf(await runs.records(name));
      const apart = [];
      for (const run of runs.names) {
        for (const row of rowsOf(await runs.run(run).records(name))) apart.push({ run, ...row });
      }
      expect(together).toEqual(apart);
    }
    await expect(runs.records("steps")).rejects.toMatchObject({ code: "input-missing" });
  });

  it("shows what it has found, and its tables where they are from", async () => {
    const text = String(render(runs).data["text/plain"]);
    expect(text.split("\n")[0]).toMatch(/^run +experiment +profile/);
    expect(text).toContain("gsm8k/main@paper");
    expect(render(runs).metadata["ilr-lab"]).toMatchObject({ kind: "table", provenance: { title: "3 recorded runs" } });
    expect(provenanceOf(await runs.records("rounds"))?.experiment).toBe(
      "micro-math/quick, micro-math/main, gsm8k/main@paper",
    );
    const table = await runs.sql`select * from rounds`;
    expect(provenanceOf(table)).toMatchObject({ seeds: [0, 1], recorded: true });
    // A statement that reads none of the runs' tables says nothing of them.
    expect(provenanceOf(await runs.sql`select 1 as one`)).toBeUndefined();
  });
});

describe("sql over runs", () => {
  it.each([
    "runs",
    "rounds",
    "examples",
    "evaluators",
    "comparisons",
    "calibration",
  ] as const)("sees %s as they are: the same columns, the same values", async (name: RecordsName) => {
    const records = await runs.records(name);
    const strings = Object.assign([`select * from ${name}`], { raw: [`select * from ${name}`] });
    const seen = await runs.sql(strings as unknown as TemplateStringsArray);
    expect(seen.columnNames()).toEqual(records.columnNames());
    expect(rowsOf(seen)).toEqual(rowsOf(records));
  });

  it("averages as Arquero does, and as one does by hand", async () => {
    const found = rowsOf(
      await runs.sql`select arm, avg(testAccuracy) as accuracy, count(*) as points from rounds where round = ${3} group by arm order by arm`,
    );
    const rounds = await runs.records("rounds");
    const frame = rounds
      .filter((row: { round: number }) => row.round === 3)
      .groupby("arm")
      .rollup({ accuracy: op.mean("testAccuracy"), points: op.count() })
      .orderby("arm");
    expect(found.map(({ arm, points }) => [arm, points])).toEqual(
      rowsOf(frame).map(({ arm, points }) => [arm, points]),
    );
    for (const { arm, accuracy } of found) {
      const points = [...main.points, ...quick.points].filter((point) => point.arm === arm && point.round === 3);
      const mean = points.reduce((sum, { testAccuracy }) => sum + testAccuracy, 0) / points.length;
      expect(accuracy).toBeCloseTo(mean, 12);
    }
    expect(rowsOf(frame).map(({ accuracy }) => accuracy)).toEqual(
      found.map(({ accuracy }) => expect.closeTo(accuracy as number, 12)),
    );
  });

  it("groups as SQLite does, missing values left out", async () => {
    const rounds = rowsOf(await runs.records("rounds"));
    const { oo1 } = await init();
    const other = new oo1.DB(":memory:");
    other.exec("create table rounds (run, seed, arm, round, accepted, kl, comparisonAccuracy)");
    for (const { run, seed, arm, round, accepted, kl, comparisonAccuracy } of rounds) {
      const bind = [run, seed, arm, round, accepted, kl, comparisonAccuracy] as (string | number | null)[];
      other.exec({ sql: "insert into rounds values (?, ?, ?, ?, ?, ?, ?)", bind });
    }
    const columns =
      "run, arm, count(*) as n, count(accepted) as m, sum(accepted) as s, min(kl) as low, max(kl) as high, avg(comparisonAccuracy) as met";
    const text = `select ${columns} from rounds group by run, arm having count(*) > 1 order by run, arm`;
    const expected = other.exec({ sql: text, rowMode: "object", returnValue: "resultRows" }) as Record<
      string,
      unknown
    >[];
    const strings = Object.assign([text], { raw: [text] }) as unknown as TemplateStringsArray;
    const found = rowsOf(await runs.sql(strings));
    expect(found.length).toBeGreaterThan(10);
    expect(found.some(({ s }) => s === null)).toBe(true);
    expect(found).toEqual(
      expected.map((row) => ({ ...row, met: row.met === null ? null : expect.closeTo(row.met as number, 12) })),
    );
    other.close();
  });

  it("joins tables, and takes lists, texts that look like SQL, dates and null as values", async () => {
    const arms = ["SFT", "ILR (oracle)"];
    const joined = rowsOf(
      await runs.sql`
      select r.run, r.arm, r.round, r.testAccuracy, avg(e.correct) as mean
      from rounds r join examples e using (run, seed, arm, round)
      where r.arm in ${arms} and r.run <> ${"paper"}
      group by all order by all`,
    );
    expect(new Set(joined.map(({ arm }) => arm))).toEqual(new Set(arms));
    for (const { testAccuracy, mean } of joined) expect(mean).toBeCloseTo(testAccuracy as number, 12);
    const attack = "x'; drop table rounds; --";
    expect(rowsOf(await runs.sql`select ${attack} as said, count(*) > 0 as rows from rounds`)).toEqual([
      { said: attack, rows: true },
    ]);
    const [run] = rowsOf(
      await runs.sql`select count(*) as n from runs where started < ${new Date("2026-01-02")} and ${null} is null`,
    );
    expect(run).toEqual({ n: 3 });
  });

  it("is lab.sql over the project's runs, read when a statement names them", async () => {
    expect(rowsOf(await lab.sql`select 1 + ${1} as two`)).toEqual([{ two: 2 }]);
    const before = process.env.ILR_ROOT;
    process.env.ILR_ROOT = folder;
    try {
      expect(rowsOf(await lab.sql`select count(*) as n from RUNS`)).toEqual([{ n: 3 }]);
    } finally {
      if (before === undefined) delete process.env.ILR_ROOT;
      else process.env.ILR_ROOT = before;
    }
  });

  it("says where a statement is wrong, and what there is instead", async () => {
    const refused = async (result: Promise<unknown>, message: RegExp, hint: RegExp): Promise<void> => {
      const error = (await result.catch((caught: unknown) => caught)) as {
        code: string;
        message: string;
        hint: string;
      };
      expect(error).toMatchObject({
        code: "config-invalid",
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      });
    };
    await refused(
      runs.sql`select acuracy from rounds`,
      /"acuracy" not found.*\nLINE 1: .*\n +\^$/,
      /candidates: testAccuracy/,
    );
    await refused(
      runs.sql`select * from round`,
      /Table with name round does not exist/,
      /^did you mean rounds\? tables: runs, /,
    );
    await refused(runs.sql`select *\nform rounds`, /syntax error at or near/, /duckdb\.org/);
    await refused(runs.sql`select '${1}' from rounds`, /parameter/, /inside quotes/);
    await refused(runs.sql`select cast(arm as int) from rounds`, /Could not convert string/, /./);
    await refused(runs.sql`select * from read_csv('/nowhere/at/all.csv')`, /No files found/, /./);
    // @ts-expect-error a plain string: its values would be text.
    await refused(runs.sql("select 1"), /called as a function/, /parentheses/);
    for (const value of [undefined, {}, Symbol("s"), new Date(Number.NaN), ["a", 1], [[1]], () => 1]) {
      await refused(
        runs.sql`select ${value as SqlValue}`,
        /^value 1 of the statement is /,
        /expected a text, a number/,
      );
    }
    // What loading a table throws is not DuckDB's.
    await expect(runs.sql`select * from pairs`).rejects.toMatchObject({ code: "input-missing" });
  });

  it("fetches nothing from the network, and keeps it so", async () => {
    const offline = /extension|configuration has been locked|Could not set|disabled/i;
    await expect(ask`select * from read_csv('https://example.com/a.csv')`).rejects.toThrow(
      /requires the extension httpfs/,
    );
    await expect(ask`set autoinstall_known_extensions = true`).rejects.toThrow(offline);
    await expect(ask`set autoload_known_extensions = true`).rejects.toThrow(offline);
    const [settings] = rowsOf(
      await ask`select current_setting('autoinstall_known_extensions') as install, current_setting('autoload_known_extensions') as load, current_setting('allow_community_extensions') as community`,
    );
    expect(settings).toEqual({ install: false, load: false, community: false });
    // What files and time zones need is part of the library.
    const built = rowsOf(
      await ask`select extension_name as name from duckdb_extensions() where loaded and install_mode = 'STATICALLY_LINKED' order by all`,
    );
    expect(built.map(({ name }) => name)).toEqual(expect.arrayContaining(["icu", "json", "parquet"]));
  });
});

describe("the values of a result", () => {
  const cell = async (strings: TemplateStringsArray, ...values: SqlValue[]): Promise<unknown> =>
    rowsOf(await ask(strings, ...values))[0]!.v;

  it("are numbers where a number holds them, and the whole column text where it does not", async () => {
    expect(await cell`select 9007199254740991::bigint as v`).toBe(9_007_199_254_740_991);
    expect(await cell`select sum(x)::hugeint as v from range(10) t(x)`).toBe(45);
    expect(rowsOf(await ask`select unnest([1, 9007199254740992, null]::bigint[]) as v`)).toEqual([
      { v: "1" },
      { v: "9007199254740992" },
      { v: null },
    ]);
    expect(await cell`select -170141183460469231731687303715884105727::hugeint as v`).toBe(
      "-170141183460469231731687303715884105727",
    );
    expect(await cell`select 12.50::decimal(10, 2) as v`).toBe(12.5);
    expect(await cell`select -0.1::decimal(38, 20) as v`).toBe("-0.10000000000000000000");
    expect(await cell`select 1234567890123456.5::decimal(20, 1) as v`).toBe("1234567890123456.5");
    expect(await cell`select 'nan'::double as v`).toBeNaN();
  });

  it("come back as the numbers that went in", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.double(), fc.maxSafeInteger()), { minLength: 1, maxLength: 20 }),
        async (values) => {
          expect(rowsOf(await ask`select unnest(${values}) as v`).map(({ v }) => v)).toEqual(values);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("are dates in UTC, cut to the millisecond, and text where no Date can be", async () => {
    expect(await cell`select timestamp '2026-01-02 03:04:05.678999' as v`).toEqual(
      new Date("2026-01-02T03:04:05.678Z"),
    );
    expect(await cell`select timestamp '1969-12-31 23:59:59.999999' as v`).toEqual(
      new Date("1969-12-31T23:59:59.999Z"),
    );
    expect(await cell`select timestamp_ns '2026-01-02 03:04:05.678999999' as v`).toEqual(
      new Date("2026-01-02T03:04:05.678Z"),
    );
    expect(await cell`select timestamptz '2026-01-02 03:04:05+02' as v`).toEqual(new Date("2026-01-02T01:04:05Z"));
    expect(await cell`select date '2026-01-02' as v`).toEqual(new Date("2026-01-02T00:00:00Z"));
    expect(rowsOf(await ask`select unnest([date 'infinity', date '2026-01-02']) as v`)).toEqual([
      { v: "infinity" },
      { v: "2026-01-02" },
    ]);
    expect(await cell`select timestamp_ns 'infinity' as v`).toBe("infinity");
    expect(await cell`select timestamp_ns '-infinity' as v`).toBe("-infinity");
    expect(await cell`select [date '-infinity', date '0044-03-15 (BC)'] as v`).toEqual([
      "-infinity",
      new Date("-000043-03-15"),
    ]);
    const time = new Date("2026-05-06T07:08:09.123Z");
    expect(await cell`select ${time} as v`).toEqual(time);
  });

  it("are arrays, objects and texts for what has no other counterpart", async () => {
    expect(await cell`select [1, null, 3]::bigint[] as v`).toEqual([1, null, 3]);
    expect(await cell`select [9007199254740992, 1]::bigint[] as v`).toEqual(["9007199254740992", 1]);
    expect(await cell`select {'a': 1::bigint, 'b': [date '2026-01-02']} as v`).toEqual({
      a: 1,
      b: [new Date("2026-01-02")],
    });
    expect(await cell`select map {'k': 1.5::decimal(3, 1)} as v`).toEqual([{ key: "k", value: 1.5 }]);
    expect(await cell`select [1, 2]::integer[2] as v`).toEqual([1, 2]);
    expect(await cell`select union_value(n := 2) as v`).toBe(2);
    expect(await cell`select 'b'::enum('a', 'b') as v`).toBe("b");
    expect(await cell`select interval '1 month 2 days' as v`).toBe("1 month 2 days");
    expect(await cell`select time '01:02:03' as v`).toBe("01:02:03");
    expect(await cell`select uuid '123e4567-e89b-12d3-a456-426614174000' as v`).toBe(
      "123e4567-e89b-12d3-a456-426614174000",
    );
    expect(await cell`select '\x00\xff'::blob as v`).toEqual(new Uint8Array([0, 255]));
    expect(await cell`select '101'::bit as v`).toBe("101");
    expect(await cell`select '{"a": [1, "x"]}'::json as v`).toEqual({ a: [1, "x"] });
    expect(await cell`select true as v`).toBe(true);
  });

  it("keep their columns' names where there are no rows or two of a name", async () => {
    const none = await ask`select 1 as a, 'x' as b where false`;
    expect([none.columnNames(), none.numRows()]).toEqual([["a", "b"], 0]);
    const twice = await ask`select 1 as a, 2 as a`;
    expect(rowsOf(twice)).toEqual([{ a: 1, "a:1": 2 }]);
  });

  it("may be of several statements, of a pivot, and of a regular expression with backslashes", async () => {
    expect(rowsOf(await ask`create table t as select 1 as x; select x + ${1} as v from t`)).toEqual([{ v: 2 }]);
    expect(
      rowsOf(
        await runs.sql`pivot (select arm, round, testCount from rounds where run = 'machines/other/quick' and arm = 'ILR (oracle)') on round using sum(testCount)`,
      ),
    ).toEqual([{ arm: "ILR (oracle)", 1: 30, 2: 30, 3: 30 }]);
    expect(await cell`select regexp_matches('a1', '^\w\d$') as v`).toBe(true);
    expect(await cell`select ${7}as v`).toBe(7);
  });
});

describe("loadTable", () => {
  const file = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };

  it("reads JSON Lines: texts stay texts, gaps are null", async () => {
    const path = await file(
      "rows.jsonl",
      '{"id":"007","day":"2026-01-02","n":1}\n{"id":"008","day":"x","n":2.5,"more":{"a":[1]}}\n',
    );
    const table = await lab.loadTable(path);
    expect(rowsOf(table)).toEqual([
      { id: "007", day: "2026-01-02", n: 1, more: null },
      { id: "008", day: "x", n: 2.5, more: { a: [1] } },
    ]);
    const dates = await file("dates.jsonl", '{"at":"2026-01-02T03:04:05Z","big":9007199254740993}\n');
    expect(rowsOf(await lab.loadTable(dates))).toEqual([{ at: "2026-01-02T03:04:05Z", big: "9007199254740993" }]);
    // The type of a column is that of all its rows, however late one differs.
    const late = await file("late.json", `${'{"a":1}\n'.repeat(30_000)}{"a":"x","b":[1,"y"]}\n`);
    const rows = rowsOf(await lab.loadTable(late));
    expect([rows[0], rows.at(-1)]).toEqual([
      { a: 1, b: null },
      { a: "x", b: [1, "y"] },
    ]);
  });

  it("reads what was recorded, as reading it by hand does", async () => {
    const table = await lab.loadTable(join(project.results, "micro-math", "main", "points.jsonl"));
    const points = main.points.map(({ calibration, ...point }) => point);
    expect(rowsOf(table).map(({ calibration, ...row }) => row)).toEqual(JSON.parse(JSON.stringify(points)));
  });

  it("reads CSV in one dialect, and Parquet", async () => {
    const csv = await file(
      "a[1]*.csv",
      'id,day,"text, quoted"\n007,2026-01-02,"x\ny"\n008,2026-01-03,\n#9,2026-01-04,z\n',
    );
    await file("a1.csv", "other\n1\n");
    expect(rowsOf(await lab.loadTable(csv))).toEqual([
      { id: "007", day: new Date("2026-01-02"), "text, quoted": "x\ny" },
      { id: "008", day: new Date("2026-01-03"), "text, quoted": null },
      { id: "#9", day: new Date("2026-01-04"), "text, quoted": "z" },
    ]);
    expect(rowsOf(await lab.loadTable(await file("a.tsv", "a\tb\n1\tx,y\n")))).toEqual([{ a: 1, b: "x,y" }]);
    const parquet = join(folder, "rounds.parquet");
    const text = `copy (select * from rounds) to '${parquet}'`;
    await runs.sql(Object.assign([text], { raw: [text] }) as unknown as TemplateStringsArray);
    expect(rowsOf(await lab.loadTable(parquet))).toEqual(rowsOf(await runs.records("rounds")));
  });

  it("refuses files that are not there, not known, or not in their format", async () => {
    const refused = (path: string, code: string, message: RegExp): Promise<void> =>
      expect(lab.loadTable(path)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
        hint: expect.any(String),
      });
    await refused(join(folder, "none.jsonl"), "input-missing", /there is no file/);
    await refused(folder, "config-invalid", /expected a name that ends in/);
    await refused("https://example.com/a.csv", "input-missing", /there is no file/);
    await refused(await file("bad.jsonl", '{"a":1}\n{"a":\n'), "input-damaged", /JSON.*line 3/);
    // DuckDB alone would leave out the lines before and read the third as a table.
    await refused(await file("bad.csv", "a,b\n1,2\n1,2,3\n"), "input-damaged", /CSV/);
    await refused(await file("bad.parquet", "PAR1"), "input-damaged", /PARQUET/);
    for (const empty of ["empty.csv", "empty.jsonl"]) await refused(await file(empty, ""), "input-damaged", /empty/);
  });
});
