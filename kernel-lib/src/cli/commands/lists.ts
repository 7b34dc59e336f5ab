import type { Command } from "commander";
import { parseExperiment, presets } from "../../experiments/index.js";
import { tasks } from "../../tasks/index.js";
import { type CliContext, print } from "../context.js";
import { alignedTable } from "../table.js";

/** What there is: experiments and tasks. */
export function registerLists(program: Command, context: CliContext): void {
  program
    .command("experiments")
    .description("list the experiments")
    .action(() => {
      const rows = [...presets.values()].map(parseExperiment).map(({ name, title, task, seeds, arms }) => {
        return [name, task, seeds.join(","), String(arms.length), title];
      });
      print(context, alignedTable([["experiment", "task", "seeds", "arms", "title"], ...rows], [3]));
    });
  program
    .command("tasks")
    .description("list the tasks")
    .action(() => {
      const rows = tasks.map(({ name, sizes }) => [name, ...Object.values(sizes).map(String)]);
      print(context, alignedTable([["task", "train", "validation", "test"], ...rows], [1, 2, 3]));
    });
}
