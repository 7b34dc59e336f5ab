// The parts of the README that recorded runs decide; `npm run readme` writes them, test/results/readme.test.ts holds the file to them.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type RunRecord, readRun } from "../kernel-lib/src/experiments/index.js";
import {
  describeEvaluator,
  describePower,
  effect,
  isPrimary,
  pValue,
  summaryTable,
  type Verdict,
  verdictNote,
  verdicts,
  verdictsByTask,
  verdictsByTaskTable,
  verdictsTable,
} from "../kernel-lib/src/results/index.js";
import { withParts } from "./parts.js";

/** Experiments that claims are read from, where they are recorded; each claim from the first that has its arms. */
const EXPERIMENTS = ["main", "beta-sweep", "corora"];

/** The twins of the paper's three tasks. */
const TASKS = ["micro-math", "micro-sql", "micro-safety"];

/** Folders of recorded runs. */
export function recordedRuns(results: string): readonly string[] {
  const files = readdirSync(results, { recursive: true, encoding: "utf8" });
  return files
    .filter((path) => path.endsWith("points.jsonl"))
    .map((path) => dirname(join(results, path)))
    .sort();
}

/** The README with each marked part as the runs in a folder of results give it. */
export async function withResults(readme: string, results: string): Promise<string> {
  const runs = await recorded(results, "micro-math");
  const read = verdicts(runs.length === 1 ? runs[0]! : runs);
  const parts = { runs: runsPart(runs), table: summaryTable(runs[0]!, "markdown"), claims: claimsPart(read) };
  const byTask = verdictsByTaskTable(
    verdictsByTask((await Promise.all(TASKS.map((task) => recorded(results, task)))).flat()),
  );
  return withParts(readme, { ...parts, evaluator: describeEvaluator(runs[0]!), tasks: byTask });
}

/** The main runs of the tasks, by the task's name. */
export async function mainRuns(results: string): Promise<Readonly<Record<string, RunRecord>>> {
  const runs = await Promise.all(
    TASKS.map(async (task): Promise<[string, RunRecord | undefined]> => [task, (await recorded(results, task))[0]]),
  );
  return Object.fromEntries(runs.filter((entry): entry is [string, RunRecord] => entry[1] !== undefined));
}

async function recorded(results: string, task: string): Promise<readonly RunRecord[]> {
  const folders = EXPERIMENTS.map((name) => join(results, task, name));
  return Promise.all(folders.filter((folder) => existsSync(join(folder, "points.jsonl"))).map(readRun));
}

function runsPart(runs: readonly RunRecord[]): string {
  const named = runs.map(({ provenance: { experiment }, points }) => {
    const seeds = new Set(points.map(({ seed }) => seed)).size;
    return `\`results/${experiment.name}\` (${seeds} ${seeds === 1 ? "seed" : "seeds"} of ${points[0]!.testCount.toLocaleString("en")} test questions)`;
  });
  return `Recorded: ${named.join(", ")}. \`npx ilr results micro-math/main\` prints the table.`;
}

function claimsPart(read: readonly Verdict[]): string {
  const undecided = read.flatMap(({ claim, readings }) =>
    readings.flatMap((reading) => (reading.power ? [`${claim}: ${describePower(reading)}`] : [])),
  );
  const further = read.flatMap(({ claim, readings }) =>
    readings
      .filter((reading) => !isPrimary(reading))
      .map(
        ({ compares, difference, p, outcome }) =>
          `- ${claim}: ${compares}: ${effect(difference)}, p ${pValue(p)}: ${outcome}`,
      ),
  );
  return [
    verdictsTable(read),
    "",
    verdictNote(read.map((verdict) => ({ ...verdict, readings: verdict.readings.filter(isPrimary) }))),
    ...(undecided.length === 0
      ? []
      : ["", `To see 2 points, four times out of five, would take: ${undecided.join("; ")}.`]),
    ...(further.length === 0
      ? []
      : [
          "",
          "<details><summary>Further comparisons, not corrected; they decide nothing</summary>",
          "",
          ...further,
          "",
          "</details>",
        ]),
  ].join("\n");
}
