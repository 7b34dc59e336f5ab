import { join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { findProject } from "../../experiments/index.js";
import { formatCount } from "../../notebook/index.js";
import { about } from "../about.js";
import { print } from "../context.js";
import type { CliContext } from "../surroundings.js";

interface ReportCommandOptions {
  readonly out?: string;
}

export function registerReport(program: Command, context: CliContext): void {
  program
    .command("report")
    .description(about.report)
    .argument("[notebooks...]", "executed notebooks (default: those of notebooks/ and out/notebooks/)")
    .option("--out <folder>", "where index.html goes (default: out/report)")
    .action((notebooks: readonly string[], options: ReportCommandOptions) => report(context, notebooks, options));
}

async function report(context: CliContext, named: readonly string[], { out }: ReportCommandOptions): Promise<void> {
  // Markdown, KaTeX, jsdom and the rest take a second to load, which no other command should wait for.
  const { findNotebooks, writeReport } = await import("../../report/index.js");
  const warn = (line: string): void => void context.stderr.write(`warning: ${line}\n`);
  const near = (path: string): string => relative(context.cwd, path) || path;
  let paths = named.map((path) => resolve(context.cwd, path));
  if (named.length === 0) {
    const found = await findNotebooks(findProject(context.cwd).root);
    paths = [...found.paths];
    for (const path of found.skipped) warn(`${near(path)} was not executed and is left out`);
  }
  const folder = out === undefined ? join(findProject(context.cwd).root, "out", "report") : resolve(context.cwd, out);
  const { path, bytes, notebooks, figures, claims, warnings } = await writeReport(paths, folder);
  for (const warning of warnings) warn(warning);
  for (const notebook of paths) print(context, `  ${near(notebook)}`);
  const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;
  print(
    context,
    `${near(path)}  ${formatCount(bytes)}B, ${count(notebooks, "notebook")}, ${count(figures, "figure")}, ${count(claims, "claim")}`,
  );
}
