import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { processBackend } from "../../kernel-lib/src/backends/index.js";
import { trainerCommand } from "../../kernel-lib/src/backends/process/command.js";
import { notes, orders, prepare, run } from "./conformance-fixtures.js";
import { greedy, temporaryStore } from "./fixtures.js";
import { isRunning, startScript } from "./scripts.js";

const command = [process.execPath, fileURLToPath(new URL("scripted-trainer.mjs", import.meta.url))];

afterEach(() => {
  delete process.env.HF_TOKEN;
});

describe("the process backend", () => {
  it("takes a command as words, with quotes for spaces", () => {
    expect(trainerCommand(undefined, {})).toEqual(["ilr-trainer"]);
    expect(trainerCommand(undefined, { ILR_TRAINER: " python -m ilr_trainer " })).toEqual([
      "python",
      "-m",
      "ilr_trainer",
    ]);
    expect(trainerCommand(undefined, { ILR_TRAINER: "'/my env/python' -m \"a b\"" })).toEqual([
      "/my env/python",
      "-m",
      "a b",
    ]);
    expect(() => trainerCommand(undefined, { ILR_TRAINER: "'open" })).toThrow(/open quote/);
    expect(() => trainerCommand([])).toThrow(/empty/);
  });

  it("says which trainer does not answer, and how to name another", async () => {
    const absent = await processBackend({ command: ["ilr-no-such-trainer"] }).catch((error: unknown) => error);
    expect(absent).toMatchObject({ code: "unsupported", hint: expect.stringContaining("ILR_TRAINER") });
    const silent = await processBackend({ command: ["true"] }).catch((error: unknown) => error);
    expect(silent).toMatchObject({ code: "unsupported", message: expect.stringContaining("not understood") });
  });

  it("keeps tokens from steps that do not need the network, and out of what is told", async () => {
    process.env.HF_TOKEN = "hf_canary";
    const offline = await run(await processBackend({ command }), await orders("token fail"));
    expect(offline.error?.message).toBe("token undefined");
    const online = await run(await processBackend({ command, needsHub: () => true }), await orders("token fail"));
    expect(online.error?.message).toBe("token ***");
    expect(notes(online)).toEqual(["token ***"]);
    const prompts = [{ id: "q0", prompt: "token fail" }];
    const ofHub = await prepare("sample", greedy, { model: { hub: { repo: "a/b", revision: "main" } }, prompts });
    expect((await run(await processBackend({ command }), ofHub)).error?.message).toBe("token ***");
  });

  it("has trainers that do not outlive their owner, however it dies", async () => {
    const { store } = await temporaryStore();
    const env = { STORE: store.root, ORDER: "deaf 60000", BACKEND: "process", TRAINER: JSON.stringify(command) };
    const script = startScript("run-step.ts", env);
    await script.line("note deaf");
    const trainers = await childrenOf(script.child.pid!);
    expect(trainers.length).toBeGreaterThan(0);
    script.child.kill("SIGKILL");
    await script.ended;
    for (let tries = 0; trainers.some(isRunning) && tries < 160; tries++) await pause(50);
    expect(trainers.filter(isRunning)).toEqual([]);
  });
});

async function childrenOf(pid: number): Promise<readonly number[]> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(" ").filter(Boolean).map(Number);
}
