/** A process that asks for the same chain REQUESTS times at once, for each of SEEDS (a JSON list). */
import { createRunner } from "../../kernel-lib/src/backends/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { answersOf, inProcess } from "./chains.js";

const { STORE = "", SEEDS = "[]", REQUESTS = "1" } = process.env;
const store = await openStore(STORE);
for (const seed of JSON.parse(SEEDS) as number[]) {
  const runner = createRunner({ store, backend: inProcess() });
  const all = await Promise.all(Array.from({ length: Number(REQUESTS) }, () => answersOf(runner, store, seed)));
  if (all.some((answers) => answers !== `${seed}`)) throw new Error(`chain ${seed} answered ${[...new Set(all)]}`);
}
process.disconnect?.();
