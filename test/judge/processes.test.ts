import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { comparisonIn, judgeServer, prefersLonger, type Script, testStore } from "./judge-server.js";

const PROGRAM = fileURLToPath(new URL("judge-process.ts", import.meta.url));

/** Starts the program; its output when it has ended. */
function start(...args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<string> } {
  const child = spawn(process.execPath, ["--import", "tsx", PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise<string>((resolve) => {
    let text = "";
    child.stdout!.on("data", (chunk) => (text += String(chunk)));
    child.on("close", () => resolve(text));
  });
  return { child, ended };
}

const slowly: Script = async (seen) => {
  await new Promise((resolve) => setTimeout(resolve, 15));
  return prefersLonger(seen);
};

describe("verdicts between processes", () => {
  it("survive a kill in the middle: the next run asks for the rest only", async () => {
    const COUNT = 60;
    const victims: ChildProcess[] = [];
    const server = await judgeServer(async (seen) => {
      if (seen.index === 25) victims[0]!.kill("SIGKILL");
      return slowly(seen);
    });
    const { store } = await testStore();
    const first = start(store.root, server.baseUrl, String(COUNT));
    victims.push(first.child);
    expect(await first.ended).toBe("");
    const before = server.seen.length;
    expect(before).toBeLessThan(COUNT);

    const second = start(store.root, server.baseUrl, String(COUNT));
    expect(JSON.parse(await second.ended)).toEqual(Array.from({ length: COUNT }, () => expect.closeTo(0.75, 12)));
    // What was in flight when it was killed is asked again: no more than it may have at once.
    const again = server.seen.length - before - (COUNT - before);
    expect(again).toBeGreaterThanOrEqual(0);
    expect(again).toBeLessThanOrEqual(4);
    const asked = new Set(server.seen.map((seen) => comparisonIn(seen).instruction));
    expect(asked.size).toBe(COUNT);

    const count = server.seen.length;
    await start(store.root, server.baseUrl, String(COUNT)).ended;
    expect(server.seen).toHaveLength(count);
    expect((await openStore(store.root)).writable).toBe(true);
  });

  it("are safe where two processes ask the same at once", async () => {
    const server = await judgeServer(slowly);
    const { store } = await testStore();
    const [one, two] = await Promise.all([
      start(store.root, server.baseUrl, "40").ended,
      start(store.root, server.baseUrl, "40").ended,
    ]);
    expect(one).toBe(two);
    expect(JSON.parse(one)).toHaveLength(40);
    const count = server.seen.length;
    expect(await start(store.root, server.baseUrl, "40").ended).toBe(one);
    expect(server.seen).toHaveLength(count);
  });
});
