import { reportFailure } from "./failure.js";
import { createProgram } from "./program.js";
import { type CliContext, processContext } from "./surroundings.js";

/**
 * The `ilr` command.
 *
 * @param argv arguments after the command's name.
 * @returns the exit code: 0, 1 after an error, 130 after Ctrl-C.
 * @example
 * process.exitCode = await main(["plan", "micro-math/quick"]);
 */
export async function main(argv: readonly string[], context: CliContext = processContext()): Promise<number> {
  try {
    await (await createProgram(context, argv)).parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    return reportFailure(context, error);
  }
}
