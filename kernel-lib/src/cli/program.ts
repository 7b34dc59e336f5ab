import { Command } from "commander";
import { packageVersion } from "../core/index.js";
import { about, type CommandName } from "./about.js";
import type { CliContext } from "./surroundings.js";

type Register = (program: Command, context: CliContext) => void;

/** Which commands a file of `commands/` has. Its code, and what that stands on, is loaded for these only. */
const files: readonly (readonly [readonly CommandName[], () => Promise<Register>])[] = [
  [["plan"], async () => (await import("./commands/plan.js")).registerPlan],
  [["run"], async () => (await import("./commands/run.js")).registerRun],
  [["human"], async () => (await import("./commands/human.js")).registerHuman],
  [["bases"], async () => (await import("./commands/bases.js")).registerBases],
  [["results"], async () => (await import("./commands/results.js")).registerResults],
  [["record"], async () => (await import("./commands/record.js")).registerRecord],
  [["explain", "gc"], async () => (await import("./commands/store.js")).registerStore],
  [["verify"], async () => (await import("./commands/verify.js")).registerVerify],
  [["notebook"], async () => (await import("./commands/notebook.js")).registerNotebook],
  [["report"], async () => (await import("./commands/report.js")).registerReport],
  [["kernel"], async () => (await import("./commands/kernel.js")).registerKernel],
  [["backend"], async () => (await import("./commands/backend.js")).registerBackend],
  [["status", "stop", "reap"], async () => (await import("./commands/jobs.js")).registerJobs],
  [["images"], async () => (await import("./commands/images.js")).registerImages],
  [["list", "tasks"], async () => (await import("./commands/lists.js")).registerLists],
  [["data"], async () => (await import("./commands/data.js")).registerData],
  [["publish"], async () => (await import("./commands/publish.js")).registerPublish],
  [["export"], async () => (await import("./commands/export.js")).registerExport],
  [["diff-preset"], async () => (await import("./commands/diff-preset.js")).registerDiffPreset],
];

/** Other names of commands. */
const aliases: Readonly<Record<string, CommandName>> = { experiments: "list" };

/**
 * The `ilr` command and its subcommands; those that are not called are there by name only. It throws instead of ending the process.
 *
 * @param argv arguments after the command's name.
 */
export async function createProgram(context: CliContext, argv: readonly string[]): Promise<Command> {
  const program = new Command("ilr")
    .description("Run the experiments of Iterative Label Refinement (ICLR 2025).")
    .version(packageVersion())
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      // Errors are printed once, in our own form, by reportFailure.
      writeErr: () => {},
    });
  const called = new Set(argv.map((word) => aliases[word] ?? word));
  for (const [names, load] of files) {
    if (names.some((name) => called.has(name))) (await load())(program, context);
    else for (const name of names) program.command(name).description(about[name]);
  }
  return program;
}
