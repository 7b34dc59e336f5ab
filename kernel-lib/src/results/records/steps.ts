import { recordedTokens } from "../../experiments/index.js";
import { type ActionRecord, verbOf } from "../../store/index.js";
import { allRecords, ranInRun, storedRun } from "../stored-run.js";
import { defineRecords } from "./table.js";

const columns = {
  key: { type: "text", unit: "key", meaning: "Digest of all that the step depends on." },
  kind: {
    type: "text",
    unit: "name",
    meaning: "Who computed it: step (a trainer) or derive (the kit itself, rows to rows).",
  },
  name: { type: "text", unit: "name", meaning: "The verb, or the derivation's name." },
  label: { type: "text", unit: "text", meaning: "What the first arm that asked for it calls it." },
  seed: { type: "integer", unit: "seed", meaning: "A step's own seed; null for derivations." },
  executed: {
    type: "boolean",
    unit: "true or false",
    meaning: "Whether it ran during the call that recorded the run; otherwise it was in the store.",
  },
  started: { type: "time", unit: "UTC", meaning: "When it began." },
  ended: { type: "time", unit: "UTC", meaning: "When it ended." },
  seconds: { type: "number", unit: "s", meaning: "What it took one worker." },
  generated: { type: "integer", unit: "tokens", meaning: "Tokens of the answers that were kept." },
  trained: { type: "integer", unit: "tokens", meaning: "Tokens that were trained on, every epoch counted." },
  bytes: { type: "integer", unit: "bytes", meaning: "Size of its outputs." },
  trainer: { type: "text", unit: "name", meaning: "The backend; derive for derivations." },
  machine: { type: "text", unit: "text", meaning: "Where it ran: processor, cores and platform." },
} as const;

/** One row a step or derivation that the run stands on. */
export const steps = defineRecords(columns, async ({ run, store }) => {
  const stored = await storedRun(run, await store());
  const rows = [];
  // One after the other: the answers of one step at a time are in memory.
  for (const record of allRecords("the steps", stored)) {
    const tokens = await recordedTokens(record, stored.store);
    rows.push({ ...describe(record), executed: ranInRun(record, run), ...tokens });
  }
  return rows;
});

function describe({ key, document, label, startedAt, endedAt, seconds, outputs, trainer, machine }: ActionRecord) {
  return {
    ...{ key, kind: document.kind, name: verbOf(document), label, seconds },
    seed: document.kind === "step" ? document.step.seed : null,
    ...{ started: new Date(startedAt), ended: new Date(endedAt) },
    bytes: Object.values(outputs).reduce((sum, { size }) => sum + size, 0),
    ...{ trainer: trainer.name, machine: `${machine.cpu}, ${machine.cores} cores, ${machine.platform}` },
  };
}
