import { chmod, chown, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../../core/index.js";
import { storeFailure } from "../../store/index.js";
import type { Job } from "../backend.js";
import type { DockerContainer } from "./client.js";
import { type ContainerRequest, containerName, containerOptions } from "./container.js";
import type { Engine } from "./engine.js";
import { engineFailure, messageOf, statusOf } from "./failures.js";

/** Whom containers run as, when this process is root: nobody of this machine. Also the user of our images. */
const NOBODY = 10001;
const ATTEMPTS = 5;

/**
 * The container of a job: the one that is there already, running or ended, or a new one.
 * @throws LabError with what the engine said: `unsupported` (no GPU, no shared folders), `input-missing` (no image), `store-full`.
 */
export async function attachOrStart(
  engine: Engine,
  job: Job,
  request: Omit<ContainerRequest, "user">,
): Promise<DockerContainer> {
  const container = engine.docker.getContainer(containerName(job.directory));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const status = await statusOfContainer(container);
    if (status === "dead" || status === "removing") await removeContainer(container);
    else if (status === "created") return start(container);
    else if (status !== undefined) return container;
    if (await create(engine, job, request)) return start(container);
  }
  throw new LabError("step-failed", `the container ${containerName(job.directory)} comes and goes`, {
    hint: "does another program use this name? `ilr status`",
  });
}

/** The engine's word for a container's state; undefined if there is none. */
export async function statusOfContainer(container: DockerContainer): Promise<string | undefined> {
  try {
    return (await container.inspect()).State.Status;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw engineFailure(error, "looking for the container");
  }
}

/** Ends and removes a container, if it is there. */
export async function removeContainer(container: DockerContainer): Promise<void> {
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    // Gone already, or somebody is at it.
    if (statusOf(error) !== 404 && statusOf(error) !== 409) throw engineFailure(error, "removing the container");
  }
}

/** False if somebody else was faster. */
async function create(engine: Engine, job: Job, request: Omit<ContainerRequest, "user">): Promise<boolean> {
  const user = await prepareFolders(engine, job.directory, request.hub?.cache);
  try {
    await engine.docker.createContainer(containerOptions(job, { ...request, user }));
    return true;
  } catch (error) {
    if (statusOf(error) === 409 && /already in use/i.test(messageOf(error))) return false;
    throw engineFailure(error, "creating the container");
  }
}

async function start(container: DockerContainer): Promise<DockerContainer> {
  try {
    await container.start();
    return container;
  } catch (error) {
    // 304: it runs already.
    if (statusOf(error) === 304) return container;
    await removeContainer(container).catch(() => {});
    throw engineFailure(error, "starting the container");
  }
}

/** Empties what a trainer may write, and gives it to the user that it runs as. @returns `uid:gid`, or "" for the image's own. */
async function prepareFolders(engine: Engine, directory: string, cache?: string): Promise<string> {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  // Root of a rootless engine's containers is this user; any other number would be one of its subordinates.
  const ids = engine.isRootless ? [0, 0] : uid === 0 ? [NOBODY, NOBODY] : [uid, gid];
  try {
    for (const name of ["outputs", "scratch"]) {
      const path = join(directory, name);
      await rm(path, { recursive: true, force: true });
      await mkdir(path);
      if (ids[0] === NOBODY) await chown(path, NOBODY, NOBODY);
    }
    if (ids[0] === NOBODY) await openToReaders(directory);
    // A mount needs a folder that is there. One that is there already belongs to somebody, and is left as it is.
    const isNew = cache !== undefined && (await mkdir(cache, { recursive: true })) !== undefined;
    if (isNew && ids[0] === NOBODY) await chown(cache, NOBODY, NOBODY);
  } catch (error) {
    throw storeFailure(error, "preparing the container's folders");
  }
  return ids[0] === undefined ? "" : ids.join(":");
}

/** Lets the user of the container into folders that this process, with a strict umask, made for itself alone. */
async function openToReaders(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  const inputs = join(directory, "inputs");
  await chmod(inputs, 0o755);
  for (const entry of await readdir(inputs, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
  }
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isFile()) await chmod(join(directory, entry.name), 0o644);
  }
}
