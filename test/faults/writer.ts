/**
 * A process that uses a store as runs do: again and again it trains the models CHAINS (a JSON list of seeds) in an order of its own,
 * samples from each and reads the answers; between two rounds it needs nothing. PASSES rounds; SEED of the order; GRACE of the store in ms.
 */
import { setTimeout as pause } from "node:timers/promises";
import { createRunner } from "../../kernel-lib/src/backends/index.js";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { answersOf, inProcess } from "./chains.js";

const { STORE = "", CHAINS = "[]", PASSES = "1", SEED = "0", GRACE = "1500" } = process.env;
const random = seededRandom("writer", SEED);
const backend = inProcess();

for (let pass = 0; pass < Number(PASSES); pass++) {
  const store = await openStore(STORE, {
    graceMs: Number(GRACE),
    warn: (message) => console.log(`warning ${message}`),
  });
  const runner = createRunner({ store, backend });
  const stop = store.keepInUse(runner.keys);
  for (const seed of random.shuffle(JSON.parse(CHAINS) as number[])) {
    const answers = await answersOf(runner, store, seed);
    if (answers !== `${seed}`) throw new Error(`chain ${seed} answered ${answers}`);
  }
  stop();
  console.log(`pass ${pass} ${JSON.stringify(runner.counts().steps)}`);
  await pause(random.below(2 * Number(GRACE)));
}
process.disconnect?.();
