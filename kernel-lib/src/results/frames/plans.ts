import type { ColumnTable } from "arquero";
import { type PlanMatrix, type PricedPlan, planRows } from "../../experiments/index.js";
import { type Columns, frameOf } from "./frame.js";

const tokenColumns = {
  read: {
    type: "number",
    unit: "tokens",
    meaning: "Tokens read without learning: prompts, texts to be scored, DPO's reference.",
  },
  generated: {
    type: "number",
    unit: "tokens",
    meaning: "Tokens made one at a time: all samples and beams, not only what is kept.",
  },
  trained: { type: "number", unit: "tokens", meaning: "Tokens that are trained on, every epoch counted." },
} as const;
const flops = { type: "number", unit: "FLOP", meaning: "Planned floating-point operations." } as const;

const stepColumns = {
  step: { type: "text", unit: "text", meaning: "What the first arm that needs the step calls it." },
  verb: {
    type: "text",
    unit: "name",
    meaning: "What the trainer does: pretrain, sft, dpo, evaluator, sample or score.",
  },
  purpose: {
    type: "text",
    unit: "name",
    meaning: "Why it runs: for a method, or only to measure a model (measurement).",
  },
  inStore: { type: "boolean", unit: "true or false", meaning: "Whether its outputs are in the store." },
  arms: { type: "integer", unit: "arms", meaning: "How many arms need it." },
  parameters: { type: "number", unit: "parameters", meaning: "Size of its model; 0 where it is not known." },
  ...tokenColumns,
  flops,
  seconds: { type: "number", unit: "s", meaning: "Planned time on the plan's device." },
  bytes: { type: "number", unit: "bytes", meaning: "Planned size of its outputs in the store." },
  memory: {
    type: "number",
    unit: "bytes",
    meaning: "Memory that it needs at the least; null where the model's size is not known.",
  },
  accelerators: {
    type: "integer",
    unit: "devices",
    meaning: "Accelerators that it needs at the least; 0 without one, or where the model's size is not known.",
  },
} as const;

/**
 * One row a step of a plan: how many arms need it, tokens, floating-point operations, seconds on the plan's device, bytes in the store, bytes
 * of memory and accelerators at the least (null and 0 where the model's size is not known). `purpose` is `measurement` for what no method needs.
 *
 * @example
 * planFrame(plan).groupby("verb").rollup({ steps: op.count(), flops: op.sum("flops") });
 */
export function planFrame({ steps }: PricedPlan): ColumnTable {
  return frameOf(
    stepColumns,
    steps.map((step) => ({
      ...{ step: step.label, verb: step.verb, purpose: step.purpose, inStore: step.cached },
      arms: new Set(step.uses.map(({ arm }) => arm)).size,
      ...{ parameters: step.parameters, ...step.tokens, flops: step.flops, seconds: step.seconds },
      ...{ bytes: step.bytes, memory: step.memoryBytes ?? null, accelerators: step.accelerators },
    })),
  );
}

const totalColumns = {
  experiment: {
    type: "text",
    unit: "name",
    meaning: "The experiment; the last row is of all together, shared steps once.",
  },
  steps: { type: "integer", unit: "steps", meaning: "Steps of all its seeds and arms." },
  shared: { type: "integer", unit: "steps", meaning: "Of them, those that several arms need." },
  training: { type: "integer", unit: "steps", meaning: "Of them, those that train a model." },
  ...tokenColumns,
  flops,
} as const;

const lastColumns = {
  accelerators: {
    type: "integer",
    unit: "devices",
    meaning: "Accelerators at once, at the least, of the plan's device; 0 without one.",
  },
  disk: { type: "number", unit: "bytes", meaning: "Planned size of all outputs and tables in the store." },
  fetch: { type: "number", unit: "bytes", meaning: "Data and models to be fetched, as far as their sizes are known." },
  refused: { type: "text", unit: "text", meaning: "Why the experiment cannot be planned; null where it can." },
} as const;

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
  const columns = { ...totalColumns, ...hourColumns(rows[0]!), ...lastColumns };
  const blank = Object.fromEntries(Object.keys(columns).map((column) => [column, null]));
  const refused = matrix.refused.map(({ experiment, why }) => ({ ...blank, experiment, refused: why.message }));
  return frameOf<Columns>(columns, [...rows, ...refused]);
}

/** Columns of hours, one a device. */
function hourColumns(row: object): Columns {
  const devices = Object.keys(row).filter((name) => name.endsWith(" h"));
  return Object.fromEntries(
    devices.map((name) => [
      name,
      { type: "number", unit: "h", meaning: `Hours of one ${name.slice(0, -2)} at the assumed utilisation.` },
    ]),
  );
}
