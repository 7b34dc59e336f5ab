import { execFile } from "node:child_process";
import { LabError } from "../../core/index.js";
import { withoutSecrets } from "../secrets.js";

/** The controller did not answer; what was asked of it may have happened all the same. */
export class SlurmSilent extends Error {}
/** Slurm said no. */
export class SlurmRefusal extends Error {}

/** Longest wait for one command, in ms; a busy controller takes its time. */
const ANSWER_MS = 60_000;

const SILENCE =
  /unable to contact|connection refused|connect failure|timed out|zero bytes|communication (connection )?failure|transport endpoint|temporarily unable|resource temporarily|standby|munge|authentication credential|protocol authentication|controller not (responding|running)|try again/i;

/**
 * Runs one of Slurm's commands.
 *
 * @param secrets variables that only jobs which may reach the Hub get.
 * @returns its standard output.
 * @throws SlurmSilent, SlurmRefusal; LabError `unsupported` where there is no such command.
 */
export async function slurm(
  command: "sbatch" | "squeue" | "scontrol" | "scancel" | "sacct" | "sinfo",
  args: readonly string[],
  secrets: Readonly<Record<string, string>> = {},
): Promise<string> {
  const options = { timeout: ANSWER_MS, maxBuffer: 1 << 28, env: { ...environment(), ...secrets } };
  return new Promise<string>((resolve, reject) => {
    execFile(command, [...args], { ...options, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      reject(failureOf(command, error, stderr));
    });
  });
}

/** An allocation around this process must not become part of its jobs: sbatch reads those variables as options. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(withoutSecrets(process.env)).filter(
    ([name]) => !/^(SLURM|SBATCH)_/.test(name) || name === "SLURM_CONF" || name === "SLURM_CLUSTERS",
  );
  return Object.fromEntries(kept);
}

function failureOf(command: string, error: Error & { readonly killed?: boolean }, stderr: string): Error {
  if ("code" in error && error.code === "ENOENT") {
    return new LabError("unsupported", `there is no ${command} on this machine`, {
      hint: "run it on a login node of the cluster, where Slurm's commands are on PATH",
      cause: error,
    });
  }
  const said = stderr.trim().replaceAll(/^\w+: error: /gm, "");
  if (error.killed || said === "" || SILENCE.test(said)) return new SlurmSilent(said || `${command} gave no answer`);
  return new SlurmRefusal(said);
}
