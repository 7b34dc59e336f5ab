import { describe, expect, it } from "vitest";
import {
  dpo,
  dropDoubtful,
  evaluator,
  ilr,
  keepAgreed,
  klDivergence,
  labelPairs,
  oracle,
  refineByComparison,
  replaceAll,
  replaceWhereTwoAgree,
  sftOnChosen,
  trainEvaluator,
  weakSupervision,
} from "../../kernel-lib/src/methods/index.js";
import type { Answered, Task } from "../../kernel-lib/src/tasks/index.js";
import { nameOf, tinyLab, tinyRecipe, tinyTask } from "./tiny-setting.js";

/** The tiny task, graded elsewhere: later, in batches, which are counted. */
function slowTask(grading: NonNullable<Task["grading"]>): Task & { readonly asked: Answered[][] } {
  const { grade, agree, ...task } = tinyTask();
  const asked: Answered[][] = [];
  const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(resolve, 1, value));
  return {
    ...task,
    ...{ grading, asked },
    grade: async (answers) => {
      asked.push([...answers]);
      return later(await grade(answers));
    },
    agree: async (pairs) => later(await agree(pairs)),
  };
}

const rounds = async <T>(all: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const one of all) found.push(one);
  return found;
};

describe("a task that grades elsewhere", () => {
  it("gives what one gives that grades here", async () => {
    const outcome = async (task: Task) => {
      const { runner, setting } = await tinyLab({ task });
      const weak = await weakSupervision(setting);
      const refined = await rounds(
        ilr(setting, weak.labels, { refine: refineByComparison(oracle), rounds: 2, name: "ILR" }),
      );
      const preferred = await rounds(dpo(setting, weak.model, { comparisons: oracle, rounds: 2, name: "DPO" }));
      return [...refined.map(({ records }) => records), ...preferred.map(({ pairs }) => pairs)].map((artifact) =>
        runner.rowsOf<object>(artifact),
      );
    };
    expect(await outcome(slowTask("executed"))).toEqual(await outcome(tinyTask()));
  });

  it("is asked for each different answer to a question once a table", async () => {
    const task = slowTask("executed");
    const { setting } = await tinyLab({ task, answer: ({ row }) => `#### ${row.id.length}` });
    await trainEvaluator(setting, await weakSupervision(setting));
    for (const batch of task.asked) {
      const texts = batch.map(({ question, answer }) => JSON.stringify([question.id, answer]));
      expect(new Set(texts).size).toBe(texts.length);
    }
    expect(task.asked.length).toBeGreaterThan(2);
  });

  it("is not asked for reports where asking costs money", async () => {
    const task = slowTask("judged");
    const { runner, setting } = await tinyLab({ task });
    const weak = await weakSupervision(setting);
    const random = {
      name: "first",
      score: async (_: unknown, pairs: Parameters<typeof oracle.score>[1]) =>
        runner.put(runner.rowsOf(pairs).map((pair) => ({ ...pair, score: 1 }))),
    };
    const [round] = await rounds(
      ilr(setting, weak.labels, { refine: refineByComparison(random), rounds: 1, name: "ILR" }),
    );
    const [trained] = await rounds(dpo(setting, weak.model, { comparisons: random, rounds: 1, name: "DPO" }));
    expect(
      runner.rowsOf(round!.records).map(({ labelCorrect, proposalCorrect }) => [labelCorrect, proposalCorrect]),
    ).toEqual(runner.rowsOf(round!.records).map(() => [null, null]));
    expect(
      runner.rowsOf(trained!.pairs).every(({ correctA, correctB }) => correctA === null && correctB === null),
    ).toBe(true);
    // The weak supervisor's, ILR's and DPO's test answers.
    expect(task.asked.map((batch) => batch.every(({ question }) => question.id.startsWith("test")))).toEqual([
      true,
      true,
      true,
    ]);
  });
});

describe("what the reviewers asked for", () => {
  it("runs where only a judge could say what is right: nobody is asked, and records say nothing", async () => {
    const task = slowTask("judged");
    const { runner, setting } = await tinyLab({ task });
    const weak = await weakSupervision(setting);
    const longer = {
      name: "longer",
      score: async (_: unknown, pairs: Parameters<typeof oracle.score>[1]) =>
        runner.put(runner.rowsOf(pairs).map((pair) => ({ ...pair, score: pair.b.length > pair.a.length ? 0.9 : 0.2 }))),
    };
    const rules = [dropDoubtful(longer), keepAgreed, replaceAll, replaceWhereTwoAgree()];
    for (const refine of rules) {
      const [round] = await rounds(ilr(setting, weak.labels, { refine, rounds: 1, name: "ILR" }));
      const records = runner.rowsOf(round!.records);
      expect(records.some(({ accepted, dropped }) => accepted || dropped)).toBe(true);
      expect(records.filter((row) => row.labelCorrect !== null || row.proposalCorrect !== null)).toEqual([]);
    }
    const pairs = labelPairs(weak.labels);
    const trained = [
      await rounds(dpo(setting, weak.model, { comparisons: longer, pairs, rounds: 1, name: "DPO" })),
      await rounds(sftOnChosen(setting, weak.model, { comparisons: longer, from: "sft", rounds: 1, name: "SFT" })),
    ];
    for (const [round] of trained) {
      const records = runner.rowsOf(round!.pairs);
      expect(records.some(({ selected }) => selected)).toBe(true);
      expect(records.filter(({ correctA, correctB }) => correctA !== null || correctB !== null)).toEqual([]);
    }
    const graded = task.asked.flat().filter(({ question }) => !question.id.startsWith("test"));
    expect(graded).toEqual([]);
  });
});

