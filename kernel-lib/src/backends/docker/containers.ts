import { existsSync } from "node:fs";
import { readdir, realpath, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isOfThisHost, type Owner, ownerOf } from "../lease.js";
import type { ContainerSummary } from "./client.js";
import { LABEL } from "./container.js";
import type { Engine } from "./engine.js";
import { engineFailure } from "./failures.js";
import { removeContainer } from "./start.js";

/** A step's container, running or ended. */
export interface StepContainer {
  readonly id: string;
  /** Key of the step. */
  readonly key: string;
  readonly verb: string;
  /** As the engine says it: "running", "exited", "created". */
  readonly state: string;
  /** For people: "Up 2 hours", "Exited (0) 3 minutes ago". */
  readonly status: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The step's folder. */
  readonly folder: string;
  readonly owner: Owner;
  /** Started by a process that sees the same folders as this one. */
  readonly isOfThisHost: boolean;
}

/** The containers of steps that an engine has, of every store and user. @throws LabError `unsupported`. */
export async function listContainers({ docker }: Engine): Promise<readonly StepContainer[]> {
  try {
    const found = await docker.listContainers({ all: true, filters: { label: [LABEL.step] } });
    return await Promise.all(found.map(describe));
  } catch (error) {
    throw engineFailure(error, "listing the containers");
  }
}

async function describe({ Id, Labels, State, Status, Created }: ContainerSummary): Promise<StepContainer> {
  const folder = Labels[LABEL.folder] ?? "";
  return {
    id: Id,
    key: Labels[LABEL.step] ?? "",
    verb: Labels[LABEL.verb] ?? "",
    state: State,
    status: Status,
    createdAt: Created * 1000,
    folder,
    owner: await ownerOf(folder),
    isOfThisHost: isOfThisHost(Labels[LABEL.owner] ?? ""),
  };
}

/** Stops containers, gently at first, and removes them and their folders. */
export async function stopContainers({ docker }: Engine, containers: readonly StepContainer[]): Promise<void> {
  await Promise.all(
    containers.map(async ({ id, folder }) => {
      const container = docker.getContainer(id);
      // 304 and 404: it has ended already.
      await container.stop({ t: 5 }).catch(() => {});
      await removeContainer(container);
      if (isKeptFolder(folder)) await rm(folder, { recursive: true, force: true }).catch(() => {});
    }),
  );
}

export interface ReapOptions {
  /** How long a job without owner is kept for somebody to come back, in ms. */
  readonly afterMs: number;
  /** Whether the store has a step's record, so that nobody will ask for its container. */
  readonly isRecorded: (key: string) => Promise<boolean>;
  /** The store's root: folders of jobs without containers are removed there too. */
  readonly store?: string;
  readonly dryRun?: boolean;
  readonly clock?: () => number;
}

/** Why a container or a folder goes. */
export interface Reaped {
  readonly key: string;
  readonly what: "container" | "folder";
  readonly reason: string;
}

/**
 * Ends and removes the containers that nobody will ask for: their owner is gone, and so is their folder, or their step is recorded,
 * or nobody has come back for a while. Those with a living owner are never touched.
 */
export async function reapContainers(engine: Engine, given: ReapOptions): Promise<readonly Reaped[]> {
  const { dryRun = false, store } = given;
  // Containers know their folders by their true paths.
  const options = store === undefined ? given : { ...given, store: await realpath(store).catch(() => store) };
  const containers = await listContainers(engine);
  const reaped: Reaped[] = [];
  for (const container of containers) {
    const reason = await whyReaped(container, options);
    if (reason === undefined) continue;
    if (!dryRun) await stopContainers(engine, [container]);
    reaped.push({ key: container.key, what: "container", reason });
  }
  const used = new Set(containers.map(({ folder }) => folder));
  return [...reaped, ...(await reapFolders(used, options))];
}

async function whyReaped(container: StepContainer, options: ReapOptions): Promise<string | undefined> {
  const { folder, key, owner, state } = container;
  if (owner.isAlive) return undefined;
  // From inside another container, a folder may only seem to be gone.
  if (container.isOfThisHost && !existsSync(folder)) return "its folder is gone";
  const isOurs = options.store !== undefined && folder.startsWith(join(options.store, "detached"));
  if (isOurs && (await options.isRecorded(key))) return "its step is recorded";
  const since = owner.lastSeen ?? container.createdAt;
  if ((options.clock ?? Date.now)() - since < options.afterMs) return undefined;
  return state === "running" ? "nobody follows it" : "nobody collected it";
}

/** Folders of jobs whose container is gone, such as after `docker rm`. */
async function reapFolders(used: ReadonlySet<string>, options: ReapOptions): Promise<readonly Reaped[]> {
  const { store, dryRun = false, afterMs, clock = Date.now } = options;
  if (store === undefined) return [];
  const reaped: Reaped[] = [];
  for (const key of await readdir(join(store, "detached")).catch(() => [])) {
    const folder = join(store, "detached", key);
    if (!isKeptFolder(folder)) continue;
    // Those of a cluster's jobs are not ours: no container is no sign that nothing runs.
    if (used.has(folder) || existsSync(join(folder, "job.json"))) continue;
    const owner = await ownerOf(folder, clock);
    const since = owner.lastSeen ?? (await stat(folder).catch(() => undefined))?.mtimeMs ?? 0;
    const recorded = await options.isRecorded(key);
    if (owner.isAlive || (!recorded && clock() - since < afterMs)) continue;
    if (!dryRun) await rm(folder, { recursive: true, force: true }).catch(() => {});
    reaped.push({ key, what: "folder", reason: recorded ? "its step is recorded" : "nobody collected it" });
  }
  return reaped;
}

/** Only what `createRunner` made is removed by name; any other folder belongs to whoever chose it. */
function isKeptFolder(folder: string): boolean {
  return /[\\/]detached[\\/][0-9a-f]{64}$/.test(folder);
}
