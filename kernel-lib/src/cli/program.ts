import { Command } from "commander";
import { packageVersion } from "../backends/index.js";
import { registerBackend } from "./commands/backend.js";
import { registerBases } from "./commands/bases.js";
import { registerData } from "./commands/data.js";
import { registerDiffPreset } from "./commands/diff-preset.js";
import { registerExport } from "./commands/export.js";
import { registerHuman } from "./commands/human.js";
import { registerImages } from "./commands/images.js";
import { registerJobs } from "./commands/jobs.js";
import { registerKernel } from "./commands/kernel.js";
import { registerLists } from "./commands/lists.js";
import { registerNotebook } from "./commands/notebook.js";
import { registerPlan } from "./commands/plan.js";
import { registerPublish } from "./commands/publish.js";
import { registerRecord } from "./commands/record.js";
import { registerReport } from "./commands/report.js";
import { registerResults } from "./commands/results.js";
import { registerRun } from "./commands/run.js";
import { registerStore } from "./commands/store.js";
import { registerVerify } from "./commands/verify.js";
import type { CliContext } from "./context.js";

/** The `ilr` command and its subcommands. It throws instead of ending the process. */
export function createProgram(context: CliContext): Command {
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
  registerPlan(program, context);
  registerRun(program, context);
  registerHuman(program, context);
  registerBases(program, context);
  registerResults(program, context);
  registerRecord(program, context);
  registerStore(program, context);
  registerVerify(program, context);
  registerNotebook(program, context);
  registerReport(program, context);
  registerKernel(program, context);
  registerBackend(program, context);
  registerJobs(program, context);
  registerImages(program, context);
  registerLists(program, context);
  registerData(program, context);
  registerPublish(program, context);
  registerExport(program, context);
  registerDiffPreset(program, context);
  return program;
}
