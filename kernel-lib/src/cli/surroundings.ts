import type { Backend } from "../backends/index.js";
import type { ProgressStream } from "../notebook/index.js";

/** What the command takes from its surroundings; tests give their own. */
export interface CliContext {
  /** Results go here. */
  readonly stdout: ProgressStream;
  /** Messages about the work go here. */
  readonly stderr: ProgressStream;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Who runs the steps. */
  openBackend(workers: number | undefined): Backend | Promise<Backend>;
}

/** The real surroundings. */
export function processContext(): CliContext {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    cwd: process.cwd(),
    env: process.env,
    openBackend: async (workers) => {
      const { embeddedBackend } = await import("../backends/index.js");
      return embeddedBackend(workers === undefined ? {} : { workers });
    },
  };
}
