import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { codeIdentity, engineIdentity } from "../../kernel-lib/src/backends/index.js";
import { limitOf, sleep, unlessCancelled } from "../../kernel-lib/src/core/index.js";
import { temporaryFolder } from "./fixtures.js";

describe("a limit", () => {
  it("runs so many at once, first come, first served", async () => {
    const limit = limitOf(2);
    const order: number[] = [];
    let [running, most] = [0, 0];
    await Promise.all(
      Array.from({ length: 7 }, (_, n) =>
        limit(async () => {
          order.push(n);
          most = Math.max(most, ++running);
          await pause(5);
          running--;
        }),
      ),
    );
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(most).toBe(2);
  });

  it("lets those who are cancelled leave the queue, and keeps its slots when tasks fail", async () => {
    const limit = limitOf(1);
    const controller = new AbortController();
    const first = limit(() => pause(20));
    const leaving = limit(async () => "never", controller.signal);
    const failing = limit(async () => Promise.reject(new Error("failed")));
    const last = limit(async () => "last");
    controller.abort();
    await expect(leaving).rejects.toMatchObject({ code: "cancelled" });
    await expect(failing).rejects.toThrow("failed");
    await first;
    expect(await last).toBe("last");
    await expect(limit(async () => 1, controller.signal)).rejects.toMatchObject({ code: "cancelled" });
    expect(await limit(async () => 2)).toBe(2);
  });
});

describe("cancellation", () => {
  it("ends a sleep and a wait at once", async () => {
    const begin = performance.now();
    await expect(sleep(10_000, AbortSignal.timeout(10))).rejects.toMatchObject({ code: "cancelled" });
    await expect(unlessCancelled(pause(10_000, 1, { ref: false }), AbortSignal.timeout(10))).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(performance.now() - begin).toBeLessThan(2000);
    expect(await unlessCancelled(Promise.resolve(3), new AbortController().signal)).toBe(3);
  });
});

describe("identities", () => {
  it("are digests of code, wherever they are asked for", async () => {
    const identities = [engineIdentity(), codeIdentity()];
    for (const identity of identities) expect(identity).toMatch(/^[0-9a-f]{64}$/);
    expect(identities[0]).not.toBe(identities[1]);
    const before = process.cwd();
    process.chdir(await temporaryFolder());
    expect([engineIdentity(), codeIdentity()]).toEqual(identities);
    process.chdir(before);
  });
});
