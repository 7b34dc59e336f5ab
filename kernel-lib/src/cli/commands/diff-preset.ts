import type { Command } from "commander";
import { diffExperiments, parseExperiment, presetByName } from "../../experiments/index.js";
import { about } from "../about.js";
import { print } from "../context.js";
import type { CliContext } from "../surroundings.js";
import { alignedTable } from "../table.js";

interface DiffOptions {
  readonly profile?: string;
  readonly json?: boolean;
}

/** In which fields two experiments differ. */
export function registerDiffPreset(program: Command, context: CliContext): void {
  program
    .command("diff-preset")
    .description(about["diff-preset"])
    .argument("<a>", "name of an experiment, with or without @profile")
    .argument("<b>", "name of another")
    .option("--profile <name>", "profile of the names that have none")
    .option("--json", "print JSON")
    .action((a: string, b: string, options: DiffOptions) => {
      const [left, right] = [a, b].map((name) =>
        parseExperiment(presetByName(name, name.includes("@") ? undefined : options.profile)),
      );
      const differences = diffExperiments(left!, right!);
      if (options.json) return print(context, JSON.stringify(differences, null, 2));
      if (differences.length === 0) return print(context, "no difference");
      const rows = differences.map((field) => [field.path, shown(field.a), shown(field.b)]);
      print(context, alignedTable([["field", left!.name, right!.name], ...rows]));
    });
}

/** A dash where a side does not have the field. */
function shown(value: unknown): string {
  if (value === undefined) return "-";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
