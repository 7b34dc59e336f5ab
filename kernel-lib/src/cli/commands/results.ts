import { join, relative } from "node:path";
import type { Command } from "commander";
import { LabError, nearestName } from "../../core/index.js";
import { findProject, readRun } from "../../experiments/index.js";
import { summaryTable } from "../../results/index.js";
import { about } from "../about.js";
import { print } from "../context.js";
import { findRecorded } from "../recorded.js";
import type { CliContext } from "../surroundings.js";
import { alignedTable } from "../table.js";

export function registerResults(program: Command, context: CliContext): void {
  program
    .command("results")
    .description(about.results)
    .argument("[experiment]", "name of an experiment")
    .action((name: string | undefined) => showResults(context, name));
}

async function showResults(context: CliContext, name: string | undefined): Promise<void> {
  const { root, results } = findProject(context.cwd);
  const runs = (await findRecorded([results, join(root, "out")])).flatMap((entry) =>
    entry.kind === "run" ? [entry] : [],
  );
  if (name === undefined) {
    if (runs.length === 0) return print(context, "no runs yet; `ilr run micro-math/quick` makes one");
    const rows = runs.map(({ folder, provenance: { experiment, counts, ended } }) => [
      experiment.name,
      experiment.seeds.join(","),
      String(counts.executed + counts.cached),
      ended.slice(0, 16).replace("T", " "),
      relative(root, folder),
    ]);
    return print(context, alignedTable([["experiment", "seeds", "steps", "ended (UTC)", "folder"], ...rows], [2]));
  }
  const chosen = runs.filter(({ provenance }) => provenance.experiment.name === name);
  if (chosen.length === 0) {
    const names = [...new Set(runs.map(({ provenance }) => provenance.experiment.name))];
    const near = nearestName(name, names);
    throw new LabError("name-unknown", `there is no run of "${name}"`, {
      hint: near ? `did you mean "${near}"?` : `ilr run ${name} makes one; \`ilr results\` lists those there are`,
    });
  }
  for (const { folder } of chosen) {
    print(context, `${relative(root, folder)}\n\n${summaryTable(await readRun(folder))}\n`);
  }
}
