import { resolve } from "node:path";
import type { Command } from "commander";
import { BACKENDS } from "../../backends/index.js";
import {
  assertRunnable,
  type Experiment,
  planExperiment,
  type RunRecord,
  runExperiment,
} from "../../experiments/index.js";
import { formatSeconds, showProgress } from "../../notebook/index.js";
import { summaryTable } from "../../results/index.js";
import { type CliContext, openNamed, openProject, print, wholeNumber } from "../context.js";
import { type ExperimentOptions, readExperiment, withExperimentOptions } from "../experiment-options.js";
import { interruptible } from "../interrupt.js";
import { writeRunFolder } from "../run-folder.js";
import { planSummary } from "./plan.js";

interface RunOptions extends ExperimentOptions {
  readonly config?: string;
  readonly out?: string;
  readonly record?: string | true;
  readonly workers?: string;
  readonly backend?: string;
  readonly site?: string;
  readonly fromScratch?: boolean;
}

export function registerRun(program: Command, context: CliContext): void {
  const command = program
    .command("run")
    .description("run an experiment; steps that are in the store are not run again")
    .argument("[experiment]", "name of an experiment, or a config file (YAML or JSON)")
    .option("--config <file>", "lay the fields of a YAML or JSON file over it")
    .option("--out <folder>", "where the results go (default: out/<experiment>)")
    .option("--record [folder]", "also write them beside the recorded runs (default: results/<experiment>)")
    .option("--workers <n>", "steps side by side (default: one a core, at most two)")
    .option("--backend <name>", `who runs the steps: ${BACKENDS.join(", ")} (default: embedded)`)
    .option("--site <file>", "with slurm: the YAML profile of the cluster (default: what ILR_SITE names)")
    .option("--from-scratch", "pretrain the base models instead of using the recorded ones");
  withExperimentOptions(command).action(async (name: string | undefined, options: RunOptions) => {
    const experiment = await readExperiment(name, options, options.config, context.cwd);
    const { root, results } = await openProject(context);
    const record = await run(context, experiment, options);
    const folders = [resolve(context.cwd, options.out ?? resolve(root, "out", experiment.name))];
    if (options.record === true) folders.push(resolve(results, experiment.name));
    else if (options.record !== undefined) folders.push(resolve(context.cwd, options.record));
    print(context, `\n${summaryTable(record)}\n`);
    for (const folder of folders) {
      for (const file of await writeRunFolder(folder, record)) print(context, file);
    }
    const { executed, cached } = record.provenance.counts;
    const wall = formatSeconds(record.provenance.wallSeconds);
    print(context, `${executed} steps executed, ${cached} shared or found in the store, ${wall}`);
  });
}

async function run(context: CliContext, experiment: Experiment, options: RunOptions): Promise<RunRecord> {
  const { content: store, results, data } = await openProject(context);
  const workers = options.workers === undefined ? undefined : wholeNumber("--workers", options.workers, 1);
  const backend = await openNamed(context, options.backend, workers, options.site);
  const fromScratch = options.fromScratch ?? process.env.FROM_SCRATCH === "1";
  try {
    assertRunnable(experiment, backend.name);
    const plan = await planExperiment(experiment, { store, backend, results, data, fromScratch });
    print(context, planSummary(experiment, plan));
    const progress = showProgress({ stream: context.stdout, title: experiment.name, backend: backend.name, plan });
    const { onActivity } = progress;
    return await interruptible(progress.note, (signal) =>
      runExperiment(experiment, { store, results, data, backend, fromScratch, signal, onActivity }),
    ).finally(progress.close);
  } finally {
    await backend.close();
  }
}
