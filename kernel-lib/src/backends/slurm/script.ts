import type { Site } from "./site.js";

/** Exit codes of a job's script that never started the trainer; above all that shells and trainers use themselves. */
export const EXIT = { noFolder: 66, notMine: 67 } as const;

export interface ScriptRequest {
  /** For people. */
  readonly title: string;
  /** The attempt's folder; of an array, the folder with a link to each task's. */
  readonly folder: string;
  readonly isArray: boolean;
  /** The trainer's command on the node, or inside the image. */
  readonly command: readonly string[];
  readonly site: Site;
  /** Folder of the Hub's cache, if the step may reach the Hub. */
  readonly hubCache: string | undefined;
  readonly gpus: number;
  /** Seconds between two signs of life. */
  readonly beatSeconds: number;
}

/**
 * The script that Slurm runs on a node. It claims its attempt, so that whatever Slurm starts twice runs once; gives the trainer a folder
 * that nobody else writes to; says that it lives; passes SIGTERM on; and writes last how the trainer ended.
 */
export function jobScript(request: ScriptRequest): string {
  const { title, folder, isArray, site, beatSeconds } = request;
  return `#!/bin/bash
# ${title.replaceAll("\n", " ")}
attempt=${quote(folder)}${isArray ? "/$SLURM_ARRAY_TASK_ID" : ""}
cd "$attempt" 2>/dev/null || { echo "ilr: $SLURMD_NODENAME does not see $attempt" >&2; exit ${EXIT.noFolder}; }
attempt=$(pwd -P)
step=$(dirname "$(dirname "$attempt")")
job="\${SLURM_ARRAY_JOB_ID:+\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}"
job="\${job:-$SLURM_JOB_ID} $SLURM_JOB_ID"

# A link is made by one job only, on network file systems too; the same job may come back after a requeue.
echo "$job" >"claim.$SLURM_JOB_ID"
ln "claim.$SLURM_JOB_ID" claim 2>/dev/null
[ "$(cat claim)" = "$job" ] || { echo "ilr: this attempt is not for job $job" >&2; exit ${EXIT.notMine}; }

# Slurm's own count of restarts is not to be had where its controller has lost the memory of a start.
number=0
while [ -e "$attempt/$number" ]; do number=$((number + 1)); done
start="$attempt/$number"
mkdir "$start" && mkdir "$start/outputs" "$start/scratch" || exit ${EXIT.noFolder}
cp "$step/step.json" "$start/"
[ ! -e resources.json ] || cp resources.json "$start/"
: >"$start/stdout" >"$start/stderr"
began=$SECONDS
touch beat
(while sleep ${beatSeconds}; do touch beat; done) >/dev/null 2>&1 &
beat=$!

stopped=false
trap 'stopped=true; kill -TERM "$trainer" 2>/dev/null' TERM INT
${environmentLines(request).join("\n")}
${site.trainer.setup.join("\n")}
${launchLines(request).join("\n")}
trainer=$!
# A signal interrupts the wait, not the trainer.
while :; do
  wait "$trainer"
  code=$?
  kill -0 "$trainer" 2>/dev/null || break
done
kill "$beat" 2>/dev/null
size() { wc -c <"$start/$1" | tr -d ' '; }
printf '{"exitCode":%d,"stopped":%s,"job":"%s","node":"%s","seconds":%d,"stdout":%d,"stderr":%d}\\n' \\
  "$code" "$stopped" "\${job%% *}" "$SLURMD_NODENAME" "$((SECONDS - began))" "$(size stdout)" "$(size stderr)" >"$start/outcome.draft"
mv "$start/outcome.draft" "$start/outcome.json"
exit "$code"
`;
}

/** The values that every job gets: those of the profile, then where its own files go. */
function environmentLines(request: ScriptRequest): readonly string[] {
  const { site, hubCache } = request;
  const given = Object.entries(site.environment).map(([name, value]) => `export ${name}=${quote(value)}`);
  const hub = hubCache === undefined ? "export HF_HUB_OFFLINE=1" : "export HF_HUB_OFFLINE=0";
  return [...given, hub, ...(site.trainer.kind === "apptainer" ? passedOn(request) : [])];
}

function launchLines(request: ScriptRequest): readonly string[] {
  const { site, command } = request;
  const words = { plain, apptainer, pyxis }[site.trainer.kind](request);
  const line = [...site.trainer.launcher.map(quote), ...words].join(" ");
  // Plain processes read the inputs where they lie; containers get them as a read-only mount of their own.
  const inputs = site.trainer.kind === "plain" ? 'ln -s "$step/inputs" "$start/inputs"' : 'mkdir "$start/inputs"';
  return [inputs, `# the trainer: ${command.join(" ")}`, `${line} >"$start/stdout" 2>"$start/stderr" &`];
}

const plain = ({ command }: ScriptRequest): readonly string[] => [...command.map(quote), "run", '"$start"'];

/** Nothing of the node's environment but what `passedOn` names; no home. */
function apptainer({ site, command, hubCache, gpus }: ScriptRequest): readonly string[] {
  return [
    ...["apptainer", "exec", "--cleanenv", "--contain", "--no-home", "--pwd", "/step/scratch"],
    ...(gpus > 0 ? ["--nv"] : []),
    ...["--bind", '"$start:/step"', "--bind", '"$step/inputs:/step/inputs:ro"'],
    ...mountsOf(site, hubCache).flatMap((mount) => ["--bind", quote(mount)]),
    ...[quote(site.trainer.image!), ...command.map(quote), "run", "/step"],
  ];
}

/** Variables for apptainer's containers: through the environment, as a command line is for everybody to read. */
function passedOn({ site, hubCache }: ScriptRequest): readonly string[] {
  const names = ["HF_HUB_OFFLINE", "CUDA_VISIBLE_DEVICES", ...Object.keys(site.environment)];
  const hub = hubCache === undefined ? [] : ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"];
  return [
    `for name in ${[...names, ...hub].join(" ")}; do [ -z "\${!name+x}" ] || export "APPTAINERENV_$name=\${!name}"; done`,
    "export APPTAINERENV_TMPDIR=/step/scratch",
    ...(hubCache === undefined ? [] : ["export APPTAINERENV_HF_HOME=/cache/huggingface"]),
  ];
}

function pyxis({ site, command, hubCache }: ScriptRequest): readonly string[] {
  const mounts = ["$start:/step", "$step/inputs:/step/inputs:ro", ...mountsOf(site, hubCache)].join(",");
  return [
    // What the environment has goes into the container; the node's libraries do not.
    ...[
      "env",
      "TMPDIR=/step/scratch",
      "HOME=/step/scratch",
      ...(hubCache === undefined ? [] : ["HF_HOME=/cache/huggingface"]),
    ],
    // srun no longer takes the number of cores from the job.
    ...["srun", "--ntasks=1", '--cpus-per-task="$SLURM_CPUS_PER_TASK"', "--no-container-mount-home"],
    ...[`--container-image=${quote(site.trainer.image!)}`, `--container-mounts="${mounts}"`],
    ...["--container-workdir=/step/scratch", ...command.map(quote), "run", "/step"],
  ];
}

function mountsOf(site: Site, hubCache: string | undefined): readonly string[] {
  return [...site.trainer.mounts, ...(hubCache === undefined ? [] : [`${hubCache}:/cache/huggingface`])];
}

/** A word of a shell's command line. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
