import { join } from "node:path";
import type { Command } from "commander";
import { formatCount } from "../../notebook/index.js";
import { formatExplanation } from "../../store/index.js";
import { about } from "../about.js";
import { openProject, print } from "../context.js";
import { findRecorded, reachOf } from "../recorded.js";
import type { CliContext } from "../surroundings.js";

/** The commands that look after the store: explain, gc. */
export function registerStore(program: Command, context: CliContext): void {
  program
    .command("explain")
    .description(about.explain)
    .argument("<key>", "first digits of a key, as ilr plan prints them")
    .action(async (key: string) => {
      const { content } = await openProject(context);
      print(context, formatExplanation(await content.explain(key)));
    });
  program
    .command("gc")
    .description(about.gc)
    .option("--dry-run", "only say what would be removed")
    .action((options: { readonly dryRun?: boolean }) => collect(context, options.dryRun ?? false));
}

async function collect(context: CliContext, dryRun: boolean): Promise<void> {
  const { root, results, content } = await openProject(context);
  const recorded = await findRecorded([results, join(root, "out")]);
  const report = await content.gc({ keep: recorded.flatMap(reachOf), dryRun });
  const verb = dryRun ? "would remove" : "removed";
  print(
    context,
    `${verb} ${report.removedRecords.length} records and ${report.removedFiles} files (${formatCount(report.removedBytes)}B); ` +
      `kept ${report.keptRecords} records and ${report.keptFiles} files, for ${recorded.length} recorded runs and base models`,
  );
}
