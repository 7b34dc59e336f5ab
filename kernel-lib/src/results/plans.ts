import { type ColumnTable, from } from "arquero";
import { type PlanMatrix, type PricedPlan, planRows } from "../experiments/index.js";

/**
 * One row a step of a plan: how many arms need it, tokens, floating-point operations, seconds on the plan's device, bytes in the store, bytes
 * of memory and accelerators at the least (null and 0 where the model's size is not known). `purpose` is `measurement` for what no method needs.
 *
 * @example
 * planFrame(plan).groupby("verb").rollup({ steps: op.count(), flops: op.sum("flops") });
 */
export function planFrame({ steps }: PricedPlan): ColumnTable {
  return from(
    steps.map((step) => ({
      ...{ step: step.label, verb: step.verb, purpose: step.purpose, inStore: step.cached },
      arms: new Set(step.uses.map(({ arm }) => arm)).size,
      ...{ parameters: step.parameters, ...step.tokens, flops: step.flops, seconds: step.seconds },
      ...{ bytes: step.bytes, memory: step.memoryBytes ?? null, accelerators: step.accelerators },
    })),
  );
}

/**
 * One row an experiment, and a last one that counts what several of them need once: steps, those that several arms share and those that train, tokens,
 * operations, hours of one device of each kind at the assumed utilisation (`"h100 h"` and so on), accelerators at once, bytes on disk, bytes to fetch as far as
 * their sizes are known. An experiment that cannot be planned has only `refused`, the reason.
 *
 * @example
 * plansFrame(await planExperiments(experiments, options)).select("experiment", "steps", "shared", "flops", "h100 h");
 */
export function plansFrame(matrix: PlanMatrix): ColumnTable {
  const rows = planRows(matrix).map(({ name, cost, shared, accelerators, diskBytes, downloadBytes }) => ({
    ...{ experiment: name, steps: cost.steps, shared, training: cost.training, ...cost.tokens, flops: cost.flops },
    ...Object.fromEntries(Object.entries(cost.hours).map(([device, hours]) => [`${device} h`, hours])),
    ...{ accelerators, disk: diskBytes, fetch: downloadBytes, refused: null },
  }));
  const blank = Object.fromEntries(Object.keys(rows[0]!).map((column) => [column, null]));
  const refused = matrix.refused.map(({ experiment, why }) => ({ ...blank, experiment, refused: why.message }));
  return from([...rows, ...refused]);
}
