/**
 * A trainer that trains nothing: it writes outputs of the right shape, and does what its prompts tell it
 * ("sleep 200", "linger <file>", "crash", "fail", "forget", "link", "deaf", "diverge"). Each run appends a line to the file FAKE_TRAINER_RUNS names.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Emit, LabError, sleep } from "../../kernel-lib/src/core/index.js";
import { outputsOf, type Step } from "../../kernel-lib/src/steps/index.js";

export async function runStep(step: Step, directory: string, emit: Emit, signal: AbortSignal): Promise<void> {
  const runs = process.env.FAKE_TRAINER_RUNS;
  if (runs) appendFileSync(runs, `${process.pid} ${step.verb} ${step.seed}\n`);
  mkdirSync(join(directory, "outputs"), { recursive: true });
  emit({ type: "progress", done: 0, total: 2, unit: "rows" });
  emit({ type: "note", text: `process ${process.pid}` });
  const rows = step.inputs.prompts ? readRows(join(directory, "inputs", "prompts")) : [];
  for (const { prompt } of rows) await obey(prompt, directory, emit, signal);
  if (rows.some(({ prompt }) => prompt === "forget" || prompt === "link")) return;
  for (const [name, kind] of Object.entries(outputsOf(step.verb, step.params))) {
    const path = join(directory, "outputs", name);
    if (kind === "tree") writeModel(path, step.seed);
    else
      writeFileSync(
        path,
        rows.map(({ id }) => `${JSON.stringify({ id, sample: 0, answer: `${step.seed}` })}\n`).join(""),
      );
  }
  emit({ type: "metric", name: "loss", value: 0.5, step: 1 });
}

async function obey(prompt: string, directory: string, emit: Emit, signal: AbortSignal): Promise<void> {
  const [order, argument] = prompt.split(" ");
  switch (order) {
    case "sleep":
      return sleep(Number(argument), signal);
    case "linger": {
      // A minute the first time, a moment later on.
      const isFirst = !existsSync(argument!);
      writeFileSync(argument!, "");
      return isFirst ? sleep(60_000, signal) : undefined;
    }
    case "deaf":
      // Does not listen to the signal, and does not let anything else run.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(argument));
      return;
    case "crash":
      emit({ type: "note", text: "about to crash" });
      console.error("these are the last words");
      await sleep(50);
      process.kill(process.pid, "SIGKILL");
      return sleep(1000);
    case "exit":
      return process.exit(3);
    case "fail":
      throw new Error("the fake trainer failed");
    case "diverge":
      throw new LabError("training-diverged", "the loss is NaN", { hint: "lower the learning rate" });
    case "link":
      symlinkSync("/etc/hostname", join(directory, "outputs", "answers"));
      return;
    case "garbage":
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  }
}

/** A folder with a valid safetensors header: two tensors, 6 + 4 elements. */
export function writeModel(path: string, seed: number): void {
  mkdirSync(path, { recursive: true });
  const header = JSON.stringify({
    __metadata__: { format: "pt" },
    a: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
    b: { dtype: "F32", shape: [4], data_offsets: [24, 40] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(join(path, "model.safetensors"), Buffer.concat([length, Buffer.from(header), Buffer.alloc(40, seed)]));
  writeFileSync(join(path, "config.json"), JSON.stringify({ model_type: "llama", seed }));
}

function readRows(path: string): { readonly id: string; readonly prompt: string }[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as { id: string; prompt: string });
}
