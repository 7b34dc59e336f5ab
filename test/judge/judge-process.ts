/** A process that asks a judge about many pairs; the test kills it. Arguments: store, base URL, number of pairs. */
import { openJudge } from "../../kernel-lib/src/judge/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";

const [root, baseUrl, count] = process.argv.slice(2);
const judge = openJudge({ model: "m", baseUrl: baseUrl!, maxConcurrent: 4 }, { store: await openStore(root!) });
const pairs = Array.from({ length: Number(count) }, (_, i) => ({ instruction: `do ${i}`, a: "xxx", b: "y" }));
process.stdout.write(JSON.stringify(await judge.winProbability(pairs)));
