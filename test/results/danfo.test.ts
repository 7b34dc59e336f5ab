import { desc, op, table } from "arquero";
import danfo, { type DataFrame } from "danfojs-node";
import { describe, expect, it, vi } from "vitest";
import { render } from "../../kernel-lib/src/notebook/index.js";
import { danfoColumn } from "../../kernel-lib/src/results/danfo/column.js";
import { frameNamed, toDanfo } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

const raw = (rows: readonly (readonly unknown[])[], columns: string[]): DataFrame =>
  new danfo.DataFrame(rows as never, { columns });
const values = (frame: DataFrame): unknown => frame.values;

// The first expectation of each trap is of danfo itself: should it fail, danfo was mended, and what we say of it is to be changed.
describe("danfo's traps", () => {
  it("two keys joined by '-': groups are mixed up; refused where it would happen", async () => {
    const rows = [
      ["a-b", "c", 1],
      ["a", "b-c", 3],
    ];
    expect(values(raw(rows, ["x", "y", "v"]).groupby(["x", "y"]).mean())).toEqual([["a-b", "c", 2]]);

    const frame = table({ x: ["a-b", "a"], y: ["c", "b-c"], v: [1, 3] });
    await expect(toDanfo(frame, { groupBy: ["x", "y"] })).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining('["a-b","c"] and ["a","b-c"]'),
      hint: expect.stringContaining('groupby("x", "y")'),
    });
    const grouped = frame.groupby("x", "y").rollup({ v: op.mean("v") });
    expect(values(await toDanfo(grouped))).toEqual([
      ["a-b", "c", 1],
      ["a", "b-c", 3],
    ]);
    // One key, or keys that stay apart, are as good as anybody's; a missing key and an empty text are not.
    const single = await toDanfo(frame, { groupBy: ["x"] });
    expect(values(single.groupby(["x"]).col(["v"]).mean())).toEqual([
      ["a-b", 1],
      ["a", 3],
    ]);
    await expect(toDanfo(table({ x: ["", null] }), { groupBy: ["x"] })).rejects.toMatchObject({ code: "unsupported" });
    await expect(toDanfo(frame, { groupBy: ["z"] })).rejects.toMatchObject({
      code: "name-unknown",
      hint: 'did you mean "x"?',
    });
  });

  it("records with missing or reordered fields shift columns; here every row has every column", async () => {
    const records = [
      { a: 1, b: 2, c: 3 },
      { a: 4, c: 6 },
      { c: 9, b: 8, a: 7 },
    ];
    expect(values(new danfo.DataFrame(records))).toEqual([
      [1, 2, 3],
      [4, 6],
      [9, 8, 7],
    ]);

    const columns = ["a", "b", "c"] as const;
    const frame = table(
      Object.fromEntries(columns.map((name) => [name, records.map((row) => (row as Record<string, number>)[name])])),
    );
    expect(values(await toDanfo(frame))).toEqual([
      [1, 2, 3],
      [4, Number.NaN, 6],
      [7, 8, 9],
    ]);
  });

  it("a null counts as 0 in a group's mean; here it is NaN, and so is the mean", async () => {
    const rows = [
      ["g", 2],
      ["g", null],
      ["h", 5],
    ];
    expect(values(raw(rows, ["k", "v"]).groupby(["k"]).mean())).toEqual([
      ["g", 1],
      ["h", 5],
    ]);

    const df = await toDanfo(table({ k: ["g", "g", "h"], v: [2, null, 5] }));
    expect(values(df.groupby(["k"]).mean())).toEqual([
      ["g", Number.NaN],
      ["h", 5],
    ]);
    expect(df.column("v").mean()).toBe(3.5);
    // A boolean with gaps, too.
    const flags = await toDanfo(table({ k: ["g", "g"], v: [true, null] }));
    expect(values(flags.groupby(["k"]).mean())).toEqual([["g", Number.NaN]]);
  });

  it("the standard deviation of one value is 0, and count counts what is missing: Arquero's are right", async () => {
    const frame = table({ k: ["g", "h", "h"], v: [5, 1, null] });
    const df = await toDanfo(frame);
    expect(
      values(
        raw([["g", 5]], ["k", "v"])
          .groupby(["k"])
          .std(),
      ),
    ).toEqual([["g", 0]]);
    expect(values(df.groupby(["k"]).count())).toEqual([
      ["g", 1],
      ["h", 2],
    ]);
    const right = frame.groupby("k").rollup({ n: op.valid("v"), sd: op.stdev("v") });
    expect(right.objects()).toEqual([
      { k: "g", n: 1, sd: undefined },
      { k: "h", n: 1, sd: undefined },
    ]);
  });

  it("sorting fails on NaN; sorted in Arquero, the order stays", async () => {
    const column = [[3], [Number.NaN], [1], [2]];
    expect(values(raw(column, ["v"]).sortValues("v") as DataFrame)).not.toEqual([[1], [2], [3], [Number.NaN]]);

    const frame = table({ v: [3, null, 1, 2] });
    expect(values(await toDanfo(frame.orderby("v")))).toEqual([[Number.NaN], [1], [2], [3]]);
    expect(values(await toDanfo(frame.filter((row: { v: number }) => row.v > 1).orderby(desc("v"))))).toEqual([
      [3],
      [2],
    ]);
  });

  it("no pivot and no HTML: Arquero pivots, and display shows a DataFrame and a Series as tables", async () => {
    const bare = raw([["<b>", 1]], ["k", "v"]);
    for (const method of ["pivot", "toHTML", "toHtml", "to_html"]) expect(bare).not.toHaveProperty(method);

    const frame = table({ arm: ["a", "a", "b"], round: [1, 2, 1], v: [3, null, 5] });
    const df = await toDanfo(frame.groupby("arm").pivot("round", "v"));
    expect([df.columns, values(df)]).toEqual([
      ["arm", "1", "2"],
      [
        ["a", 3, Number.NaN],
        ["b", 5, Number.NaN],
      ],
    ]);
    const text = (value: unknown): unknown => render(value).data["text/plain"];
    expect(String(render(bare).data["text/html"])).toContain("&lt;b&gt;");
    expect(text(bare)).toBe("k    v\n<b>  1");
    expect(text(bare.column("v"))).toBe("v\n1");
    // An index that is more than the rows' numbers is a column.
    expect(text(await toDanfo(table({ v: [4, 6] })).then((two) => two.describe().loc({ rows: ["min", "max"] })))).toBe(
      "     v\nmin  4\nmax  6",
    );
  });

  it("types are guessed from the first rows; here from all", async () => {
    const late = [...Array.from({ length: 1500 }, () => 1), 0.5];
    expect(
      raw(
        late.map((value) => [value]),
        ["v"],
      ).dtypes,
    ).toEqual(["int32"]);
    expect((await toDanfo(table({ v: late }))).dtypes).toEqual(["float32"]);
  });

  it("columns named like its members break it or hide them; here they get an underscore", async () => {
    expect(() =>
      raw([[1, "a"]], ["values", "k"])
        .groupby(["k"])
        .mean(),
    ).toThrow();
    expect(typeof raw([[1]], ["round"]).round).not.toBe("function");

    const df = await toDanfo(table({ values: [1, 3], k: ["a", "a"], round: [1, 2], round_: [5, 6], groupby: [0, 0] }));
    expect(df.columns).toEqual(["values_", "k", "round__", "round_", "groupby_"]);
    expect(values(df.groupby(["k"]).col(["values_"]).mean())).toEqual([["a", 2]]);
    expect(typeof df.round).toBe("function");
  });
});

