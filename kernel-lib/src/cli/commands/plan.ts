import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { BACKENDS } from "../../backends/index.js";
import { digestOf, LabError } from "../../core/index.js";
import {
  type ActualOptions,
  actualCosts,
  costRatios,
  DEVICES,
  type Experiment,
  findProject,
  isPresetName,
  methodCosts,
  type Plan,
  type PlanOptions,
  type PricedPlan,
  parseExperiment,
  planExperiment,
  planExperiments,
  planRows,
  presetsOfProfile,
  readRun,
  sharingOf,
} from "../../experiments/index.js";
import { formatSeconds } from "../../notebook/index.js";
import { about } from "../about.js";
import { openNamed, openProject, print, wholeNumber } from "../context.js";
import { type ExperimentOptions, readExperiment, withExperimentOptions } from "../experiment-options.js";
import { actualTable } from "../plan/actual-table.js";
import { formatAmount } from "../plan/amounts.js";
import { matrixTable } from "../plan/matrix-table.js";
import { methodTable } from "../plan/method-table.js";
import { needsText, sharingText, stepTable, verbTable } from "../plan/step-tables.js";
import type { CliContext } from "../surroundings.js";

interface PlanCommandOptions extends ExperimentOptions {
  readonly all?: boolean;
  readonly by?: "step" | "method";
  readonly actual?: string | true;
  readonly device?: string;
  readonly config?: string | true;
  readonly json?: boolean;
  readonly fromScratch?: boolean;
  readonly workers?: string;
  readonly backend?: string;
  readonly site?: string;
}

export function registerPlan(program: Command, context: CliContext): void {
  const command = program
    .command("plan")
    .description(about.plan)
    .argument("[experiment]", "name of an experiment, or a config file (YAML or JSON)")
    .option("--all", "every experiment (of a profile) instead of one: a line each")
    .addOption(new Option("--by <what>", "list steps, or what each method takes").choices(["step", "method"]))
    .option("--actual [folder]", "after a run: what was planned against what it took (default: out/<experiment>)")
    .option("--device <name>", `price steps for ${DEVICES.join(", ")} (default: by the size of the models)`)
    .option("--config [file]", "read fields from a config file; without a file: print the whole config and stop")
    .option("--from-scratch", "as if the base models were not recorded")
    .option("--workers <n>", "steps side by side to plan for")
    .option("--backend <name>", `who would run the steps: ${BACKENDS.join(", ")} (default: embedded)`)
    .option("--site <file>", "with slurm: the YAML profile of the cluster (default: what ILR_SITE names)")
    .option("--json", "print JSON");
  withExperimentOptions(command).action(async (name: string | undefined, options: PlanCommandOptions) => {
    if (options.all) {
      if (name !== undefined) throw clash(`--all with the experiment ${name}`);
      return planned(context, options, (place) => matrixText(options, place));
    }
    const { experiment, showConfig } = await experimentOf(name, options, context.cwd);
    if (showConfig) return print(context, JSON.stringify(experiment, null, 2));
    const keys = options.actual === undefined ? undefined : await keysOfRun(experiment, options.actual, context.cwd);
    return planned(context, options, (place) =>
      experimentText(experiment, options, { ...place, ...(keys && { keys }) }),
    );
  });
}

function clash(what: string): LabError {
  return new LabError("config-invalid", `${what}: expected one of the two`, { hint: "ilr plan --help" });
}

/** Prints what `text` makes of a store and a backend. */
async function planned(
  context: CliContext,
  options: PlanCommandOptions,
  text: (place: PlanOptions) => Promise<string>,
): Promise<void> {
  const { content: store, results, data } = await openProject(context);
  const workers = options.workers === undefined ? undefined : wholeNumber("--workers", options.workers, 1);
  const backend = await openNamed(context, options.backend, workers, options.site);
  const { fromScratch = false, device } = options;
  try {
    print(context, await text({ store, backend, results, data, fromScratch, device, workers }));
  } finally {
    await backend.close();
  }
}

async function experimentText(
  experiment: Experiment,
  { actual, by, json }: PlanCommandOptions,
  place: ActualOptions,
): Promise<string> {
  if (actual) {
    const costs = await actualCosts(experiment, place);
    return json ? JSON.stringify(costs, null, 2) : actualTable(costs);
  }
  const plan = await planExperiment(experiment, place);
  if (by === "method") {
    if (!json) return methodTable(plan);
    const costs = methodCosts(plan);
    return JSON.stringify({ costs, ratios: costRatios(costs, "ilr", "dpo") }, null, 2);
  }
  return json ? JSON.stringify({ ...plan, sharing: sharingOf(plan.steps) }, null, 2) : planText(experiment, plan);
}

/** What a run recorded, if it was of this experiment; without one, the store is asked by the keys of the code as it is now. */
async function keysOfRun(
  experiment: Experiment,
  folder: string | true,
  cwd: string,
): Promise<readonly string[] | undefined> {
  const place = folder === true ? resolve(findProject(cwd).root, "out", experiment.name) : resolve(cwd, folder);
  if (folder === true && !existsSync(place)) return undefined;
  const { provenance } = await readRun(place);
  if (digestOf(provenance.experiment as never) === digestOf(experiment as never)) return provenance.keys;
  if (folder === true) return undefined;
  throw new LabError(
    "config-invalid",
    `the run in ${place} is of another config than ${experiment.name} as it is named here`,
    {
      hint: "give the same --profile, --seeds, --rounds and --set as the run had",
    },
  );
}

async function matrixText(
  { profile, json, set, seeds, rounds }: PlanCommandOptions,
  place: PlanOptions,
): Promise<string> {
  if (set.length > 0 || seeds !== undefined || rounds !== undefined) throw clash("--all with changes of a config");
  const experiments = presetsOfProfile(profile).map((preset) => parseExperiment(preset));
  const matrix = await planExperiments(experiments, place);
  if (!json) return matrixTable(matrix);
  const refused = matrix.refused.map(({ experiment, why }) => ({ experiment, why: why.message }));
  return JSON.stringify({ rows: planRows(matrix), downloads: matrix.downloads, refused }, null, 2);
}

/** `--config NAME` means the config of that experiment: the option may stand before its name. */
async function experimentOf(
  name: string | undefined,
  options: PlanCommandOptions,
  cwd: string,
): Promise<{ readonly experiment: Experiment; readonly showConfig: boolean }> {
  const { config } = options;
  const isName = typeof config === "string" && name === undefined && isPresetName(config);
  const named = isName && !existsSync(resolve(cwd, config)) ? config : undefined;
  const file = typeof config === "string" && named === undefined ? config : undefined;
  return {
    experiment: await readExperiment(named ?? name, options, file, cwd),
    showConfig: config === true || named !== undefined,
  };
}

function planText(experiment: Experiment, plan: PricedPlan): string {
  const parts = [stepTable(plan), verbTable(plan), sharingText(plan), needsText(plan), planSummary(experiment, plan)];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** One sentence: how many steps, how many of them are there, and how long the others take. */
export function planSummary(experiment: Experiment, plan: Plan): string {
  const { steps, cached, flops, workSeconds, wallSeconds, workers } = plan;
  const head = `${experiment.name}, seeds ${experiment.seeds.join(", ")}: ${steps.length} steps, ${cached} in the store`;
  if (cached === steps.length) return `${head}; nothing to run`;
  return `${head}; to run: ${formatAmount(flops)} FLOPs, ${formatSeconds(workSeconds)} of work, about ${formatSeconds(wallSeconds)} with ${workers} worker${workers === 1 ? "" : "s"}`;
}
