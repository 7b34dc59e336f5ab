import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { temporaryFolder } from "../backends/fixtures.js";
import { type Script, startScript } from "../backends/scripts.js";

async function place(): Promise<{
  store: string;
  runs: () => Promise<number>;
  env: Record<string, string>;
  linger: string;
}> {
  const folder = await temporaryFolder();
  const log = join(folder, "runs.txt");
  const runs = async (): Promise<number> => {
    const text = await readFile(log, "utf8").catch(() => "");
    return text.split("\n").length - 1;
  };
  return {
    store: join(folder, "store"),
    runs,
    env: { STORE: join(folder, "store"), FAKE_TRAINER_RUNS: log },
    linger: `linger ${folder}/first`,
  };
}

async function answersOf(script: Script): Promise<string> {
  expect(await script.ended, script.output()).toBe(0);
  return script.line("answers");
}

describe("over processes", () => {
  it("the same step asked for at once runs once", async () => {
    const { runs, env } = await place();
    const scripts = [0, 1].map(() => startScript("run-step.ts", { ...env, ORDER: "sleep 1500" }));
    const answers = await Promise.all(scripts.map(answersOf));
    expect(answers[0]).toBe(answers[1]);
    expect(await runs()).toBe(1);
    const executed = await Promise.all(scripts.map((script) => script.line("executed")));
    expect(executed.sort()).toEqual(["executed 0", "executed 1"]);
  });

  it("a killed owner's step is taken over by the one that waits", async () => {
    const { runs, env, store, linger } = await place();
    const owner = startScript("run-step.ts", { ...env, ORDER: linger });
    await owner.line("note");
    const waiter = startScript("run-step.ts", { ...env, ORDER: linger });
    await waiter.line("waiting");
    owner.child.kill("SIGKILL");
    await answersOf(waiter);
    expect(waiter.output()).toContain("has died; taking over");
    expect(await runs()).toBe(2);
    // What the killed one left goes when the store is next opened.
    await openStore(store);
    expect(await readdir(join(store, "work"))).toEqual([]);
  });

  it("a stopped owner's step is taken over when its lease expires, and does no harm when it wakes up", async () => {
    const { runs, env, store, linger } = await place();
    const owner = startScript("run-step.ts", { ...env, ORDER: linger, LEASE: "400" });
    await owner.line("note");
    owner.child.kill("SIGSTOP");
    const waiter = startScript("run-step.ts", { ...env, ORDER: linger, LEASE: "400" });
    await waiter.line("warning");
    expect(waiter.output()).toContain("no sign of life");
    const answers = [await answersOf(waiter)];
    owner.child.kill("SIGCONT");
    answers.push(await answersOf(owner));
    expect(answers[0]).toBe(answers[1]);
    expect(await runs()).toBe(2);
    expect(await owner.line("executed")).toBe("executed 0");
    expect(await readdir(join(store, "logs"))).toEqual([]);
  });

  it("a death between output and record is not a hit", async () => {
    const { runs, env, store } = await place();
    const killed = startScript("run-step.ts", { ...env, ORDER: "x", KILL: "before-record" });
    expect(await killed.ended).toBeNull();
    expect(await runs()).toBe(1);
    expect(await (await openStore(store)).records()).toEqual([]);
    const again = startScript("run-step.ts", { ...env, ORDER: "x" });
    await answersOf(again);
    expect(await again.line("executed")).toBe("executed 1");
    const third = startScript("run-step.ts", { ...env, ORDER: "x" });
    await answersOf(third);
    expect(await third.line("executed")).toBe("executed 0");
    expect(await runs()).toBe(2);
  });
});
