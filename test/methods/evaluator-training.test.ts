import { describe, expect, it } from "vitest";
import { trainEvaluator, weakSupervision } from "../../kernel-lib/src/methods/index.js";
import type { ClassifierExample, Params } from "../../kernel-lib/src/steps/index.js";
import type { Question } from "../../kernel-lib/src/tasks/index.js";
import type { SampleRequest } from "./fake-runner.js";
import { chiSquare, expectShare } from "./intervals.js";
import {
  finalOf,
  idOf,
  malformed,
  nameOf,
  right,
  skilled,
  type TinyLab,
  type TinyOptions,
  tinyLab,
  tinyTask,
  wrong,
} from "./tiny-setting.js";

/** A pair as the classifier sees it, read back from its text. */
interface ReadExample extends ClassifierExample {
  readonly question: string;
  readonly a: string;
  readonly b: string;
}
interface EvaluatorRun extends TinyLab {
  readonly train: readonly ReadExample[];
  readonly validation: readonly ReadExample[];
  readonly supervised: readonly Question[];
}

async function runEvaluator(options: TinyOptions = {}, train = 80): Promise<EvaluatorRun> {
  const lab = await tinyLab({ task: tinyTask({ train, validation: 4, test: 4 }), ...options });
  const trained = await trainEvaluator(lab.setting, await weakSupervision(lab.setting));
  const read = (row: ClassifierExample): ReadExample => ({
    ...row,
    ...(JSON.parse(row.text) as Omit<ReadExample, keyof ClassifierExample>),
  });
  return {
    ...lab,
    train: lab.runner.rowsOf(trained.train).map(read),
    validation: lab.runner.rowsOf(trained.validation).map(read),
    supervised: lab.runner.rowsOf(lab.setting.supervised.questions),
  };
}

const all = ({ train, validation }: EvaluatorRun): readonly ReadExample[] => [...train, ...validation];
/** Label 1 says "accept B": then B is the better answer. */
const betterOf = ({ label, a, b }: ReadExample): string => (label === 1 ? b : a);
const worseOf = ({ label, a, b }: ReadExample): string => (label === 1 ? a : b);
const isReference = (text: string): boolean => text.startsWith("secret reasoning");
const isRight = ({ question }: ReadExample, text: string): boolean => finalOf(text) === question.split("-")[1];

/** The checkpoints (1 to 4) named in `right` are right on every question, the others wrong. */
const checkpointsRight =
  (...numbers: readonly number[]) =>
  ({ model, row }: SampleRequest): string => {
    const number = Number(model.checkpoint?.slice(-2) ?? 4);
    return (numbers.includes(number) ? right : wrong)(idOf(row.prompt), nameOf(model));
  };
/** How often each of the four checkpoints wrote the texts. */
const authors = (texts: readonly string[]): number[] =>
  [1, 2, 3, 4].map((k) => texts.filter((text) => text.startsWith(`checkpoint-0${k}`)).length);

describe("the evaluator's pairs", () => {
  it("come in both orders with opposite labels, one after the other", async () => {
    const run = await runEvaluator();
    for (const split of [run.train, run.validation]) {
      expect(split.length % 2).toBe(0);
      for (let i = 0; i < split.length; i += 2) {
        const [first, second] = [split[i]!, split[i + 1]!];
        expect([second.question, second.a, second.b]).toEqual([first.question, first.b, first.a]);
        expect(first.label + second.label).toBe(1);
      }
    }
  });

  it("have a better answer that is correct, and a worse one that is never more so", async () => {
    const run = await runEvaluator();
    expect(all(run).filter((row) => !isRight(row, betterOf(row)))).toEqual([]);
    const [together, apart] = [
      all(run).filter((row) => isRight(row, worseOf(row))),
      all(run).filter((row) => !isRight(row, worseOf(row))),
    ];
    // A correct answer is the worse one only against the ground truth.
    expect(together.every((row) => isReference(betterOf(row)))).toBe(true);
    expect(apart.length).toBeGreaterThan(together.length);
  });

  it("are split 90 to 10 by question: none is on both sides", async () => {
    const run = await runEvaluator();
    const [train, validation] = [run.train, run.validation].map(
      (rows) => new Set(rows.map(({ question }) => question)),
    );
    expect([train!.size, validation!.size]).toEqual([36, 4]);
    expect([...train!].filter((question) => validation!.has(question))).toEqual([]);
    expect([run.train.length, run.validation.length]).toEqual([72, 8]);
  });

  it("are about the supervised half only, and use no other ground truth", async () => {
    const run = await runEvaluator();
    const known = new Map(run.supervised.map(({ id, reference }) => [id, reference]));
    for (const row of all(run)) {
      expect(known.has(row.question)).toBe(true);
      for (const text of [row.a, row.b].filter(isReference)) expect(text).toBe(known.get(row.question));
    }
    for (const { rows } of run.runner.callsOf("sample", /evaluator/))
      expect((rows.prompts as readonly { id: string }[]).every(({ id }) => known.has(id))).toBe(true);
  });

  it("show answers that checkpoints of the weak supervisor's training gave at T = 0.6", async () => {
    const run = await runEvaluator();
    const calls = run.runner.callsOf("sample", /evaluator/);
    expect(calls.map(({ models }) => nameOf(models.model!))).toEqual(
      [1, 2, 3, 4].map((k) => `checkpoint-0${k} of weak supervisor`),
    );
    for (const { params } of calls)
      expect((params as Params<"sample">).decoding).toEqual({ kind: "temperature", temperature: 0.6, samples: 1 });
  });
});

