import type { Command } from "commander";
import {
  type Experiment,
  families,
  findProject,
  type Profile,
  parseExperiment,
  table1,
} from "../../experiments/index.js";
import { taskByName, taskNames } from "../../tasks/index.js";
import { about } from "../about.js";
import { print } from "../context.js";
import { type ExperimentState, experimentStates } from "../experiment-state.js";
import type { CliContext } from "../surroundings.js";
import { alignedTable } from "../table.js";

interface ListOptions {
  readonly json?: boolean;
  readonly table1?: boolean;
}

/** What there is: experiments and tasks. */
export function registerLists(program: Command, context: CliContext): void {
  program
    .command("list")
    .alias("experiments")
    .description(about.list)
    .option("--table1", "print the paper's Table 1 as the presets have it")
    .option("--json", "print JSON")
    .action(async (options: ListOptions) => {
      if (options.table1) return printTable1(context, options.json ?? false);
      const rows = await listed(context);
      print(context, options.json ? JSON.stringify(rows, null, 2) : alignedTable([HEADER, ...rows.map(cells)], [4]));
    });
  program
    .command("tasks")
    .description(about.tasks)
    .action(() => {
      const { data } = findProject(context.cwd);
      const rows = taskNames.map((name) => {
        const { train, validation, test } = taskByName(name, { data }).sizes;
        return [name, ...[train, validation, test].map(String)];
      });
      print(context, alignedTable([["task", "train", "validation", "test"], ...rows], [1, 2, 3]));
      print(context, "\nOf data that is not here, the sizes that are expected; ilr data list says what is.");
    });
}

/** One experiment at one size. */
interface Row extends ExperimentState {
  /** Such as "gsm8k/main". */
  readonly experiment: string;
  readonly profile: Profile;
  /** Its own name, which runs of it have. */
  readonly name: string;
  readonly title: string;
  readonly paper: string | null;
  readonly task: string;
  readonly models: string;
  readonly seeds: readonly number[];
  readonly arms: number;
}

/** Every config once: micro twins stand with the experiment whose twin they are. */
async function listed(context: CliContext): Promise<readonly Row[]> {
  const seen = new Set<string>();
  const entries = families.flatMap((family) =>
    [...family.profiles].flatMap(([profile, preset]) => {
      if (seen.has(preset.name)) return [];
      seen.add(preset.name);
      return [{ experiment: family.name, profile, config: parseExperiment(preset) }];
    }),
  );
  const configs = entries.map(({ config }) => config);
  const states = await experimentStates(configs, findProject(context.cwd), context.env);
  return entries.map(({ experiment, profile, config }, i) => {
    const { name, title, paper = null, task, seeds, arms } = config;
    return {
      experiment,
      profile,
      name,
      title,
      paper,
      task,
      models: models(config),
      seeds,
      arms: arms.length,
      ...states[i]!,
    };
  });
}

const models = ({ bases: { strong, weak } }: Experiment): string => `${strong.name} <- ${weak.name}`;

const HEADER = ["experiment", "profile", "paper", "models", "arms", "state"] as const;

function cells({ name, profile, paper, models: pair, arms, runs, steps, needs }: Row): readonly string[] {
  const state = [
    ...(runs.length > 0 ? [`recorded in ${runs.join(", ")}`] : []),
    ...(steps ? [`${steps.stored} of ${steps.all} steps in store`] : []),
    ...(needs.length > 0 ? [`needs ${briefly(needs).join(", ")}`] : []),
  ];
  return [name.replace(/@.*/, ""), profile, paper ?? "-", pair, String(arms), state.join("; ") || "ready"];
}

/** Licences by their number: JSON has them all. */
function briefly(needs: readonly string[]): readonly string[] {
  const licences = needs.filter((need) => need.startsWith("licence of ")).length;
  const others = needs.filter((need) => !need.startsWith("licence of "));
  return licences === 0 ? others : [...others, licences === 1 ? "a licence" : `${licences} licences`];
}

function printTable1(context: CliContext, json: boolean): void {
  const table = table1();
  if (json) {
    print(context, JSON.stringify(table, null, 2));
    return;
  }
  const tasksOf = table.tasks.map(({ task, epochs, batchSize, maxAnswerTokens, alpha }) =>
    [task, epochs, batchSize, maxAnswerTokens, alpha].map(String),
  );
  const byTask = [["task", "epochs", "batch size", "longest answer", "alpha"], ...tasksOf];
  const byModel = table.models.map(({ model, lr, optimizer }) => [model, lr.toExponential(), optimizer]);
  print(context, alignedTable(byTask, [1, 2, 3, 4]));
  print(context, `\n${alignedTable([["model", "learning rate", "optimizer"], ...byModel], [1])}`);
}
