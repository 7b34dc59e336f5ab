import type { Verb } from "../../steps/index.js";
import type { StepNeeds } from "../backend.js";
import type { Needs, Site } from "./site.js";
import { seconds, timeLimit } from "./time-limit.js";

/** Least time that a plan's guess is given, in seconds: starting and loading take their own. */
const LEAST_TIME = 600;

/** What a step's job asks for: what the profile says of its verb, then what the plan expects (if the profile wants that), then the rest of the profile. */
export function needsOf(site: Site, verb: Verb, planned: StepNeeds | undefined): Needs {
  const { partition, time, memory, cpus, gpus, constraint } = site;
  const general = { partition, time, memory, cpus, gpus, constraint };
  return { ...general, ...fromPlan(site, planned), ...site.verbs[verb] };
}

/** A plan's time shortens the profile's, which stays the bound; its GPUs are a least number. */
function fromPlan({ planned: wanted, time, gpus = 0 }: Site, planned: StepNeeds | undefined): Needs {
  if (planned === undefined) return {};
  const most = time === undefined ? undefined : seconds(time);
  const guess = wanted.time === undefined ? undefined : Math.max(LEAST_TIME, wanted.time * planned.seconds);
  return {
    ...(guess === undefined ? {} : { time: timeLimit(Math.min(guess, most ?? guess)) }),
    ...(wanted.gpus ? { gpus: Math.max(gpus, planned.accelerators) } : {}),
  };
}

/** The needs as options of sbatch. */
export function sbatchOptions(site: Site, needs: Needs): readonly string[] {
  const { partition, time, memory, cpus, gpus = 0, constraint } = needs;
  const named = { account: site.account, qos: site.qos, partition, time, mem: memory, constraint };
  const gres = gpus > 0 ? [`--gres=${["gpu", site.gpuType, gpus].filter((part) => part !== undefined).join(":")}`] : [];
  return [
    ...["--nodes=1", "--ntasks=1", `--cpus-per-task=${cpus ?? 1}`],
    ...Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
    ...gres,
    // By default a node that dies is our matter: at once, once, and written down.
    site.requeue ? "--requeue" : "--no-requeue",
    // Somebody may add a dependency; one that cannot come true would wait for ever.
    "--kill-on-invalid-dep=yes",
    ...site.sbatch,
  ];
}
