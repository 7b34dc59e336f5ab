/** Processes that share a store, while others collect and verify it, and some are killed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, it } from "vitest";
import { createRunner } from "../../kernel-lib/src/backends/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { type Script, startScript } from "../backends/scripts.js";
import { answersOf, inProcess } from "./chains.js";
import { count, faultRandom, isLong, tries } from "./tally.js";

const GRACE = 1500;
const CHAINS = [0, 1, 2, 3, 4, 5, 6, 7];
/** These the collector is told to keep; the others it may take whenever nobody has used them for a while. */
const KEPT = CHAINS.slice(0, 4);
let folder: string;
const started: Script[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ilr-test-"));
});
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function start(script: "writer" | "tidier", environment: Readonly<Record<string, string>>): Script {
  const env = { STORE: join(folder, "store"), GRACE: String(GRACE), ...environment };
  const running = startScript(`../faults/${script}.ts`, env);
  started.push(running);
  return running;
}

/** Computes what is kept, once; the keys and the records' texts. */
async function prepare(): Promise<{ keys: readonly string[]; texts: () => readonly string[] }> {
  const store = await openStore(join(folder, "store"));
  const runner = createRunner({ store, backend: inProcess() });
  for (const seed of KEPT) await answersOf(runner, store, seed);
  const keys = [...runner.keys()];
  const texts = (): readonly string[] =>
    keys.map((key) => {
      try {
        return readFileSync(join(folder, "store", "steps", `${key}.json`), "utf8");
      } catch {
        return "missing";
      }
    });
  return { keys, texts };
}

const linesOf = (script: Script, word: string): readonly string[] =>
  script
    .output()
    .split("\n")
    .filter((line) => line.startsWith(word));

/** Writers with collectors and a verifier beside them; `kills` of the writers are killed and started again. */
async function together(writers: number, passes: number, kills: number, seed: number) {
  const [lost, wrong]: [string[], string[]] = [[], []];
  const { keys, texts } = await prepare();
  const before = texts();
  const tidiers = ["gc", "gc", "verify"].map((WHAT) => start("tidier", { WHAT, KEEP: JSON.stringify(keys) }));
  const random = faultRandom("writers", writers, seed);
  const environment = (SEED: number) => ({
    ...{ CHAINS: JSON.stringify(CHAINS), PASSES: String(passes), SEED: String(SEED) },
  });
  const all = Array.from({ length: writers }, (_, index) => start("writer", environment(seed * 100 + index)));
  const alive = [...all];
  for (let kill = 0; kill < kills; kill++) {
    await pause(500 + random.below(1500));
    const index = random.below(alive.length);
    alive[index]!.child.kill("SIGKILL");
    alive[index] = start("writer", environment(seed * 100 + 50 + kill));
  }
  for (const writer of alive) {
    const code = await writer.ended;
    if (code !== 0) wrong.push(`a writer ended with ${code}: ${writer.output().slice(-600)}`);
  }
  let collected = 0;
  for (const tidier of tidiers) {
    if (tidier.child.exitCode !== null) wrong.push(`a tidier ended: ${tidier.output().slice(-600)}`);
    wrong.push(...linesOf(tidier, "damaged"));
    collected += linesOf(tidier, "collected").filter((line) => line !== "collected 0").length;
    tidier.child.kill("SIGKILL");
    await tidier.ended;
  }
  for (const [index, text] of texts().entries()) if (text !== before[index]) lost.push(`${keys[index]} was made again`);
  const store = await openStore(join(folder, "store"), { warn: () => {} });
  const report = await store.verifyAll();
  wrong.push(...report.damaged, ...report.lostRecords.filter((key) => keys.includes(key)));
  for (const name of ["tmp", "work"]) wrong.push(...readdirSync(join(folder, "store", name)));
  return { lost, wrong, collected };
}

describe("a store", () => {
  it.for(
    isLong ? [2, 3, 4, 5, 6, 7, 8] : [3],
  )("is safe with %i writers, two collectors and a verifier", async (writers, { task }) => {
    const passes = tries(2, 6);
    const { lost, wrong, collected } = await together(writers, passes, 0, writers);
    for (const problem of [...lost, ...wrong]) console.error(problem);
    const counts = { tries: writers * passes, lost: lost.length, wrong: wrong.length };
    const fault = `${writers} writers on a store that is collected and verified all the time`;
    count(task, { fault, ...counts, note: `${collected} collections took something`, mended: ["R7"] });
  });

  it.skipIf(!isLong)("is safe with writers that are killed, collectors and a verifier", async ({ task }) => {
    const { lost, wrong, collected } = await together(4, 6, 20, 1);
    for (const problem of [...lost, ...wrong]) console.error(problem);
    const fault = "SIGKILL of one of four writers, collectors and a verifier beside them";
    count(task, {
      fault,
      tries: 20,
      lost: lost.length,
      wrong: wrong.length,
      note: `${collected} collections took something`,
    });
  });
});
