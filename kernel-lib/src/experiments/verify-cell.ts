import { LabError, nearestName } from "../core/index.js";
import { type Experiment, parseExperiment } from "./config.js";
import type { Point } from "./points.js";
import type { RunRecord } from "./record.js";
import { type RunOptions, runExperiment } from "./run.js";

/** A point of a recorded run, to be computed again. */
export interface Cell {
  readonly arm: string;
  readonly seed: number;
  readonly round: number;
}

/** A recorded number beside the same number computed again. */
export interface VerifiedField {
  readonly field: keyof Point;
  readonly recorded: Point[keyof Point];
  readonly recomputed: Point[keyof Point];
  readonly equal: boolean;
}

export interface VerifiedCell {
  readonly cell: Cell;
  readonly fields: readonly VerifiedField[];
  /** Test questions whose outcome differs. */
  readonly differing: number;
  readonly tested: number;
  /** Recomputed less recorded test accuracy, as a share. */
  readonly difference: number;
  /** True where every number and every test question's outcome is the same. */
  readonly identical: boolean;
}

/** What is not a result: whose point it is, and the key of the step that made it, which names the trainer's version as well. */
const NOT_COMPARED: ReadonlySet<string> = new Set(["seed", "arm", "method", "round", "step", "correct"]);

/**
 * Computes one point of a recorded run again, by the record's own config, and compares. With an empty store everything is computed,
 * from the recorded base models on; with a used one only what it lacks.
 *
 * @throws LabError `name-unknown` for a cell that the run does not have, and what `runExperiment` throws.
 * @example
 * const { identical } = await verifyCell(record, { arm: "SFT", seed: 0, round: 0 }, { store, results: "results" });
 */
export async function verifyCell(record: RunRecord, cell: Cell, options: RunOptions): Promise<VerifiedCell> {
  const recorded = pointOf(record, cell);
  const again = await runExperiment(narrowed(record.provenance.experiment, cell), options);
  return compared(cell, recorded, pointOf(again, cell));
}

/** The experiment with nothing but what the cell needs. */
function narrowed(experiment: Experiment, { arm, seed, round }: Cell): Experiment {
  const arms = experiment.arms.filter(({ name, method }) => name === arm || method === "sft");
  const rounds = Math.max(1, round);
  return parseExperiment({
    ...experiment,
    seeds: [seed],
    rounds: { ilr: rounds, dpo: rounds },
    trainEvaluator: false,
    arms: arms.map(({ rounds: own, ...rest }) => (own === undefined ? rest : { ...rest, rounds })),
  });
}

function pointOf({ points, provenance }: RunRecord, { arm, seed, round }: Cell): Point {
  const found = points.find((point) => point.arm === arm && point.seed === seed && point.round === round);
  if (found !== undefined) return found;
  const arms = [...new Set(points.map((point) => point.arm))];
  const near = arms.includes(arm) ? undefined : nearestName(arm, arms);
  const rounds = points.filter((point) => point.arm === arm).map((point) => `seed ${point.seed} round ${point.round}`);
  throw new LabError("name-unknown", `${provenance.experiment.name} has no ${arm}, seed ${seed}, round ${round}`, {
    hint: near ? `did you mean "${near}"?` : `it has ${(rounds.length > 0 ? rounds : arms).join(", ")}`,
  });
}

function compared(cell: Cell, recorded: Point, recomputed: Point): VerifiedCell {
  const names = Object.keys(recorded).filter((name) => !NOT_COMPARED.has(name)) as (keyof Point)[];
  const fields = names.map((field) => ({
    ...{ field, recorded: recorded[field], recomputed: recomputed[field] },
    equal: JSON.stringify(recorded[field]) === JSON.stringify(recomputed[field]),
  }));
  const differing = [...recorded.correct].filter((bit, i) => bit !== recomputed.correct[i]).length;
  return {
    ...{ cell, fields, differing, tested: recorded.testCount },
    difference: recomputed.testAccuracy - recorded.testAccuracy,
    identical: differing === 0 && fields.every(({ equal }) => equal),
  };
}
