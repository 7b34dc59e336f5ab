/** What only containers do: they outlive their client, see nothing but their step, and are found and cleared away. */
import { readdir, readFile, rm, symlink } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type Backend,
  type DockerOptions,
  dockerBackend,
  listContainers,
  reapContainers,
  type StepContainer,
  stopContainers,
} from "../../kernel-lib/src/backends/index.js";
import type { LabError } from "../../kernel-lib/src/core/index.js";
import { notes, orders, prepare, run } from "./conformance-fixtures.js";
import { dockerode, engineOfThisMachine, importBase, removeTestImages, scriptedImage } from "./docker-fixtures.js";
import { greedy, lab, temporaryFolder, temporaryStore } from "./fixtures.js";
import { type Script, startScript } from "./scripts.js";

const engine = await engineOfThisMachine();
const opened: Backend[] = [];
let image = "";

beforeAll(async () => {
  if (engine) image = await scriptedImage(await importBase());
});
afterAll(async () => {
  if (engine) await removeTestImages();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((backend) => backend.close()));
});

async function docker(options: DockerOptions = {}): Promise<Backend> {
  const backend = await dockerBackend({ image, workers: 1, heartbeatMs: 500, graceSeconds: 1, ...options });
  opened.push(backend);
  return backend;
}

async function failureOf(promise: Promise<unknown>): Promise<LabError> {
  return promise.then(
    () => expect.unreachable("it should fail"),
    (error: LabError) => error,
  );
}

/** Our containers whose folder is under a path. */
async function containersIn(folder: string): Promise<readonly StepContainer[]> {
  return (await listContainers(engine!)).filter((container) => container.folder.startsWith(folder));
}

/** A client in a process of its own, killed after its container has said a few words. */
async function killedClient(root: string, order: string): Promise<Script> {
  const script = startScript("run-step.ts", { STORE: root, ORDER: order, BACKEND: "docker", IMAGE: image });
  await script.line("note tick 3");
  script.child.kill("SIGKILL");
  await script.ended;
  return script;
}

const ticks = (count: number): readonly string[] => Array.from({ length: count }, (_, k) => `tick ${k + 1}`);

