/** Containers, the engine that holds them, a cluster's controller and the clients of both, killed at random moments. Long form only. */
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

interface Scene {
  readonly environment: Readonly<Record<string, string>>;
  /** The step's order, the same for every try but for the file that it marks. */
  readonly order: (folder: string) => string;
  /** What is still there when nothing should be. */
  readonly leftovers: (folder: string) => Promise<readonly string[]>;
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
    for (let code = await first.ended; code !== 0 && outputs.length < 5; ) {
      const next = startScript("run-step.ts", environment);
      outputs.push(next);
      code = await next.ended;
    }
    const answers = outputs.at(-1)!.output();
    if (!/^answers file:/m.test(answers)) wrong.push(`no answers: ${answers.slice(-800)}`);
    const again = startScript("run-step.ts", environment);
    await again.ended;
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
    const came = await tryOnce(scene, random.below(SPREAD_MS), hit);
    lost.push(...came.lost);
    wrong.push(...came.wrong);
  }
  for (const problem of [...lost, ...wrong]) console.error(problem);
  return { tries: TRIES, lost: lost.length, wrong: wrong.length };
}

/** Jobs that are still there after a while: what ended needs a moment to be told to the controller. */
async function jobsLeft(): Promise<readonly string[]> {
  for (let tries = 0; aliveJobs().length > 0 && tries < 50; tries++) await pause(200);
  if (aliveJobs().length === 0) return [];
  return slurmSays("squeue", "--noheader", "--array", "--format=job %i %j %T %r %M").trim().split("\n");
}

/**
 * A controller that dies before it has written down that a job started starts it again, and drains the node that says it has it already:
 * an administrator would resume it.
 */
function resumeNodes(): readonly string[] {
  const drained = slurmSays("sinfo", "--noheader", "--Node", "--states=drain", "--format=%N").trim().split("\n");
  for (const node of new Set(drained)) {
    if (node !== "") slurmSays("scontrol", "update", `NodeName=${node}`, "State=RESUME");
  }
  return [];
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
      ...resumeNodes(),
      ...(starts(marks(folder)) === 1 ? [] : [`the job was started ${starts(marks(folder))} times`]),
    ],
  };

  it("slurmctld is killed, and comes back", async ({ task }) => {
    const killController = async (): Promise<void> => {
      cluster!.do("kill-controller");
      await pause(500);
      cluster!.do("controller");
    };
    count(task, { fault: "SIGKILL of slurmctld", ...(await torment(scene, "slurmctld", killController)) });
  });

  it("the client is killed", async ({ task }) => {
    count(task, { fault: "SIGKILL of a client of Slurm", ...(await torment(scene, "slurm client", killClient)) });
  });
});
