/** Containers, the engine that holds them, a cluster's controller and the clients of both, killed at random moments. Long form only. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { dockerode, importBase, scriptedImage } from "../backends/docker-fixtures.js";
import { canStartEngine, type OwnEngine, ownEngine } from "../backends/own-engine.js";
import { type Script, startScript } from "../backends/scripts.js";
import { aliveJobs, canStartSlurm, ownSlurm, slurmSays, starts } from "../backends/slurm-fixtures.js";
import { count, faultRandom, isLong } from "./tally.js";

/** A step of about a second and a half, and the time over which kills are spread. */
const [TICKS, EACH_MS, SPREAD_MS] = [15, 100, 4000];
const TRIES = 10;
/** No client needs so long, whatever happens. */
const PATIENCE_MS = 180_000;

interface Scene {
  readonly environment: Readonly<Record<string, string>>;
  /** The step's order, the same for every try but for the file that it marks. */
  readonly order: (folder: string) => string;
  /** What is still there when nothing should be. */
  readonly leftovers: (folder: string) => Promise<readonly string[]>;
  /** What a client that does not end waits for. */
  readonly state?: () => string;
}

/** One try: the fault hits a client's step at a random moment, then clients are started until one has the answers. */
async function tryOnce(
  scene: Scene,
  moment: number,
  hit: (client: Script) => Promise<void>,
): Promise<{ lost: string[]; wrong: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "ilr-test-"));
  const store = join(folder, "store");
  const environment = { STORE: store, ORDER: scene.order(folder), ...scene.environment };
  const [lost, wrong]: [string[], string[]] = [[], []];
  try {
    const first = startScript("run-step.ts", environment);
    await Promise.race([pause(moment), first.ended]);
    await hit(first);
    const outputs = [first];
    const ended = async (client: Script): Promise<number | null> => {
      const isOver = await Promise.race([client.ended.then(() => true), pause(PATIENCE_MS, false, { ref: false })]);
      if (!isOver) {
        wrong.push(`no end within ${PATIENCE_MS / 1000} s: ${client.output().slice(-400)}\n${scene.state?.() ?? ""}`);
        client.child.kill("SIGKILL");
      }
      return client.ended;
    };
    for (let code = await ended(first); code !== 0 && outputs.length < 5; ) {
      const next = startScript("run-step.ts", environment);
      outputs.push(next);
      code = await ended(next);
    }
    const answers = outputs.at(-1)!.output();
    if (!/^answers file:/m.test(answers)) wrong.push(`no answers: ${answers.slice(-800)}`);
    const again = startScript("run-step.ts", environment);
    await ended(again);
    if (!/^executed 0$/m.test(again.output())) lost.push(`ran again: ${again.output().slice(-300)}`);
    const refOf = (text: string): string | undefined => /^answers (.*)$/m.exec(text)?.[1];
    if (refOf(answers) !== refOf(again.output())) wrong.push("other answers");
    wrong.push(...(await scene.leftovers(folder)));
    for (const name of ["tmp", "work", "detached"]) {
      const path = join(store, name);
      wrong.push(...readdirSync(join(store)).flatMap((found) => (found === name ? readdirSync(path) : [])));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return { lost, wrong };
}

async function torment(scene: Scene, name: string, hit: (client: Script) => Promise<void>) {
  const random = faultRandom("cluster", name);
  const [lost, wrong]: [string[], string[]] = [[], []];
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const moment = random.below(SPREAD_MS);
    const came = await tryOnce(scene, moment, hit);
    for (const problem of [...came.lost, ...came.wrong]) console.error(problem);
    console.log(`${name}, try ${attempt + 1} after ${moment} ms: ${came.lost.length} lost, ${came.wrong.length} wrong`);
    lost.push(...came.lost);
    wrong.push(...came.wrong);
  }
  return { tries: TRIES, lost: lost.length, wrong: wrong.length };
}

/** Waits until no job waits or runs. @returns whether there is none now. */
async function isQueueEmpty(withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; aliveJobs().length > 0 && Date.now() < end; ) await pause(200);
  return aliveJobs().length === 0;
}

/**
 * Jobs that are still there after a while: what ended tells a controller that was away again after a quarter of a minute. A controller that died
 * before it had written that down believes in the job for some minutes more; such a job has no process, and is waited for at the end.
 */
