import { main } from "../../kernel-lib/src/cli/index.js";
import { pretendingBackend } from "../experiments/pretending-backend.js";

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs the `ilr` command in a folder, with a backend that only pretends; `env` is all it is given of the environment.
 */
export async function ilrIn(root: string, env: NodeJS.ProcessEnv, ...argv: string[]): Promise<Outcome> {
  const streams = { out: "", err: "" };
  const keep = (name: "out" | "err") => ({
    write: (text: string) => {
      streams[name] += text;
    },
  });
  const surroundings = { cwd: root, env, openBackend: () => pretendingBackend() };
  const code = await main(argv, { stdout: keep("out"), stderr: keep("err"), ...surroundings });
  return { code, ...streams };
}
