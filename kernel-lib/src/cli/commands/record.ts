import { resolve } from "node:path";
import type { Command } from "commander";
import { LabError, nearestName } from "../../core/index.js";
import {
  type ExperimentInput,
  parseExperiment,
  presetByName,
  RECORDINGS,
  type Recording,
  readRun,
  runExperiment,
} from "../../experiments/index.js";
import { formatSeconds, showProgress } from "../../notebook/index.js";
import { about } from "../about.js";
import { openNamed, openProject, print, wholeNumber } from "../context.js";
import { interruptible } from "../interrupt.js";
import { writeRunFolder } from "../run-folder.js";
import type { CliContext } from "../surroundings.js";

interface RecordOptions {
  readonly workers?: string;
  readonly list?: boolean;
}

export function registerRecord(program: Command, context: CliContext): void {
  program
    .command("record")
    .description(about.record)
    .argument("[experiments...]", "only these (default: all, as `ilr record --list` shows them)")
    .option("--workers <n>", "steps side by side (default: one a core, at most two)")
    .option("--list", "only say what is recorded and what is missing")
    .action((names: readonly string[], options: RecordOptions) => record(context, names, options));
}

async function record(context: CliContext, names: readonly string[], options: RecordOptions): Promise<void> {
  const { results } = await openProject(context);
  for (const recording of chosen(names)) {
    const folder = resolve(results, recording.experiment);
    if (options.list) print(context, await stateOf(recording, folder));
    else await recordSeeds(context, presetByName(recording.experiment), recording.seeds, options);
  }
}

function chosen(names: readonly string[]): readonly Recording[] {
  const known = RECORDINGS.map(({ experiment }) => experiment);
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    throw new LabError("name-unknown", `results/ has no place for "${name}"`, {
      hint: near ? `did you mean "${near}"?` : `known: ${known.join(", ")}; \`ilr run ${name} --record\` adds others`,
    });
  }
  return names.length === 0 ? RECORDINGS : RECORDINGS.filter(({ experiment }) => names.includes(experiment));
}

async function stateOf({ experiment, seeds }: Recording, folder: string): Promise<string> {
  const found = await readRun(folder).catch(() => undefined);
  const has = found?.provenance.experiment.seeds ?? [];
  const missing = seeds.filter((seed) => !has.includes(seed));
  const wanted = `${experiment}: seeds ${seeds.join(", ")}`;
  if (missing.length === 0) return `${wanted}: recorded, ended ${found!.provenance.ended}`;
  return `${wanted}: ${has.length === 0 ? "not recorded" : `missing ${missing.join(", ")}`}`;
}

/** Seed by seed, and written after each: an interrupted night leaves whole seeds. */
export async function recordSeeds(
  context: CliContext,
  input: ExperimentInput,
  seeds: readonly number[],
  { workers: given }: RecordOptions = {},
): Promise<void> {
  const { content: store, results, data } = await openProject(context);
  const workers = given === undefined ? undefined : wholeNumber("--workers", given, 1);
  const backend = await openNamed(context, undefined, workers);
  try {
    for (const [index] of seeds.entries()) {
      const experiment = parseExperiment({ ...input, seeds: seeds.slice(0, index + 1) });
      const { name } = experiment;
      const progress = showProgress({
        stream: context.stdout,
        title: `${name}, ${index + 1} of ${seeds.length} seeds`,
      });
      const { onActivity } = progress;
      const run = await interruptible(progress.note, (signal) =>
        runExperiment(experiment, { store, results, data, backend, signal, onActivity }),
      ).finally(progress.close);
      await writeRunFolder(resolve(results, name), run);
      const { counts, wallSeconds } = run.provenance;
      const done = `${counts.executed} steps executed, ${counts.cached} shared or in the store`;
      print(context, `${name}: seeds ${experiment.seeds.join(", ")} recorded (${done}, ${formatSeconds(wallSeconds)})`);
    }
  } finally {
    await backend.close();
  }
}
