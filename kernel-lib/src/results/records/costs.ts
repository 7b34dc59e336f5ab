import { type Point, recordedTokens } from "../../experiments/index.js";
import type { ActionRecord } from "../../store/index.js";
import { ancestry } from "../ancestry.js";
import { pointColumns } from "../frames/index.js";
import { gradedAnswers } from "../stored-answers.js";
import { allRecords, ranInRun, type StoredRun, storedRun } from "../stored-run.js";
import { defineRecords } from "./table.js";

const columns = {
  seed: pointColumns.seed,
  arm: pointColumns.arm,
  method: pointColumns.method,
  steps: {
    type: "integer",
    unit: "steps",
    meaning:
      "Trainer's steps that the arm's models and their test answers stand on: what arms share is in each of them.",
  },
  executed: {
    type: "integer",
    unit: "steps",
    meaning: "Of them, those that ran during the call that recorded the run; the others were in the store.",
  },
  seconds: { type: "number", unit: "s", meaning: "What all of them took, one worker each, whenever they ran." },
  ownSeconds: { type: "number", unit: "s", meaning: "What those took that no other arm of the seed needs." },
  generated: { type: "integer", unit: "tokens", meaning: "Tokens of the answers that were kept." },
  trained: { type: "integer", unit: "tokens", meaning: "Tokens that were trained on, every epoch counted." },
} as const;

/**
 * One row a seed and arm: what it took, as if it had been run alone. Estimates of the divergence from SFT belong to the run and are not in
 * it.
 */
export const costs = defineRecords(columns, async ({ run, store }) => {
  const stored = await storedRun(run, await store());
  const records = allRecords("the steps", stored);
  const tokens = await tokensByKey(records, stored);
  const arms = await stepsByArm(stored);
  return arms.map(({ seed, arm, method, steps }) => {
    const others = new Set(
      arms.filter((other) => other.seed === seed && other.arm !== arm).flatMap((row) => row.steps),
    );
    const sum = (of: (record: ActionRecord) => number): number => steps.reduce((total, step) => total + of(step), 0);
    return {
      ...{ seed, arm, method, steps: steps.length },
      executed: steps.filter((step) => ranInRun(step, run)).length,
      seconds: sum(({ seconds }) => seconds),
      ownSeconds: sum((step) => (others.has(step) ? 0 : step.seconds)),
      generated: sum(({ key }) => tokens.get(key)!.generated),
      trained: sum(({ key }) => tokens.get(key)!.trained),
    };
  });
});

type ArmSteps = Pick<Point, "seed" | "arm" | "method"> & { readonly steps: readonly ActionRecord[] };

/** What the models of each arm, and their test answers, stand on. */
async function stepsByArm(stored: StoredRun): Promise<readonly ArmSteps[]> {
  const back = ancestry(stored);
  const byArm = new Map<string, Point[]>();
  for (const point of stored.run.points) {
    const name = JSON.stringify([point.seed, point.arm]);
    byArm.set(name, [...(byArm.get(name) ?? []), point]);
  }
  const rows = [...byArm.values()].map(async (points) => {
    const grades = await Promise.all(points.map((point) => gradedAnswers(stored, point)));
    const models = points.flatMap(({ step }) => stored.get(step) ?? []);
    const all = back([...models, ...grades.map(({ record }) => record)]);
    const { seed, arm, method } = points[0]!;
    return { seed, arm, method, steps: [...all].filter(({ document }) => document.kind === "step") };
  });
  return Promise.all(rows);
}

type Tokens = Awaited<ReturnType<typeof recordedTokens>>;

async function tokensByKey(
  records: readonly ActionRecord[],
  { store }: StoredRun,
): Promise<ReadonlyMap<string, Tokens>> {
  const tokens = new Map<string, Tokens>();
  // One after the other: the answers of one step at a time are in memory.
  for (const record of records) tokens.set(record.key, await recordedTokens(record, store));
  return tokens;
}
