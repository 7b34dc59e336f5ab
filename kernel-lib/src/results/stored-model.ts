import type { Store } from "../backends/index.js";
import { LabError } from "../core/index.js";
import type { Point, RunRecord } from "../experiments/index.js";
import type { ArtifactRef } from "../steps/index.js";
import { pointAt } from "./stored-run.js";

/** Which model of a run. */
export interface ModelChoice {
  /** Such as "SFT", "ILR (oracle)" or "Weak supervisor". */
  readonly arm: string;
  /** Default: the arm's last; 0 is the model before the first round. */
  readonly round?: number | undefined;
  /** Default: the run's first. */
  readonly seed?: number | undefined;
}

/** A model of a run, and the point of the curves that it stands for. */
export interface StoredModel {
  readonly ref: ArtifactRef;
  readonly point: Point;
}

/**
 * The model behind a point of a run.
 *
 * @throws LabError `name-unknown` for an arm, round or seed that the run lacks; `input-missing` when the store does not have the model
 *   whole, with the command that computes it again.
 */
export async function storedModel(
  run: RunRecord,
  store: Store,
  { arm, round, seed }: ModelChoice,
): Promise<StoredModel> {
  const point = pointAt(run, arm, seed, round);
  const record = point.step === null ? undefined : await store.lookup(point.step);
  const ref = record?.outputs.model?.ref;
  if (ref !== undefined) return { ref, point };
  const { name } = run.provenance.experiment;
  throw new LabError("input-missing", `the model of ${modelName(point)} of ${name} is not in the store`, {
    hint: `compute it: \`ilr run ${name} --seeds ${point.seed}\`, or here: const run = await lab.run(${JSON.stringify(name)}, { seeds: [${point.seed}] }), and then run.model(...)`,
  });
}

/** A point's model in words: "ILR (oracle), round 3, seed 0". */
export function modelName({ arm, round, seed, method }: Point): string {
  const isOnce = method === "weak" || method === "sft" || method === "sft-ground-truth";
  return `${arm}${isOnce ? "" : `, round ${round}`}, seed ${seed}`;
}
