/** One suite for all backends: what a step may do to them, and what they must make of it. */
import { lstat, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Backend,
  dockerBackend,
  embeddedBackend,
  listContainers,
  processBackend,
} from "../../kernel-lib/src/backends/index.js";
import { notes, orders, type Prepared, type Ran, run } from "./conformance-fixtures.js";
import { engineOfThisMachine, importBase, removeTestImages, scriptedImage } from "./docker-fixtures.js";
import { isRunning } from "./scripts.js";
import { canStartSlurm, ownSlurm, scriptedSlurm, slurmSays } from "./slurm-fixtures.js";

const engine = await engineOfThisMachine();
const slurm = canStartSlurm() ? ownSlurm() : undefined;
const trainer = fileURLToPath(new URL("scripted-trainer.mjs", import.meta.url));
let image = "";
const folders: string[] = [];

interface Kind {
  readonly name: string;
  readonly skip?: boolean;
  open(): Promise<Backend>;
}

const kinds: readonly Kind[] = [
  {
    name: "embedded",
    open: async () => {
      const engineModule = new URL("scripted-engine.ts", import.meta.url).href;
      return embeddedBackend({ engineModule, identity: "5c".repeat(32), workers: 2, graceMs: 1500 });
    },
  },
  {
    name: "process",
    open: async () => processBackend({ command: [process.execPath, trainer], workers: 2, graceMs: 1500 }),
  },
  {
    name: "docker (no engine answers: start one, or set DOCKER_HOST)",
    skip: engine === undefined,
    open: async () => dockerBackend({ image, workers: 2, graceSeconds: 1 }),
  },
  {
    name: "slurm (needs root, slurm-wlm and munge)",
    skip: slurm === undefined,
    open: async () => scriptedSlurm({ site: { memory: "500M", time: "10" } }),
  },
];

beforeAll(async () => {
  if (engine) image = await scriptedImage(await importBase());
  slurm?.start();
});
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  if (engine) await removeTestImages();
  slurm?.stop();
});

async function ordered(...prompts: readonly string[]): Promise<Prepared> {
  const prepared = await orders(...prompts);
  folders.push(prepared.directory);
  return prepared;
}