describe("toDanfo", () => {
  it("gives every column one type", () => {
    expect(danfoColumn([1, 2, 3])).toEqual({ dtype: "int32", values: [1, 2, 3] });
    expect(danfoColumn([1, 3e9])).toEqual({ dtype: "float32", values: [1, 3e9] });
    expect(danfoColumn([1, undefined])).toEqual({ dtype: "float32", values: [1, Number.NaN] });
    expect(danfoColumn([null, null])).toEqual({ dtype: "float32", values: [Number.NaN, Number.NaN] });
    expect(danfoColumn([true, false])).toEqual({ dtype: "boolean", values: [true, false] });
    expect(danfoColumn([true, null])).toEqual({ dtype: "float32", values: [1, Number.NaN] });
    expect(danfoColumn(["a", null])).toEqual({ dtype: "string", values: ["a", null] });
    expect(danfoColumn([1n, 2n])).toEqual({ dtype: "int32", values: [1, 2] });
    expect(danfoColumn([1n, 2n ** 60n])).toEqual({ dtype: "string", values: ["1", "1152921504606846976"] });
    expect(danfoColumn([1, "a"])).toEqual({ dtype: "string", values: ["1", "a"] });
    expect(danfoColumn([new Date(0), null])).toEqual({ dtype: "string", values: ["1970-01-01T00:00:00.000Z", null] });
    expect(danfoColumn([[1], { a: 1 }, new Float32Array([2])])).toEqual({
      dtype: "string",
      values: ["[1]", '{"a":1}', "[2]"],
    });
    expect(danfoColumn([])).toEqual({ dtype: "float32", values: [] });
  });

  it("groups a run's rounds as Arquero does, and says nothing on the way", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const frame = frameNamed("rounds", syntheticRun({ seeds: [0, 1], questions: 40 }));
    const df = await toDanfo(frame, { groupBy: ["arm", "round"] });
    expect(df.shape).toEqual([frame.numRows(), frame.numCols()]);
    const means = df.groupby(["arm", "round_"]).col(["accuracy"]).mean();
    const expected = frame.groupby("arm", "round").rollup({ accuracy: op.mean("accuracy") });
    expect(means.values).toEqual(
      (expected.objects() as { arm: string; round: number; accuracy: number }[]).map(({ arm, round, accuracy }) => [
        arm,
        round,
        expect.closeTo(accuracy, 10),
      ]),
    );
    // Arithmetic goes through TensorFlow.js, which would advise to install another package.
    expect(df.loc({ columns: ["accuracy"] }).add(1).shape[0]).toBe(frame.numRows());
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  it("keeps the columns of a frame without rows", async () => {
    const df = await toDanfo(table({ a: [], b: [] }));
    expect([df.columns, df.shape[0]]).toEqual([["a", "b"], 0]);
  });
});
