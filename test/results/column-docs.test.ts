import { fileURLToPath } from "node:url";
import { op, table } from "arquero";
import { describe, expect, it } from "vitest";
import { recordedRuns } from "../../docs/readme.js";
import { readRun } from "../../kernel-lib/src/experiments/index.js";
import { render } from "../../kernel-lib/src/notebook/index.js";
import { pointColumns } from "../../kernel-lib/src/results/frames/index.js";
import {
  columnDocs,
  columnsOfAll,
  described,
  differenceFrame,
  type FrameName,
  frameNamed,
  frames,
  powerFrame,
  type RecordsName,
  recordTables,
} from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

const synthetic = syntheticRun({ seeds: [0, 1], questions: 40 });
/** With disputes, as ILR's arms have them. */
const run = {
  ...synthetic,
  points: synthetic.points.map((point) =>
    point.method === "ilr" ? { ...point, disputed: 30, onlyProposalCorrect: 10, onlyLabelCorrect: 5 } : point,
  ),
};
const docsOf = (frame: ReturnType<typeof columnDocs>): readonly Record<string, unknown>[] =>
  columnDocs(frame).objects() as Record<string, unknown>[];

/** The type of a column, from its cells. */
function typesOf(values: readonly unknown[]): ReadonlySet<string> {
  return new Set(
    values.filter((value) => value !== null).map((value) => (Array.isArray(value) ? "list" : typeof value)),
  );
}

describe("the docs of columns", () => {
  it.each(
    Object.keys(frames) as FrameName[],
  )("say of every column of %s, and of no other, its unit and meaning", (name) => {
    const frame = frameNamed(name, run);
    expect(frame.numRows()).toBeGreaterThan(0);
    const docs = docsOf(frame);
    expect(docs.map((doc) => doc.name)).toEqual(frame.columnNames());
    expect(docs.map((doc) => doc.name)).toEqual(Object.keys(frames[name].columns));
    for (const { unit, meaning } of docs) {
      expect(unit).toMatch(/./);
      expect(meaning).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("are of the type of the values", () => {
    const wanted = {
      integer: "number",
      number: "number",
      text: "string",
      boolean: "boolean",
      texts: "list",
      integers: "list",
    };
    for (const name of Object.keys(frames) as FrameName[]) {
      const frame = frameNamed(name, run);
      for (const [column, { type }] of Object.entries(frames[name].columns)) {
        const values = Array.from(frame.array(column) as ArrayLike<unknown>);
        expect([...typesOf(values)].filter((found) => found !== wanted[type as keyof typeof wanted])).toEqual([]);
        if (type === "integer") expect(values.every((value) => value === null || Number.isInteger(value))).toBe(true);
      }
    }
  });

  it("are there for a difference, and for every table of records, over several runs too", () => {
    const differences = [
      differenceFrame(run, "SFT", "DPO (oracle)"),
      differenceFrame(run, "SFT", "DPO (oracle)", { at: "last" }),
      differenceFrame(run, "SFT", "DPO (oracle)", { by: "seed", at: "last" }),
    ];
    for (const frame of [...differences, powerFrame(run)])
      expect(docsOf(frame).every(({ meaning }) => meaning !== null)).toBe(true);
    for (const name of Object.keys(recordTables) as RecordsName[]) {
      const columns = Object.entries(columnsOfAll(name));
      expect(columns[0]![0]).toBe("run");
      for (const [, { unit, meaning }] of columns) {
        expect(unit).toMatch(/./);
        expect(meaning).toMatch(/^[A-Z].*\.$/);
      }
    }
  });

  it("do not depend on there being rows", () => {
    const none = syntheticRun({ questions: 10, arms: ["SFT"] });
    expect(frameNamed("labels", none).numRows()).toBe(0);
    expect(frameNamed("labels", none).columnNames()).toEqual(frameNamed("labels", run).columnNames());
  });

  it("go along with columns that an operation leaves as they are, and are lost with new ones", () => {
    const frame = frameNamed("rounds", run);
    const meaning = (of: typeof frame, name: string): unknown => docsOf(of).find((doc) => doc.name === name)?.meaning;
    const accuracy = meaning(frame, "accuracy");
    expect(accuracy).toMatch(/right/);
    const kept = {
      filter: frame.filter((row: { round: number }) => row.round === 3),
      orderby: frame.orderby("accuracy"),
      select: frame.select("arm", "accuracy"),
      relocate: frame.relocate("accuracy", { before: "seed" }),
      groupby: frame.groupby("arm"),
      derive: frame.derive({ half: (row: { accuracy: number }) => row.accuracy / 2 }),
      lookup: frame.lookup(table({ arm: ["SFT"], order: [1] }), ["arm", "arm"], "order"),
      semijoin: frame.semijoin(table({ arm: ["SFT"] })),
    };
    for (const [verb, made] of Object.entries(kept))
      expect([verb, meaning(made, "accuracy")]).toEqual([verb, accuracy]);
    expect(meaning(frame.rename({ accuracy: "score" }), "score")).toBe(accuracy);
    expect(meaning(kept.derive, "half")).toBeNull();
    const lost = {
      slice: frame.slice(0, 3),
      reify: kept.filter.reify(),
      concat: frame.concat(frame),
      dedupe: frame.dedupe("arm"),
    };
    for (const [verb, made] of Object.entries(lost)) expect([verb, meaning(made, "accuracy")]).toEqual([verb, null]);
  });

  it("come back by name, or in words of one's own, and not for columns that are not there", () => {
    const frame = frameNamed("rounds", run);
    const means = frame.groupby("arm").rollup({ accuracy: op.mean("accuracy"), points: op.count() });
    described(described(means, frame), { points: { unit: "points", meaning: "Seeds times rounds." } });
    expect(docsOf(means).map(({ meaning }) => meaning)).toEqual([
      docsOf(frame).find(({ name }) => name === "arm")!.meaning,
      docsOf(frame).find(({ name }) => name === "accuracy")!.meaning,
      "Seeds times rounds.",
    ]);
    expect(() => described(means, { point: { unit: "points", meaning: "None." } })).toThrow(
      expect.objectContaining({ code: "name-unknown", hint: 'did you mean "points"?' }),
    );
    // What is said of a narrower table is not said of the frame that it shares a column with.
    described(frame.select("kl"), { kl: { unit: "bits", meaning: "Other words." } });
    expect(docsOf(frame).find(({ name }) => name === "kl")!.unit).toBe("nats/answer");
  });

  it("stand in the heads of a displayed table, escaped, and as a table of their own", () => {
    const frame = described(table({ a: [1], b: [2] }), { a: { unit: "s", meaning: 'Time of "<b>".' } });
    const html = String(render(frame).data["text/html"]);
    expect(html).toContain('title="Time of &quot;&lt;b&gt;&quot;. [s]">a<br>');
    expect(html.match(/title=/g)).toHaveLength(1);
    expect(render(columnDocs(frame)).data["text/plain"]).toBe('name  unit  meaning\na     s     Time of "<b>".\nb');
  });
});

it("the docs of `method` name every method that a recorded run has", async () => {
  const folders = recordedRuns(fileURLToPath(new URL("../../results", import.meta.url)));
  const named = new Set(pointColumns.method.meaning.match(/[a-z][a-z-]*/g));
  for (const folder of folders) {
    for (const { method } of (await readRun(folder)).points) expect(named, folder).toContain(method);
  }
});
