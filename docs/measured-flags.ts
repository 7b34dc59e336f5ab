// What each fidelity flag is worth by the recorded runs, for docs/fidelity.md; `npm run readme` writes it, test/results/readme.test.ts holds the file to it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type RunRecord, readRun } from "../kernel-lib/src/experiments/index.js";
import { compareRuns, describeDifference, describeIntervals, selectArms } from "../kernel-lib/src/results/index.js";
import { withParts } from "./parts.js";

/** Flags of single arms of `micro-math/fidelity`: the arm with them, the arm without. */
const OF_ARMS = [
  ["F1", "DPO (evaluator, F1)", "DPO (evaluator)"],
  ["F2", "ILR (evaluator, F2)", "ILR (evaluator)"],
  ["F2", "Naive ILR (F2)", "Naive ILR"],
  ["F3", "ILR (oracle, F3)", "ILR (oracle)"],
  ["F3, F9", "DPO (oracle, F3, F9)", "DPO (oracle)"],
  ["F7", "DPO (evaluator, F7)", "DPO (evaluator)"],
] as const;

/** Flags of a whole experiment, and the run that has it. */
const OF_RUNS = { F5: "fidelity-f5", F6: "fidelity-f6" };

const NAMES = ["fidelity", ...Object.values(OF_RUNS), "as-released"];

/** docs/fidelity.md with its marked part as the runs in a folder of results give it. */
export async function withMeasuredFlags(text: string, results: string): Promise<string> {
  const folder = (name: string): string => join(results, "micro-math", name);
  const missing = NAMES.filter((name) => !existsSync(folder(name))).map((name) => `micro-math/${name}`);
  if (missing.length > 0)
    return withParts(text, { measured: `Not recorded yet: ${missing.join(", ")} (\`npx ilr record\`).` });
  const [run, f5, f6, released] = (await Promise.all(NAMES.map((name) => readRun(folder(name))))) as [
    RunRecord,
    RunRecord,
    RunRecord,
    RunRecord,
  ];
  const lines = [
    ...OF_ARMS.map(([flag, arm, other]) => `${flag}: ${describeDifference(run, arm, other)}`),
    ...ofRuns(run, { F5: f5, F6: f6 }),
    `no flag: ${describeDifference(run, "ILR (evaluator)", "DPO (evaluator)")}`,
    `all flags: ${describeDifference(released, "ILR (evaluator)", "DPO (evaluator)")}`,
  ];
  const intervals = [...new Set([run, f5, f6, released].map(describeIntervals))].join("\n");
  return withParts(text, { measured: [intervals, "", ...lines.map((line) => `- ${line}`)].join("\n") });
}

function ofRuns(run: RunRecord, flagged: Readonly<Record<keyof typeof OF_RUNS, RunRecord>>): readonly string[] {
  const variants = compareRuns({ "as described": selectArms(run, ["Weak supervisor", "SFT"]), ...flagged });
  return Object.keys(flagged).flatMap((flag) =>
    ["SFT", "Weak supervisor"].map(
      (arm) => `${flag}: ${describeDifference(variants, `${arm}, ${flag}`, `${arm}, as described`)}`,
    ),
  );
}
