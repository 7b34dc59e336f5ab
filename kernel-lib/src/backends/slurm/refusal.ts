import { LabError } from "../../core/index.js";

interface Refusal {
  readonly pattern: RegExp;
  readonly hint: string;
}

const PROFILE = "in the site profile (docs/slurm.md)";

const refusals: readonly Refusal[] = [
  { pattern: /partition/i, hint: `set "partition" ${PROFILE} to one of \`sinfo -o %P\`` },
  {
    pattern: /account/i,
    hint: `set "account" ${PROFILE} to one of \`sacctmgr show associations user=$USER format=account\``,
  },
  { pattern: /qos/i, hint: `set "qos" ${PROFILE}` },
  {
    pattern: /generic resource|gres/i,
    hint: `no node has GPUs of that name: set "gpus" and "gpuType" ${PROFILE} after \`sinfo -o %G\``,
  },
  { pattern: /feature|constraint/i, hint: `set "constraint" ${PROFILE} to features of \`sinfo -o %f\`` },
  {
    pattern: /memory specification|node configuration|node count|too many|CPU count/i,
    hint: `no node is that large: lower "cpus", "memory" or "gpus" ${PROFILE}; \`sinfo -o "%P %c %m %G"\` shows what nodes have`,
  },
  { pattern: /time/i, hint: `set "time" ${PROFILE}; \`sinfo -o "%P %l"\` shows the limits` },
  { pattern: /array/i, hint: `set "arrays: false" ${PROFILE}` },
];

/** Limits of how many jobs a user may have pass by themselves. */
const PASSES = /job ?submit ?limit|MaxSubmit|violates accounting\/QOS policy|too many jobs|job count limit/i;

/** Whether sbatch may take the job later, without a change of anything. */
export function passesBySelf(said: string): boolean {
  return PASSES.test(said);
}

/** Why sbatch took no job, as an error; undefined where it may take one later. */
export function refusal(said: string): LabError | undefined {
  if (passesBySelf(said)) return undefined;
  const found = refusals.find(({ pattern }) => pattern.test(said));
  const message = said
    .split("\n")
    .at(-1)!
    .replace(/^Batch job submission failed: /, "");
  const detail = said.includes("\n") ? `${message} (${said.split("\n")[0]})` : message;
  return new LabError("unsupported", `Slurm refuses the job: ${detail}`, {
    hint: found?.hint ?? `look at "sbatch" and the other fields ${PROFILE}`,
  });
}