async function jobsLeft(): Promise<readonly string[]> {
  if (await isQueueEmpty(60_000)) return [];
  const titles = execFileSync("ps", ["-e", "-o", "args="], { encoding: "utf8" });
  return aliveJobs()
    .filter(
      (id) => titles.includes(`slurmstepd: [${id}.`) || slurmSays("squeue", "-h", "-j", id, "-o", "%T") !== "RUNNING\n",
    )
    .map((id) => `a job is left: ${slurmSays("squeue", "--noheader", "--jobs", id, "--format=%i %j %T %r %M")}`);
}

/** Jobs and nodes as the controller sees them; it may be away. */
function clusterState(): string {
  try {
    return `${slurmSays("squeue", "--array", "--format=%i %j %T %r %M %N")}${slurmSays("sinfo", "--Node", "--long")}`;
  } catch (error) {
    return String(error);
  }
}

/**
 * A controller that dies before it has written down that a job started starts it again, and drains the node that says it has it already:
 * an administrator resumes it.
 */
function administrator(): NodeJS.Timeout {
  return setInterval(() => {
    try {
      const drained = slurmSays("sinfo", "--noheader", "--Node", "--states=drain", "--format=%N").trim().split("\n");
      for (const node of new Set(drained)) {
        if (node !== "") slurmSays("scontrol", "update", `NodeName=${node}`, "State=RESUME");
      }
    } catch {
      // The controller is away just now.
    }
  }, 2000);
}

const killClient = async ({ child }: Script): Promise<void> => void child.kill("SIGKILL");

describe.skipIf(!isLong || !canStartEngine())("Docker (long form; needs root and dockerd)", () => {
  let engine: OwnEngine;
  let scene: Scene;
  beforeAll(async () => {
    engine = ownEngine();
    await engine.start();
    const docker = dockerode(engine.socket);
    const image = await scriptedImage(await importBase(docker), docker);
    scene = {
      environment: { BACKEND: "docker", IMAGE: image, DOCKER_HOST: `unix://${engine.socket}` },
      order: () => `tick ${TICKS} ${EACH_MS}`,
      leftovers: async () => (await docker.listContainers({ all: true })).map(({ Names }) => `container ${Names}`),
    };
  });
  afterAll(() => engine?.remove());

  it("a container is killed", async ({ task }) => {
    const docker = dockerode(engine.socket);
    const killContainer = async (client: Script): Promise<void> => {
      // Where there is none yet, the next one.
      while (client.child.exitCode === null) {
        const [running] = await docker.listContainers();
        if (running)
          return void (await docker
            .getContainer(running.Id)
            .kill()
            .catch(() => {}));
        await pause(20);
      }
    };
    count(task, { fault: "SIGKILL of a container", ...(await torment(scene, "container", killContainer)) });
  });

  it("dockerd is killed, and comes back", async ({ task }) => {
    const killEngine = async (): Promise<void> => {
      await engine.stop("SIGKILL");
      await pause(500);
      await engine.start();
    };
    count(task, { fault: "SIGKILL of dockerd", ...(await torment(scene, "dockerd", killEngine)) });
  });

  it("the client is killed", async ({ task }) => {
    count(task, { fault: "SIGKILL of a client of Docker", ...(await torment(scene, "docker client", killClient)) });
  });
});

describe.skipIf(!isLong || !canStartSlurm())("Slurm (long form; needs root, slurm-wlm and munge)", () => {
  const cluster = isLong && canStartSlurm() ? ownSlurm() : undefined;
  beforeAll(() => cluster?.start());
  afterAll(() => cluster?.stop());
  const marks = (folder: string): string => join(folder, "marks");
  const scene: Scene = {
    environment: { BACKEND: "slurm" },
    order: (folder) => `mark ${marks(folder)} ${TICKS} ${EACH_MS}`,
    leftovers: async (folder) => [
      ...(await jobsLeft()),
      ...(starts(marks(folder)) === 1 ? [] : [`the job was started ${starts(marks(folder))} times`]),
    ],
    state: clusterState,
  };

  it("slurmctld is killed, and comes back", async ({ task }) => {
    const killController = async (): Promise<void> => {
      cluster!.do("kill-controller");
      await pause(500);
      cluster!.do("controller");
    };
    const resuming = administrator();
    const came = await torment(scene, "slurmctld", killController).finally(() => clearInterval(resuming));
    const isEmpty = await isQueueEmpty(600_000);
    if (!isEmpty) console.error(`jobs are left at the end:\n${clusterState()}`);
    count(task, { fault: "SIGKILL of slurmctld", ...came, wrong: came.wrong + (isEmpty ? 0 : 1) });
  });

  it("the client is killed", async ({ task }) => {
    count(task, { fault: "SIGKILL of a client of Slurm", ...(await torment(scene, "slurm client", killClient)) });
  });
});
