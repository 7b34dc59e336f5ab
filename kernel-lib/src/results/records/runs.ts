import { profileOf, type RunRecord } from "../../experiments/index.js";
import { defineFrame } from "../frames/index.js";

const columns = {
  experiment: { type: "text", unit: "name", meaning: "Name of the experiment's config." },
  profile: {
    type: "text",
    unit: "name",
    meaning: "Its size: micro, small, paper or paper-70b; null for configs of one's own.",
  },
  task: { type: "text", unit: "name", meaning: "The task." },
  title: { type: "text", unit: "text", meaning: "What the experiment is." },
  seeds: { type: "integers", unit: "seed", meaning: "Its seeds." },
  arms: { type: "texts", unit: "name", meaning: "Its arms." },
  started: { type: "time", unit: "UTC", meaning: "When the call that recorded the run began." },
  ended: { type: "time", unit: "UTC", meaning: "When it ended." },
  wallSeconds: { type: "number", unit: "s", meaning: "How long the call took." },
  stepSeconds: {
    type: "number",
    unit: "s",
    meaning: "Computing by all steps of the run; cached ones count what they took when they ran.",
  },
  executed: { type: "integer", unit: "steps", meaning: "Steps that the call ran." },
  cached: { type: "integer", unit: "steps", meaning: "Requests for steps that the call answered from the store." },
  keys: { type: "integer", unit: "keys", meaning: "Steps and derivations that the run stands on." },
  backend: { type: "text", unit: "name", meaning: "Who ran the steps." },
  machine: { type: "text", unit: "text", meaning: "Processor, cores and platform." },
  version: { type: "text", unit: "version", meaning: "Of ilr-lab." },
} as const;

/** One row a run: what it was, when, and what it took. */
export const runs = defineFrame(columns, ({ provenance }: RunRecord) => {
  const { experiment, started, ended, wallSeconds, stepSeconds, counts, keys, backend, machine } = provenance;
  return [
    {
      experiment: experiment.name,
      profile: profileOf(experiment.name) ?? null,
      ...{ task: experiment.task, title: experiment.title, seeds: experiment.seeds },
      arms: experiment.arms.map(({ name }) => name),
      ...{ started: new Date(started), ended: new Date(ended), wallSeconds, stepSeconds },
      ...{ executed: counts.executed, cached: counts.cached, keys: keys.length, backend, machine },
      version: provenance.versions["ilr-lab"] ?? null,
    },
  ];
});
