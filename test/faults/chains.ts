/** Two steps, one on the other's output: what processes that share a store compute. */
import type { Backend, StoreRunner } from "../../kernel-lib/src/backends/index.js";
import type { Store } from "../../kernel-lib/src/store/index.js";
import { runStep } from "../backends/fake-trainer.js";

/** The fake trainer in this process. */
export function inProcess(): Backend {
  return {
    name: "plain",
    concurrency: 2,
    identity: () => "fake",
    run: ({ step, directory, emit, signal }) => runStep(step, directory, emit, signal ?? new AbortController().signal),
    close: async () => {},
  };
}

/** Trains a model and samples from it: the answers, which are the seed. */
export async function answersOf(runner: StoreRunner, store: Store, seed: number, order = "sleep 5"): Promise<string> {
  const { model, prompts } = await inputsOf(store, order);
  const trained = await runner.step(
    "sft",
    { epochs: 1, batchSize: 1, optimizer: { name: "adamw", lr: 1 } },
    { model, demonstrations: prompts },
    { seed, label: `sft ${seed}` },
  );
  const { answers } = await runner.step(
    "sample",
    { decoding: { kind: "greedy" }, maxAnswerTokens: 8 },
    { model: trained.model!, prompts },
    { seed, label: `sample ${seed}` },
  );
  const rows = (await runner.read(answers!)) as readonly { readonly answer: string }[];
  return rows.map(({ answer }) => answer).join();
}

async function inputsOf(
  store: Store,
  order: string,
): Promise<{ model: { ref: `file:${string}` }; prompts: { ref: `file:${string}` } }> {
  const model = (await store.putBytes("a model")).ref as `file:${string}`;
  const prompts = (await store.putRows([{ id: "q0", prompt: order }])).ref as `file:${string}`;
  return { model: { ref: model }, prompts: { ref: prompts } };
}