describe.skipIf(!engine)("the docker backend (no engine answers: start one, or set DOCKER_HOST)", () => {
  it("lets a step outlive its client, and attaches to it from the beginning", async () => {
    const { store } = await temporaryStore();
    await killedClient(store.root, "tick 40 100");
    const [before] = await containersIn(store.root);
    expect(before).toMatchObject({ state: "running", owner: { isAlive: false } });

    const next = await lab({ store, backend: await docker(), orders: ["tick 40 100"] });
    const step = next.runner.step("sample", greedy, next.inputs, { seed: 0, label: "again" });
    while (!next.activities.some(({ type }) => type === "event" || type === "failed")) await pause(10);
    const [during] = await containersIn(store.root);
    expect(during).toMatchObject({ id: before!.id, owner: { isAlive: true } });
    expect((await step).answers!.rows).toBe(1);
    const heard = next.activities.flatMap((activity) =>
      activity.type === "event" && activity.event.type === "note" ? [activity.event.text] : [],
    );
    expect(heard).toEqual(ticks(40));
    expect(await containersIn(store.root)).toEqual([]);
    expect(await readdir(join(store.root, "detached"))).toEqual([]);
    expect(next.runner.counts().steps).toEqual({ executed: 1, cached: 0 });
  });

  it("collects what ended while nobody looked", async () => {
    const { store } = await temporaryStore();
    await killedClient(store.root, "tick 12 50");
    while ((await containersIn(store.root))[0]?.state !== "exited") await pause(100);
    const next = await lab({ store, backend: await docker(), orders: ["tick 12 50"] });
    const begun = performance.now();
    await next.runner.step("sample", greedy, next.inputs, { seed: 0, label: "again" });
    // The step alone takes longer than this.
    expect(performance.now() - begun).toBeLessThan(2000);
    expect((await store.records())[0]!.events.notes).toEqual(ticks(12));
    expect(await containersIn(store.root)).toEqual([]);
  });

  it("knows a step's folder through a link, and a container whose folder is gone", async () => {
    const { store } = await temporaryStore();
    await killedClient(store.root, "tick 600 100");
    const [{ folder } = expect.unreachable("there is a container")] = await containersIn(store.root);
    const link = join(await temporaryFolder(), "link");
    await symlink(store.root, link);
    const { detached } = await docker();
    expect(await detached!.state(join(link, "detached", basename(folder)))).toBe("there");
    await rm(folder, { recursive: true });
    expect(await detached!.state(folder)).toBe("none");
    expect(await containersIn(store.root)).toEqual([]);
  });

  it("leaves a step alone that another process has taken over", async () => {
    const prepared = await orders("tick 30 100");
    const lost = new AbortController();
    const [first, second] = [await docker(), await docker()];
    const events: string[] = [];
    const job = { ...prepared, emit: () => void events.push("event") };
    const left = failureOf(first.run({ ...job, signal: lost.signal, lost: lost.signal }));
    while (events.length === 0) await pause(20);
    const before = await containersIn(prepared.directory);
    lost.abort();
    expect((await left).code).toBe("cancelled");
    expect((await containersIn(prepared.directory)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    const ran = await run(second, prepared);
    expect(ran.error).toBeUndefined();
    expect(notes(ran)).toEqual(ticks(30));
  });

  it("shows the trainer nothing but its step", async () => {
    const ran = await run(await docker(), await orders("probe"));
    expect(ran.error).toBeUndefined();
    const [row] = (await readFile(join(ran.directory, "outputs", "answers"), "utf8")).split("\n");
    const seen = JSON.parse((JSON.parse(row!) as { answer: string }).answer);
    const uid = process.getuid?.() === 0 ? 10001 : process.getuid?.();
    expect(seen).toEqual({
      ...{
        uid,
        root: false,
        isOpen: true,
        readOnly: true,
        inputs: false,
        step: false,
        tmp: true,
        scratch: true,
        interfaces: [],
      },
      ...{ capabilities: "0000000000000000", noNewPrivileges: "1", isInit: false, docker: false },
    });
  });

  it("lets a step that names a model of the Hub fetch it, into this machine's cache", async () => {
    process.env.HF_HOME = join(await temporaryFolder(), "cache");
    try {
      const backend = await docker();
      const hub = await prepare("sample", greedy, {
        model: { hub: { repo: "a/b", revision: "0".repeat(40) } },
        prompts: [{ id: "q0", prompt: "fetch model.bin" }],
      });
      const ran = await run(backend, hub);
      expect(ran.error).toBeUndefined();
      expect(await readFile(join(hub.directory, "outputs", "answers"), "utf8")).toContain("offline 0");
      expect(await readFile(join(process.env.HF_HOME, "model.bin"), "utf8")).toBe("fetched");
      const plain = await run(backend, await orders("fetch model.bin"));
      expect(plain.error).toBeDefined();
    } finally {
      delete process.env.HF_HOME;
    }
  });

  it("gives tokens to steps that need the network, and shows them to nobody", async () => {
    process.env.HF_TOKEN = "hf_canary0123456789";
    try {
      const { store } = await temporaryStore();
      const online = await docker({ needsHub: () => true });
      const asked = await lab({ store, backend: online, orders: ["token", "sleep 700"] });
      const step = asked.runner.step("sample", greedy, asked.inputs, { seed: 0, label: "online" });
      while (!asked.activities.some(({ type }) => type === "event" || type === "failed")) await pause(20);
      const listed = JSON.stringify(await dockerode().listContainers({ all: true }));
      expect((await store.readRows((await step).answers!.ref!))[0]).toMatchObject({ answer: "a token" });
      const failing = await lab({ store, backend: online, orders: ["token fail"] });
      const error = await failureOf(
        failing.runner.step("sample", greedy, failing.inputs, { seed: 0, label: "failing" }),
      );
      expect(error.message).toContain("token ***");
      const told = JSON.stringify([...asked.activities, ...failing.activities, error, error.cause, online.versions]);
      const files = await readdir(store.root, { recursive: true, withFileTypes: true });
      const texts = files
        .filter((file) => file.isFile())
        .map((file) => readFile(join(file.parentPath, file.name), "utf8"));
      for (const text of [listed, told, ...(await Promise.all(texts))]) expect(text).not.toContain("hf_canary");
      const offline = await lab({ store, backend: await docker(), orders: ["token"] });
      const { answers } = await offline.runner.step("sample", greedy, offline.inputs, { seed: 0, label: "offline" });
      expect((await store.readRows(answers!.ref!))[0]).toMatchObject({ answer: "no token" });
    } finally {
      delete process.env.HF_TOKEN;
    }
  });

  it("says when memory ran out", async () => {
    const { error } = await run(await docker({ memory: 128 * 2 ** 20 }), await orders("hog"));
    expect(error).toMatchObject({ code: "step-failed" });
    expect(error?.message).toContain("ran out of memory");
    expect(error?.hint).toContain("memory limit");
  });

  it("says when there is no GPU, and leaves no container", async () => {
    const prepared = await orders("count 1");
    const { error } = await run(await docker({ gpus: 1 }), prepared);
    expect(error).toMatchObject({ code: "unsupported", hint: expect.stringContaining("NVIDIA Container Toolkit") });
    expect(await containersIn(prepared.directory)).toEqual([]);
    expect(JSON.parse(await readFile(join(prepared.directory, "resources.json"), "utf8"))).toEqual({ gpus: 1 });
  });

  it("says which image is missing, and how to get it", async () => {
    const error = await failureOf(dockerBackend({ image: "ilr-lab/none:never" }));
    expect(error).toMatchObject({ code: "input-missing", hint: expect.stringContaining("ilr images build") });
    expect(error.message).toContain("ilr-lab/none:never");
  });

  it("notices that somebody removed the container", async () => {
    const prepared = await orders("sleep 60000");
    const remove = async (): Promise<void> => {
      const [found] = await containersIn(prepared.directory);
      await dockerode().getContainer(found!.id).remove({ force: true });
    };
    const { error, seconds } = await run(await docker(), prepared, { onEvent: () => void remove() });
    expect(error?.code).toBe("step-failed");
    expect(error?.message).toMatch(/removed the container|exit code 137/);
    expect(seconds).toBeLessThan(15);
  });

  it("clears away what nobody will ask for, and nothing else", async () => {
    const { store } = await temporaryStore();
    await killedClient(store.root, "tick 600 100");
    const mine = await containersIn(store.root);
    const rest = { isRecorded: async (_: string) => false, store: store.root };
    const others = new Set((await listContainers(engine!)).map(({ key }) => key));
    others.delete(mine[0]!.key);
    // A dry run, as other stores' containers are none of our business here.
    const tell = async (afterMs: number, isRecorded = rest.isRecorded): Promise<readonly string[]> =>
      (await reapContainers(engine!, { ...rest, isRecorded, afterMs, dryRun: true }))
        .filter(({ key }) => !others.has(key))
        .map(({ what, reason }) => `${what}: ${reason}`);
    expect(await tell(3_600_000)).toEqual([]);
    expect(await tell(0)).toEqual(["container: nobody follows it"]);
    expect(await tell(3_600_000, async (key) => key === mine[0]!.key)).toEqual(["container: its step is recorded"]);
    await stopContainers(engine!, mine);
    expect(await containersIn(store.root)).toEqual([]);
    expect(await readdir(join(store.root, "detached"))).toEqual([]);
  });
});

describe("engines that are none", () => {
  it("says that no engine answers", async () => {
    const error = await failureOf(dockerBackend({ socket: join(await temporaryFolder(), "nobody.sock") }));
    expect(error).toMatchObject({ code: "unsupported", hint: expect.stringContaining("DOCKER_HOST") });
  });

  it("refuses Podman's imitation", async () => {
    const socket = join(await temporaryFolder(), "podman.sock");
    const answer = { Version: "4.3.1", Components: [{ Name: "Podman Engine" }] };
    const server = createServer((request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(request.url?.endsWith("/version") ? answer : {}));
    });
    await new Promise<void>((resolve) => void server.listen(socket, resolve));
    try {
      const error = await failureOf(dockerBackend({ socket }));
      expect(error).toMatchObject({ code: "unsupported", hint: expect.stringContaining("process") });
      expect(error.message).toContain("Podman");
    } finally {
      server.close();
    }
  });
});
