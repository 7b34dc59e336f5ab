/**
 * A process that runs one `sample` step in the store STORE with the order ORDER.
 * BACKEND: "plain" (in this process), "embedded", "process" (the command TRAINER, a JSON list), "docker" (the image IMAGE) or "slurm" (the scripted trainer). KILL=before-record: dies between the outputs and the record.
 */
import { createRunner, dockerBackend, embeddedBackend, processBackend } from "../../kernel-lib/src/backends/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { runStep } from "./fake-trainer.js";
import { scriptedSlurm } from "./slurm-fixtures.js";

const { STORE = "", ORDER = "", BACKEND = "plain", KILL, SEED = "0", LEASE, IMAGE = "", TRAINER = "[]" } = process.env;

const opened = await openStore(STORE, {
  warn: (message) => console.log(`warning ${message}`),
  ...(LEASE ? { leaseMs: Number(LEASE) } : {}),
});
const store =
  KILL === "before-record" ? { ...opened, publish: async () => void process.kill(process.pid, "SIGKILL") } : opened;
const plain = {
  name: "plain",
  concurrency: 1,
  identity: () => "fake",
  run: (job: Parameters<ReturnType<typeof embeddedBackend>["run"]>[0]) =>
    runStep(job.step, job.directory, job.emit, job.signal ?? new AbortController().signal),
  close: async () => {},
};
const engineModule = new URL("fake-trainer.ts", import.meta.url).href;
const backends = {
  plain: async () => plain,
  embedded: async () => embeddedBackend({ workers: 1, engineModule, identity: "fake" }),
  process: async () => processBackend({ command: JSON.parse(TRAINER) as string[] }),
  docker: async () => dockerBackend({ image: IMAGE, workers: 1, heartbeatMs: 500 }),
  slurm: async () => scriptedSlurm(),
};
const backend = await backends[BACKEND as keyof typeof backends]();

const runner = createRunner({
  store,
  backend,
  onActivity: (activity) => {
    if (activity.type === "event" && activity.event.type === "note") console.log(`note ${activity.event.text}`);
    else console.log(activity.type);
  },
});
const model = { ref: (await store.putBytes("a model")).ref };
const prompts = { ref: (await store.putRows([{ id: "q0", prompt: ORDER }])).ref };
const { answers } = await runner.step(
  "sample",
  { decoding: { kind: "greedy" }, maxAnswerTokens: 8 },
  { model, prompts },
  { seed: Number(SEED), label: "script" },
);
console.log(`answers ${answers!.ref}`);
console.log(`executed ${runner.counts().steps.executed}`);
process.disconnect?.();