describe("evaluator pairs of one-sided supervisors", () => {
  const categories = ["even", "odd"];
  const categoryOf = (id: string): string => categories[Number(id.split("-")[1]) % 2]!;
  const task = (sizes?: Parameters<typeof tinyTask>[0]): Task => {
    const tiny = tinyTask(sizes);
    return {
      ...tiny,
      categories,
      splits: async (seed) => {
        const { train, ...others } = await tiny.splits(seed);
        return { ...others, train: train.map((question) => ({ ...question, category: categoryOf(question.id) })) };
      },
    };
  };

  it("pit the reference against answers of models that saw one category only", async () => {
    const { runner, setting } = await tinyLab({ task: task(), recipe: { evaluatorPairs: "one-sided" } });
    const trained = await trainEvaluator(setting, await weakSupervision(setting));
    const supervisors = runner.callsOf("sft", /only/);
    expect(supervisors.map(({ label }) => label).sort()).toEqual(["evaluator: even only", "evaluator: odd only"]);
    for (const { label, rows } of supervisors) {
      const demonstrations = rows.demonstrations as readonly { id: string }[];
      expect(demonstrations.length).toBeGreaterThan(0);
      expect(demonstrations.every(({ id }) => label.includes(categoryOf(id)))).toBe(true);
    }
    const examples = [...runner.rowsOf(trained.train), ...runner.rowsOf(trained.validation)];
    expect(examples).toHaveLength(2 * runner.rowsOf(setting.supervised.questions).length);
    for (const { text, label } of examples) {
      const { a, b } = JSON.parse(text) as { a: string; b: string };
      const [better, worse] = label === 1 ? [b, a] : [a, b];
      expect(better).toContain("secret reasoning");
      expect(worse).toMatch(/checkpoint-0\d of evaluator: (even|odd) only/);
    }
  });

  it("weigh a checkpoint twice as much for every step back, both supervisors alike", async () => {
    const { runner, setting } = await tinyLab({
      task: task({ train: 4000, validation: 2, test: 2 }),
      recipe: { evaluatorPairs: "one-sided" },
      answer: ({ model, row }) => `${nameOf(model)} on ${row.id} #### none`,
    });
    const trained = await trainEvaluator(setting, await weakSupervision(setting));
    const counts = new Map<string, number>();
    for (const { text, label } of runner.rowsOf(trained.train)) {
      const { a, b } = JSON.parse(text) as { a: string; b: string };
      const name = (label === 1 ? a : b).split(" on ")[0]!;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const total = [...counts.values()].reduce((x, y) => x + y, 0);
    for (const [k, share] of [8 / 15, 4 / 15, 2 / 15, 1 / 15].entries()) {
      for (const category of categories) {
        const got = (counts.get(`checkpoint-0${k + 1} of evaluator: ${category} only`) ?? 0) / total;
        expect(Math.abs(got - share / 2)).toBeLessThan(0.03);
      }
    }
  });
});

describe("the number format of a recipe", () => {
  it("is that of every step that trains or asks the model", async () => {
    const adapters = { precision: "bfloat16" } as const;
    const recipe = {
      weak: { ...tinyRecipe.weak, ...adapters },
      student: { ...tinyRecipe.student, ...adapters },
      evaluator: { ...tinyRecipe.evaluator, ...adapters },
      dpo: { ...tinyRecipe.dpo, ...adapters },
    };
    for (const [given, expected] of [
      [recipe, "bfloat16"],
      [{}, undefined],
    ] as const) {
      const { runner, setting } = await tinyLab({ recipe: given });
      const weak = await weakSupervision(setting);
      const { model } = await trainEvaluator(setting, weak);
      const refine = refineByComparison(evaluator(model));
      await rounds(ilr(setting, weak.labels, { refine, rounds: 1, name: "ILR" }));
      const [trained] = await rounds(dpo(setting, weak.model, { comparisons: oracle, rounds: 1, name: "DPO" }));
      await klDivergence(setting, trained!.model, weak.model, "DPO");
      expect(new Set(runner.calls.map(({ verb }) => verb))).toEqual(
        new Set(["sft", "sample", "evaluator", "score", "dpo"]),
      );
      for (const { label, params } of runner.calls) expect([label, params.precision]).toEqual([label, expected]);
    }
  });
});
