/** One point of scaling.ts in a process of its own: a verb, a tiny experiment, or the plan of one. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend } from "../../kernel-lib/src/backends/index.js";
import { runStep } from "../../kernel-lib/src/engine/index.js";
import {
  parseExperiment,
  planExperiment,
  presetByName,
  runExperiment,
} from "../../kernel-lib/src/experiments/index.js";
import type { Step } from "../../kernel-lib/src/steps/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { answerLines, turn } from "./turns.js";

export type Point =
  | { readonly step: Step; readonly folder: string }
  | { readonly rounds: number; readonly do: "run" | "plan" };

const never = new AbortController().signal;

/** The engine in this process, so that its time and memory are this process's. */
const inProcess: Backend = {
  name: "embedded",
  concurrency: 1,
  identity: () => "0".repeat(64),
  run: ({ step, directory, emit, signal }) => runStep(step, directory, emit, signal ?? never),
  close: async () => {},
};

/** SFT and rounds of ILR with the oracle, on few questions of micro-math. */
async function ilr(rounds: number, what: "run" | "plan"): Promise<object> {
  const preset = presetByName("micro-math/main");
  const experiment = parseExperiment({
    ...preset,
    rounds: { ilr: rounds, dpo: 1 },
    limit: { train: 600, validation: 20, test: 100 },
    arms: preset.arms
      .filter(({ name }) => name === "SFT")
      .concat({ name: "ILR", method: "ilr", comparisons: "oracle" }),
  });
  const folder = await mkdtemp(join(tmpdir(), "ilr-bench-"));
  const options = { store: await openStore(join(folder, "store")), results: "results", backend: inProcess };
  try {
    await (what === "run" ? runExperiment(experiment, options) : planExperiment(experiment, options));
    return {};
  } finally {
    await rm(folder, { recursive: true });
  }
}

await answerLines((point: Point) =>
  turn(async () => {
    if ("rounds" in point) return ilr(point.rounds, point.do);
    await runStep(point.step, point.folder, () => undefined, never);
    return {};
  }),
);
