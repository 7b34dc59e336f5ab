import { execFile } from "node:child_process";
import { LabError } from "../../core/index.js";
import { parseCheck, type TrainerCheck } from "../contract/check.js";
import { withoutSecrets } from "../secrets.js";

/** Loading torch from a cold disk takes its time. */
const TIMEOUT_MS = 180_000;

const known = new Map<string, Promise<TrainerCheck>>();

/**
 * What a trainer says of itself. Asked once a process: code does not change under a running notebook, or its keys would.
 * @throws LabError `unsupported` if the command cannot be started or gives no answer.
 */
export async function checkTrainer(command: readonly [string, ...string[]]): Promise<TrainerCheck> {
  const name = JSON.stringify(command);
  const found = known.get(name) ?? ask(command);
  known.set(name, found);
  // A failure is asked for again, as it may have been mended meanwhile.
  found.catch(() => known.delete(name));
  return found;
}

async function ask([program, ...args]: readonly [string, ...string[]]): Promise<TrainerCheck> {
  const options = { timeout: TIMEOUT_MS, maxBuffer: 1 << 24, env: withoutSecrets(process.env) };
  const output = await new Promise<string>((resolve, reject) => {
    execFile(program, [...args, "check"], options, (error, stdout, stderr) => {
      if (error) reject(checkFailure([program, ...args], error, stderr));
      else resolve(stdout);
    });
  });
  return parseCheck(output);
}

function checkFailure(command: readonly string[], error: Error, stderr: string): LabError {
  const text = command.join(" ");
  const isAbsent = "code" in error && error.code === "ENOENT";
  const words = stderr.trim().split("\n").slice(-5).join("\n");
  const detail = isAbsent ? "there is no such program" : `${error.message.split("\n")[0]}${words ? `\n${words}` : ""}`;
  return new LabError("unsupported", `the trainer ${JSON.stringify(text)} does not answer: ${detail}`, {
    hint: "install one (pip install ./containers/trainer), or name it: ILR_TRAINER='/path/to/python -m ilr_trainer'",
    cause: error,
  });
}
