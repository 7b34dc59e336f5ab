import { resolve } from "node:path";
import type { Command } from "commander";
import { BACKENDS } from "../../backends/index.js";
import { peopleOf, readSession } from "../../human/index.js";
import { formatSeconds } from "../../notebook/index.js";
import { summaryTable } from "../../results/index.js";
import { about } from "../about.js";
import { openProject, print } from "../context.js";
import { type ExperimentOptions, readExperiment, withExperimentOptions } from "../experiment-options.js";
import { writeRunFolder } from "../run-folder.js";
import { type RunningOptions, runWithProgress } from "../run-with-progress.js";
import type { CliContext } from "../surroundings.js";

interface RunOptions extends ExperimentOptions, RunningOptions {
  readonly config?: string;
  readonly out?: string;
  readonly record?: string | true;
  readonly session?: string;
}

export function registerRun(program: Command, context: CliContext): void {
  const command = program
    .command("run")
    .description(about.run)
    .argument("[experiment]", "name of an experiment, or a config file (YAML or JSON)")
    .option("--config <file>", "lay the fields of a YAML or JSON file over it")
    .option("--out <folder>", "where the results go (default: out/<experiment>)")
    .option("--record [folder]", "also write them beside the recorded runs (default: results/<experiment>)")
    .option("--workers <n>", "steps side by side (default: one a core, at most two)")
    .option("--backend <name>", `who runs the steps: ${BACKENDS.join(", ")} (default: embedded)`)
    .option("--site <file>", "with slurm: the YAML profile of the cluster (default: what ILR_SITE names)")
    .option("--session <file>", "comparisons that a person has made (ilr human)")
    .option("--from-scratch", "pretrain the base models instead of using the recorded ones");
  withExperimentOptions(command).action(async (name: string | undefined, options: RunOptions) => {
    const experiment = await readExperiment(name, options, options.config, context.cwd);
    const { root, results } = await openProject(context);
    const session =
      options.session === undefined ? undefined : await readSession(resolve(context.cwd, options.session));
    const record = await runWithProgress(context, experiment, options, { people: session && peopleOf(session) });
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
