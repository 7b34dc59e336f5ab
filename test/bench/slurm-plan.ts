/**
 * What a large plan costs on Slurm, on one of the bench's own (.ci/slurm; needs root): planning, overhead of a step, sbatch rate, memory
 * of this process. Usage: node --import tsx test/bench/slurm-plan.ts [steps=5000] [in flight=200] [plan | run]
 */
import { chmodSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Activity, createRunner, embeddedBackend, slurmBackend } from "../../kernel-lib/src/backends/index.js";
import { parseExperiment, planExperiment, presetByName } from "../../kernel-lib/src/experiments/index.js";
import { openStore, type Store } from "../../kernel-lib/src/store/index.js";
import { hurry, ownSlurm } from "../backends/slurm-fixtures.js";

const [steps, inFlight] = [Number(process.argv[2] ?? 5000), Number(process.argv[3] ?? 200)];
const part = process.argv[4];
const say = (what: string, value: string): void => console.log(`${what.padEnd(46)} ${value}`);
const seconds = (since: number): number => (performance.now() - since) / 1000;
const megabytes = (): string => `${Math.round(process.memoryUsage().rss / 1e6)} MB`;

/** A trainer that does nothing, in a language that starts at once. */
function noOpTrainer(folder: string): string {
  const path = join(folder, "no-op");
  const check = JSON.stringify({ name: "no-op", identity: "0".repeat(64), versions: {}, problems: [] });
  const answer = JSON.stringify({ id: "q0", sample: 0, answer: "" });
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" = check ] && { echo '${check}'; exit; }\necho '${answer}' >"$2/outputs/answers"\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

async function benchPlanning(store: Store): Promise<void> {
  const backend = embeddedBackend();
  const preset = presetByName("micro-math/main");
  let count = 0;
  for (let seeds = 1; ; seeds = Math.ceil((seeds * steps) / count) + 1) {
    const experiment = parseExperiment({ ...preset, seeds: Array.from({ length: seeds }, (_, k) => k) });
    const begun = performance.now();
    const plan = await planExperiment(experiment, { store, backend, results: "results" });
    count = plan.steps.length;
    if (count < steps) continue;
    say(`planning ${count} steps (micro-math/main, ${seeds} seeds)`, `${seconds(begun).toFixed(1)} s, ${megabytes()}`);
    return backend.close();
  }
}

async function benchRunning(store: Store, command: string, count: number, arrays: boolean): Promise<void> {
  const site = { arrays, maxJobs: inFlight, memory: "16M", time: "10", trainer: { command: [command] } };
  const backend = await slurmBackend({ site, pace: { ...hurry, tickMs: 500, pollMs: 2000, patienceMs: 600_000 } });
  const began = new Map<string, number>();
  let spent = 0;
  const onActivity = ({ type, key }: Activity): void => {
    if (type === "started") began.set(key, performance.now());
    if (type === "finished") spent += seconds(began.get(key)!);
  };
  const runner = createRunner({ store, backend, onActivity });
  const model = { ref: (await store.putBytes("a model")).ref };
  const prompts = { ref: (await store.putRows([{ id: "q0", prompt: "" }])).ref };
  const params = { decoding: { kind: "greedy" }, maxAnswerTokens: 8 } as const;
  const begun = performance.now();
  const first = arrays ? 0 : 1_000_000;
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 500);
  const all = Array.from({ length: count }, (_, k) =>
    runner.step("sample", params, { model, prompts }, { seed: first + k, label: `no-op ${k}` }),
  );
  await Promise.all(all);
  clearInterval(timer);
  await runner.close();
  const how = arrays ? "arrays" : "one job each";
  say(`${count} no-op steps, ${how}, ${inFlight} in flight`, `${seconds(begun).toFixed(1)} s`);
  say("  steps a second, submission to record", (count / seconds(begun)).toFixed(2));
  say("  seconds of one step, waiting included", (spent / count).toFixed(2));
  say("  memory of this process at most", `${Math.round(peak / 1e6)} MB`);
}

const folder = await mkdtemp(join(tmpdir(), "ilr-bench-"));
const cluster = ownSlurm();
try {
  const store = await openStore(join(folder, "store"));
  if (part !== "run") await benchPlanning(store);
  if (part !== "plan") {
    cluster.start();
    const command = noOpTrainer(folder);
    await benchRunning(store, command, Math.min(50, steps), false);
    await benchRunning(store, command, steps, true);
  }
} finally {
  if (part !== "plan") cluster.stop();
  await rm(folder, { recursive: true, force: true });
}
