/** Many requests for the same thing at once: it is computed once. (Speed and memory under load: test/bench/records.ts, slurm-plan.ts.) */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { createRunner } from "../../kernel-lib/src/backends/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { startScript } from "../backends/scripts.js";
import { answersOf, inProcess } from "./chains.js";
import { count, isLong, tries } from "./tally.js";

const REQUESTS = 200;
let folder: string;
let log: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ilr-test-"));
  log = join(folder, "runs.txt");
});
afterEach(() => {
  delete process.env.FAKE_TRAINER_RUNS;
  rmSync(folder, { recursive: true, force: true });
});

/** How often the trainer ran more than once a step. */
function repeated(): number {
  const ran = readFileSync(log, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(" ").slice(1).join(" "));
  return ran.length - new Set(ran).size;
}

describe(`${REQUESTS} requests for one step at once`, () => {
  it("in one process run it once", async ({ task }) => {
    process.env.FAKE_TRAINER_RUNS = log;
    const store = await openStore(join(folder, "store"));
    const wanted = tries(3, 50);
    let [lost, wrong] = [0, 0];
    for (let seed = 0; seed < wanted; seed++) {
      const runner = createRunner({ store, backend: inProcess() });
      const all = await Promise.all(Array.from({ length: REQUESTS }, () => answersOf(runner, store, seed)));
      wrong += all.filter((answers) => answers !== `${seed}`).length;
      const { executed, cached } = runner.counts().steps;
      if (executed !== 2 || cached !== 2 * REQUESTS - 2) wrong++;
    }
    lost = repeated();
    count(task, { fault: `${REQUESTS} requests for one step in one process`, tries: wanted, lost, wrong });
  });

  it("over several processes run it once", async ({ task }) => {
    const processes = isLong ? 8 : 4;
    const seeds = Array.from({ length: tries(2, 20) }, (_, seed) => seed);
    const asking = Array.from({ length: processes }, () =>
      startScript("../faults/asker.ts", {
        ...{ STORE: join(folder, "store"), FAKE_TRAINER_RUNS: log, SEEDS: JSON.stringify(seeds) },
        REQUESTS: String(REQUESTS / processes),
      }),
    );
    const codes = await Promise.all(asking.map(({ ended }) => ended));
    for (const { output } of asking.filter((_, index) => codes[index] !== 0)) console.error(output().slice(-1000));
    const fault = `${REQUESTS} requests for one step over ${processes} processes`;
    const counts = { lost: repeated(), wrong: codes.filter((code) => code !== 0).length };
    count(task, { fault, tries: seeds.length, ...counts });
  });
});