const answersOf = async ({ directory }: Ran): Promise<readonly { readonly answer: string }[]> =>
  (await readFile(join(directory, "outputs", "answers"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly answer: string });

for (const { name, skip = false, open } of kinds) {
  describe.skipIf(skip)(`backend ${name}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend?.close());

    /** Runs a step and cancels it a moment after its first event. */
    const cancelled = async (prompt: string): Promise<Ran & { readonly stopSeconds: number }> => {
      const controller = new AbortController();
      let at = 0;
      const onEvent = (): void => {
        setTimeout(() => {
          at = performance.now();
          controller.abort();
        }, 100);
      };
      const ran = await run(backend, await ordered(prompt), { signal: controller.signal, onEvent });
      return { ...ran, stopSeconds: (performance.now() - at) / 1000 };
    };

    it("has an identity, which is a digest", () => {
      expect(backend.identity("sample")).toMatch(/^[0-9a-f]{64}$/);
    });

    it("passes events on in their order, and leaves the outputs", async () => {
      const ran = await run(backend, await ordered("count 300"));
      expect(ran.error).toBeUndefined();
      expect(ran.events).toEqual([
        ...Array.from({ length: 300 }, (_, k) => ({ type: "progress", done: k + 1, total: 300, unit: "rows" })),
        { type: "metric", name: "loss", value: 0.25, step: 1 },
        { type: "note", text: "ünïcödé ✓" },
      ]);
      expect(await answersOf(ran)).toHaveLength(1);
      expect((await lstat(join(ran.directory, "outputs", "answers"))).isFile()).toBe(true);
    });

    it("tells a failure in the middle with the trainer's code and hint", async () => {
      const { error, events } = await run(backend, await ordered("fail"));
      expect(error).toMatchObject({ code: "training-diverged", hint: "lower the rate" });
      expect(error?.message).toContain("the loss is NaN");
      expect(events).toEqual([{ type: "progress", done: 1, total: 2, unit: "rows" }]);
    });

    it("holds to the first error, whatever the trainer says and how it ends afterwards", async () => {
      const { error } = await run(backend, await ordered("afterwards"));
      expect(error).toMatchObject({ code: "input-damaged", message: "the first error" });
    });

    it("tells a crash with its last words", async () => {
      const { error } = await run(backend, await ordered("crash 3"));
      expect(error?.code).toBe("step-failed");
      expect(error?.message).toMatch(/exit code 3.*these are the last words/s);
    });

    it("takes exit code 137 for what it mostly is", async () => {
      const { error } = await run(backend, await ordered("crash 137"));
      expect(error?.code).toBe("step-failed");
      expect(error?.message).toContain("137");
    });

    it.each([
      ["forget", "is missing"],
      ["link", "is a symbolic link"],
      ["upwards", "is a symbolic link"],
      ["folder", "is not a file"],
    ])("refuses outputs that are none: %s", async (order, problem) => {
      const { error } = await run(backend, await ordered(order));
      expect(error?.code).toBe("step-failed");
      expect(error?.message).toContain(`output "answers" ${problem}`);
    });

    it("refuses a link in the place of the folder of outputs, or does not let it be put there", async () => {
      const { error } = await run(backend, await ordered("elsewhere"));
      expect(error?.code).toBe("step-failed");
      expect(error?.message).toMatch(
        name.startsWith("docker") ? /EROFS|EBUSY/ : /folder of outputs is a symbolic link/,
      );
    });

    it("is not disturbed by garbage, nor by lines without end", async () => {
      const ran = await run(backend, await ordered("garbage"));
      expect(ran.error).toBeUndefined();
      expect(notes(ran)).toEqual(["after the garbage"]);
    });

    it("reads through 100 MB of log", async () => {
      const before = process.memoryUsage().rss;
      const ran = await run(backend, await ordered("flood 100"));
      expect(ran.error).toBeUndefined();
      expect(notes(ran)).toEqual(["after the flood"]);
      expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
    });

    it("stops a cancelled step within seconds, and politely", async () => {
      const { error, stopSeconds, directory } = await cancelled("sleep 60000");
      expect(error?.code).toBe("cancelled");
      expect(stopSeconds).toBeLessThan(5);
      expect(await readdir(join(directory, "outputs"))).toEqual(["stopped"]);
    });

    it("kills a step that ignores SIGTERM", async () => {
      const { error, stopSeconds } = await cancelled("deaf 60000");
      expect(error?.code).toBe("cancelled");
      expect(stopSeconds).toBeLessThan(8);
    });

    it("starts nothing for a step that is cancelled already", async () => {
      const { error, events } = await run(backend, await ordered("count 1"), { signal: AbortSignal.abort() });
      expect(error?.code).toBe("cancelled");
      expect(events).toEqual([]);
    });

    it("runs steps side by side, as many as it says", async () => {
      const both = await Promise.all([
        run(backend, await ordered("tick 5 100")),
        run(backend, await ordered("count 2")),
      ]);
      expect(both.map(({ error }) => error)).toEqual([undefined, undefined]);
      expect(notes(both[0])).toEqual(["tick 1", "tick 2", "tick 3", "tick 4", "tick 5"]);
    });

    it("leaves nothing behind", async () => {
      if (name === "process") {
        const ran = await run(backend, await ordered("orphan"));
        const pid = Number((await answersOf(ran))[0]!.answer);
        expect(pid).toBeGreaterThan(0);
        for (let tries = 0; isRunning(pid) && tries < 50; tries++) await pause(20);
        expect(isRunning(pid)).toBe(false);
      }
      if (name.startsWith("docker")) {
        const left = (await listContainers(engine!)).filter(({ folder }) => folders.includes(folder));
        expect(left).toEqual([]);
      }
      if (name.startsWith("slurm")) {
        expect(slurmSays("squeue", "--noheader", "--states=PENDING,RUNNING,COMPLETING")).toBe("");
        for (const folder of folders) expect(await backend.detached!.state(folder)).not.toBe("there");
      }
      const names = await readdir(folders[0]!);
      expect(names).toContain("outputs");
    });
  });
}
