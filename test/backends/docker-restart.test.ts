/** Steps go on while their engine is restarted, killed, or away; with an engine that the test may kill. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DockerOptions, dockerBackend } from "../../kernel-lib/src/backends/index.js";
import { notes, orders, run } from "./conformance-fixtures.js";
import { dockerode, importBase, scriptedImage } from "./docker-fixtures.js";
import { canStartEngine, type OwnEngine, ownEngine } from "./own-engine.js";

const possible = canStartEngine();
const ticks = (count: number): readonly string[] => Array.from({ length: count }, (_, k) => `tick ${k + 1}`);

describe.skipIf(!possible)("an engine that comes and goes (needs root and dockerd)", () => {
  let engine: OwnEngine;
  let image = "";
  beforeAll(async () => {
    engine = ownEngine();
    await engine.start();
    const docker = dockerode(engine.socket);
    image = await scriptedImage(await importBase(docker), docker);
  });
  afterAll(() => engine?.remove());

  const open = (options: DockerOptions = {}) =>
    dockerBackend({ socket: engine.socket, image, workers: 1, heartbeatMs: 500, ...options });

  it.each([
    "SIGTERM",
    "SIGKILL",
  ] as const)("is followed across a restart (%s) without a lost or repeated line", async (signal) => {
    const backend = await open();
    let restarted: Promise<void> | undefined;
    const restart = async (): Promise<void> => {
      await engine.stop(signal);
      await pause(1500);
      await engine.start();
    };
    const ran = await run(backend, await orders("tick 80 100"), {
      onEvent: (event) => {
        if (event.type === "note" && event.text === "tick 10") restarted = restart();
      },
    });
    await restarted;
    expect(ran.error).toBeUndefined();
    expect(notes(ran)).toEqual(ticks(80));
    await backend.close();
  });

  it("is given up after a while; the container goes on, and the next run collects it", async () => {
    const backend = await open({ patienceMs: 1500 });
    const prepared = await orders("tick 60 100");
    let stopped: Promise<void> | undefined;
    const first = await run(backend, prepared, {
      onEvent: () => {
        stopped ??= engine.stop("SIGTERM");
      },
    });
    await stopped;
    expect(first.error).toMatchObject({ code: "step-failed", hint: expect.stringContaining("found again") });
    expect(first.error?.message).toContain("has not answered");
    await engine.start();
    expect(await backend.detached!.state(prepared.directory)).toBe("there");
    const second = await run(backend, prepared);
    expect(second.error).toBeUndefined();
    expect(notes(second)).toEqual(ticks(60));
    await backend.close();
  });
});
