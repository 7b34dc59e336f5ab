/**
 * Entry of an embedded worker process: runs steps one after another, as its owner asks, with the module named by its argument.
 * It never outlives its owner.
 */
import type { Emit } from "../core/index.js";
import type { Step } from "../steps/index.js";
import type { FromWorker, ToWorker } from "./embedded-protocol.js";
import { toFailure } from "./failure.js";

interface Engine {
  runStep(step: Step, directory: string, emit: Emit, signal: AbortSignal): Promise<void>;
}

// Loaded at the first step: a fork that is never used costs little. The specifier is a variable, so that tests can name a double.
const engineModule = process.argv[2] ?? "../engine/index.js";
let engine: Promise<Engine> | undefined;
let running: AbortController | undefined;

process.on("message", (message: ToWorker) => {
  if (message.type === "cancel") running?.abort();
  else void run(message.step, message.directory);
});
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the owner decides what happens to this step.
process.on("SIGINT", () => {});

async function run(step: Step, directory: string): Promise<void> {
  running = new AbortController();
  try {
    engine ??= import(engineModule) as Promise<Engine>;
    const { runStep } = await engine;
    await runStep(step, directory, (event) => say({ type: "event", event }), running.signal);
    say({ type: "done" });
  } catch (error) {
    say({ type: "failed", failure: toFailure(error) });
  } finally {
    running = undefined;
  }
}

function say(message: FromWorker): void {
  // Without a channel the owner is gone, and `disconnect` ends this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
