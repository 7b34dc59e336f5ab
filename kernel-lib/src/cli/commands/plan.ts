import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { type Experiment, type Plan, type PlannedStep, planExperiment, presets } from "../../experiments/index.js";
import { formatCount, formatSeconds } from "../../notebook/index.js";
import { type CliContext, openProject, print, wholeNumber } from "../context.js";
import { type ExperimentOptions, readExperiment, withExperimentOptions } from "../experiment-options.js";
import { alignedTable } from "../table.js";

interface PlanOptions extends ExperimentOptions {
  readonly config?: string | true;
  readonly json?: boolean;
  readonly fromScratch?: boolean;
  readonly workers?: string;
}

export function registerPlan(program: Command, context: CliContext): void {
  const command = program
    .command("plan")
    .description("list the steps of an experiment, which of them are in the store, and what the others would cost")
    .argument("[experiment]", "name of an experiment")
    .option("--config [file]", "read fields from a JSON file; without a file: print the whole config and stop")
    .option("--from-scratch", "as if the base models were not recorded")
    .option("--workers <n>", "worker processes to plan for")
    .option("--json", "print JSON");
  withExperimentOptions(command).action(async (name: string | undefined, options: PlanOptions) => {
    const { experiment, showConfig } = await experimentOf(name, options, context.cwd);
    if (showConfig) return print(context, JSON.stringify(experiment, null, 2));
    const project = await openProject(context);
    const workers = options.workers === undefined ? undefined : wholeNumber("--workers", options.workers, 1);
    const backend = context.openBackend(workers);
    try {
      const { content: store, results } = project;
      const fromScratch = options.fromScratch ?? false;
      const plan = await planExperiment(experiment, { store, backend, results, fromScratch });
      print(context, options.json ? JSON.stringify(plan, null, 2) : planText(experiment, plan));
    } finally {
      await backend.close();
    }
  });
}

/** `--config NAME` means the config of that experiment: the option may stand before its name. */
async function experimentOf(
  name: string | undefined,
  options: PlanOptions,
  cwd: string,
): Promise<{ readonly experiment: Experiment; readonly showConfig: boolean }> {
  const { config } = options;
  const isName = typeof config === "string" && name === undefined && presets.has(config);
  const named = isName && !existsSync(resolve(cwd, config)) ? config : undefined;
  const file = typeof config === "string" && named === undefined ? config : undefined;
  return {
    experiment: await readExperiment(named ?? name, options, file, cwd),
    showConfig: config === true || named !== undefined,
  };
}

function planText(experiment: Experiment, plan: Plan): string {
  const rows = plan.steps.map((step) => [
    step.cached ? "in store" : "to run",
    step.key?.slice(0, 12) ?? "",
    step.verb,
    step.label,
    formatCount(step.parameters),
    formatCount(step.rows),
    formatCount(step.flops),
    formatSeconds(step.seconds),
  ]);
  const header = ["state", "key", "verb", "step", "parameters", "rows", "FLOPs", "time"];
  return `${alignedTable([header, ...rows], [4, 5, 6, 7])}\n\n${verbTable(plan)}\n\n${planSummary(experiment, plan)}`;
}

function verbTable({ steps }: Plan): string {
  const verbs = [...new Set(steps.map(({ verb }) => verb))];
  const total = (of: (step: PlannedStep) => number, chosen: readonly PlannedStep[]): number =>
    chosen.reduce((sum, step) => sum + of(step), 0);
  const rows = verbs.map((verb) => {
    const all = steps.filter((step) => step.verb === verb);
    const open = all.filter(({ cached }) => !cached);
    const flops = formatCount(total((step) => step.flops, open));
    const seconds = formatSeconds(total((step) => step.seconds, open));
    return [verb, String(all.length), String(all.length - open.length), flops, seconds];
  });
  return alignedTable([["verb", "steps", "in store", "FLOPs to run", "time to run"], ...rows], [1, 2, 3, 4]);
}

/** One sentence: how many steps, how many of them are there, and how long the others take. */
export function planSummary(experiment: Experiment, plan: Plan): string {
  const { steps, cached, flops, workSeconds, wallSeconds, workers } = plan;
  const head = `${experiment.name}, seeds ${experiment.seeds.join(", ")}: ${steps.length} steps, ${cached} in the store`;
  if (cached === steps.length) return `${head}; nothing to run`;
  return `${head}; to run: ${formatCount(flops)} FLOPs, ${formatSeconds(workSeconds)} of work, about ${formatSeconds(wallSeconds)} with ${workers} worker${workers === 1 ? "" : "s"}`;
}