describe("the choice of answers", () => {
  // Upper 0.1 % points of chi-square with 1 and 3 degrees of freedom.
  const [df1, df3] = [10.83, 16.27];

  it("takes wrong answers of earlier checkpoints twice as often with every step back", async () => {
    const run = await runEvaluator({ answer: checkpointsRight() }, 4000);
    const rows = all(run).filter(({ label }) => label === 1);
    expect(rows.length).toBe(2000);
    expect(rows.every((row) => isReference(betterOf(row)))).toBe(true);
    expect(chiSquare(authors(rows.map(worseOf)), [8, 4, 2, 1])).toBeLessThan(df3);
  });

  it("takes correct answers by the same weights, against the ground truth where no wrong one exists", async () => {
    const run = await runEvaluator({ answer: checkpointsRight(1, 2, 3, 4) }, 4000);
    const rows = all(run).filter(({ label }) => label === 1);
    expect(rows.every((row) => isReference(betterOf(row)))).toBe(true);
    expect(chiSquare(authors(rows.map(worseOf)), [8, 4, 2, 1])).toBeLessThan(df3);
  });

  it("weighs among the wrong, and among the correct ones, and draws the better one from the model or the ground truth evenly", async () => {
    const run = await runEvaluator({ answer: checkpointsRight(2, 4) }, 4000);
    const rows = all(run).filter(({ label }) => label === 1);
    const [first, , third] = authors(rows.map(worseOf));
    expect(first! + third!).toBe(2000);
    expect(chiSquare([first!, third!], [8, 2])).toBeLessThan(df1);
    const [, second, , fourth] = authors(rows.map(betterOf));
    expectShare(second! + fourth!, 2000, 0.5);
    expect(chiSquare([second!, fourth!], [4, 1])).toBeLessThan(df1);
  });

  it("counts malformed answers among the wrong ones", async () => {
    const answer = ({ model, row }: SampleRequest) =>
      (model.checkpoint === "checkpoint-01" ? malformed : right)(idOf(row.prompt), nameOf(model));
    expect(all(await runEvaluator({ answer })).every((row) => worseOf(row).includes("rambles"))).toBe(true);
  });
});

describe("the evaluator's training", () => {
  it("starts from the weak base model and gets exactly the pairs", async () => {
    const run = await runEvaluator({ answer: skilled(() => ({ right: 0.3, malformed: 0.1 })) });
    const [call] = run.runner.callsOf("evaluator");
    expect(call!.models.model!.name).toBe("weak base");
    expect([call!.rows.train!.length, call!.rows.validation!.length]).toEqual([
      run.train.length,
      run.validation.length,
    ]);
    expect((call!.rows.train as readonly ClassifierExample[]).map(({ text }) => text)).toEqual(
      run.train.map(({ text }) => text),
    );
  });

  it("splits and draws by the seed", async () => {
    const texts = async (seed: number) => all(await runEvaluator({ seed, answer: skilled() })).map(({ text }) => text);
    expect(await texts(1)).toEqual(await texts(1));
    expect(await texts(1)).not.toEqual(await texts(2));
  });
});
