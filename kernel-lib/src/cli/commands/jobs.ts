import type { Command } from "commander";
import {
  type Engine,
  isSlurmHere,
  listContainers,
  listStepJobs,
  openEngine,
  reapContainers,
  reapJobs,
  type StepContainer,
  type StepJob,
  stopContainers,
  stopJobs,
} from "../../backends/index.js";
import { LabError } from "../../core/index.js";
import { formatSeconds } from "../../notebook/index.js";
import { about } from "../about.js";
import { openProject, print, wholeNumber } from "../context.js";
import type { CliContext } from "../surroundings.js";
import { alignedTable } from "../table.js";

const HOUR = 3_600_000;
const KEY_DIGITS = 12;

/** `ilr status`, `ilr stop` and `ilr reap`: containers and cluster jobs of steps, which outlive the command that started them. */
export function registerJobs(program: Command, context: CliContext): void {
  program
    .command("status")
    .description(about.status)
    .action(() => list(context));
  program
    .command("stop")
    .description(about.stop)
    .argument("[key...]", "first digits of keys")
    .option("--all", "all of them")
    .action((keys: readonly string[], { all }: { readonly all?: boolean }) => stop(context, keys, all ?? false));
  program
    .command("reap")
    .description(about.reap)
    .option("--after <hours>", "how long one without owner is kept", "24")
    .option("--dry-run", "only say what would go")
    .action((options: { readonly after: string; readonly dryRun?: boolean }) => reap(context, options));
}

/** What runs outside this process: all containers of the engine, and the jobs of this checkout's store. */
interface Outside {
  /** Undefined where there is none, and a cluster instead. */
  readonly engine: Engine | undefined;
  readonly containers: readonly StepContainer[];
  readonly jobs: readonly StepJob[];
}

/** @throws LabError `unsupported` where neither an engine nor a cluster answers. */
async function outside(context: CliContext): Promise<Outside> {
  const { content } = await openProject(context);
  const jobs = await listStepJobs(content.root);
  const engine = await openEngine().catch(async (error: unknown) => {
    if (jobs.length > 0 || (await isSlurmHere())) return undefined;
    throw error;
  });
  return { engine, jobs, containers: engine === undefined ? [] : await listContainers(engine) };
}

async function list(context: CliContext): Promise<void> {
  const { engine, containers, jobs } = await outside(context);
  if (containers.length + jobs.length === 0) return print(context, engine ? "no containers" : "no jobs");
  const rows = [...containers.map(containerRow), ...jobs.map(jobRow)];
  print(context, alignedTable([["step", "verb", "state", "age", "owner", "where"], ...rows], [3]));
}

function containerRow({ key, verb, status, state, createdAt, owner }: StepContainer): readonly string[] {
  return [...rowOf(key, verb, state === "running" ? "running" : status, createdAt, owner.isAlive), "container"];
}

function jobRow({ key, verb, id, state, detail, submittedAt, owner, lost }: StepJob): readonly string[] {
  const place = [`job ${id ?? "?"}`, detail, lost > 0 ? `${lost} lost before` : ""].filter((part) => part !== "");
  return [...rowOf(key, verb, state.toLowerCase(), submittedAt, owner.isAlive), place.join(", ")];
}

function rowOf(key: string, verb: string, state: string, since: number, isFollowed: boolean): readonly string[] {
  const age = formatSeconds((Date.now() - since) / 1000);
  return [key.slice(0, KEY_DIGITS), verb, state, age, isFollowed ? "followed" : "owner gone"];
}

async function stop(context: CliContext, keys: readonly string[], all: boolean): Promise<void> {
  if (all === keys.length > 0) {
    throw new LabError("config-invalid", all ? "--all and keys exclude each other" : "no container was named", {
      hint: "`ilr status` shows their keys; `ilr stop --all` stops all",
    });
  }
  const { engine, containers, jobs } = await outside(context);
  const chosen = all ? [...containers, ...jobs] : chosenBy([...containers, ...jobs], keys);
  if (engine)
    await stopContainers(
      engine,
      chosen.filter((one): one is StepContainer => "status" in one),
    );
  await stopJobs(chosen.filter((one): one is StepJob => "lost" in one));
  for (const { key, verb } of chosen) print(context, `stopped ${key.slice(0, KEY_DIGITS)} ${verb}`);
  if (chosen.length === 0) print(context, "no containers");
}

/** @throws LabError `name-unknown` for digits that no key, or several keys, begin with. */
function chosenBy<T extends { readonly key: string }>(known: readonly T[], keys: readonly string[]): readonly T[] {
  return keys.map((digits) => {
    const found = known.filter(({ key }) => key.startsWith(digits));
    if (found.length === 1) return found[0]!;
    const problem = found.length === 0 ? "no container's key starts" : `the keys of ${found.length} containers start`;
    throw new LabError("name-unknown", `${problem} with ${JSON.stringify(digits)}`, {
      hint: "`ilr status` shows them",
    });
  });
}

async function reap(
  context: CliContext,
  { after, dryRun = false }: { readonly after: string; readonly dryRun?: boolean },
): Promise<void> {
  const afterMs = wholeNumber("--after", after, 0) * HOUR;
  const { content } = await openProject(context);
  const { engine } = await outside(context);
  const isRecorded = async (key: string): Promise<boolean> => (await content.record(key)) !== undefined;
  const options = { afterMs, isRecorded, store: content.root, dryRun };
  const reaped = [...(engine ? await reapContainers(engine, options) : []), ...(await reapJobs(options))];
  for (const { key, what, reason } of reaped) {
    print(context, `${dryRun ? "would remove" : "removed"} the ${what} of ${key.slice(0, KEY_DIGITS)}: ${reason}`);
  }
  if (reaped.length === 0) print(context, "nothing to remove");
}
