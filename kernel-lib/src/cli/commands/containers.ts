import type { Command } from "commander";
import {
  type Engine,
  listContainers,
  openEngine,
  reapContainers,
  type StepContainer,
  stopContainers,
} from "../../backends/index.js";
import { LabError } from "../../core/index.js";
import { formatSeconds } from "../../notebook/index.js";
import { type CliContext, openProject, print, wholeNumber } from "../context.js";
import { alignedTable } from "../table.js";

const HOUR = 3_600_000;
const KEY_DIGITS = 12;

/** `ilr status`, `ilr stop` and `ilr reap`: the containers of steps, which outlive the command that started them. */
export function registerContainers(program: Command, context: CliContext): void {
  program
    .command("status")
    .description("list the containers that run steps: state, age, and whether somebody follows them")
    .action(() => list(context));
  program
    .command("stop")
    .description("stop and remove containers of steps; what they computed is lost")
    .argument("[key...]", "first digits of keys")
    .option("--all", "all of them")
    .action((keys: readonly string[], { all }: { readonly all?: boolean }) => stop(context, keys, all ?? false));
  program
    .command("reap")
    .description("remove containers of steps that nobody will ask for; what a living process follows is never touched")
    .option("--after <hours>", "how long one without owner is kept", "24")
    .option("--dry-run", "only say what would go")
    .action((options: { readonly after: string; readonly dryRun?: boolean }) => reap(context, options));
}

async function list(context: CliContext): Promise<void> {
  const found = await listContainers(await openEngine());
  if (found.length === 0) return print(context, "no containers");
  const rows = found.map(({ key, verb, status, state, createdAt, owner }) => [
    key.slice(0, KEY_DIGITS),
    verb,
    state === "running" ? "running" : status,
    formatSeconds((Date.now() - createdAt) / 1000),
    owner.isAlive ? "followed" : "owner gone",
  ]);
  print(context, alignedTable([["step", "verb", "state", "age", "owner"], ...rows], [3]));
}

async function stop(context: CliContext, keys: readonly string[], all: boolean): Promise<void> {
  if (all === keys.length > 0) {
    throw new LabError("config-invalid", all ? "--all and keys exclude each other" : "no container was named", {
      hint: "`ilr status` shows their keys; `ilr stop --all` stops all",
    });
  }
  const engine = await openEngine();
  const chosen = all ? await listContainers(engine) : await chosenBy(engine, keys);
  await stopContainers(engine, chosen);
  for (const { key, verb } of chosen) print(context, `stopped ${key.slice(0, KEY_DIGITS)} ${verb}`);
  if (chosen.length === 0) print(context, "no containers");
}

/** @throws LabError `name-unknown` for digits that no key, or several keys, begin with. */
async function chosenBy(engine: Engine, keys: readonly string[]): Promise<readonly StepContainer[]> {
  const containers = await listContainers(engine);
  return keys.map((digits) => {
    const found = containers.filter(({ key }) => key.startsWith(digits));
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
  const isRecorded = async (key: string): Promise<boolean> => (await content.record(key)) !== undefined;
  const reaped = await reapContainers(await openEngine(), { afterMs, isRecorded, store: content.root, dryRun });
  for (const { key, what, reason } of reaped) {
    print(context, `${dryRun ? "would remove" : "removed"} the ${what} of ${key.slice(0, KEY_DIGITS)}: ${reason}`);
  }
  if (reaped.length === 0) print(context, "nothing to remove");
}
