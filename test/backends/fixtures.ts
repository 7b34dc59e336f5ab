/** What the tests of the store and of the runner share: temporary folders, a backend without processes, a small step. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Activity, Backend, StoreRunner } from "../../kernel-lib/src/backends/index.js";
import { createRunner } from "../../kernel-lib/src/backends/index.js";
import type { Artifact, Params } from "../../kernel-lib/src/steps/index.js";
import { openStore, type Store, type StoreOptions } from "../../kernel-lib/src/store/index.js";
import { runStep } from "./fake-trainer.js";

const folders: string[] = [];

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ilr-test-"));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A store in a new folder, with its warnings in a list. */
export async function temporaryStore(options: StoreOptions = {}): Promise<{ store: Store; warnings: string[] }> {
  const warnings: string[] = [];
  const root = join(await temporaryFolder(), "store");
  return { store: await openStore(root, { warn: (message) => warnings.push(message), ...options }), warnings };
}

/** The fake trainer in this process; `calls` counts its runs. */
export function plainBackend(identity = "fake"): Backend & { calls: number } {
  return {
    name: "plain",
    concurrency: 2,
    calls: 0,
    identity: () => identity,
    async run({ step, directory, emit, signal }) {
      this.calls++;
      await runStep(step, directory, emit, signal ?? new AbortController().signal);
    },
    close: async () => {},
  };
}

export const greedy = { decoding: { kind: "greedy" }, maxAnswerTokens: 8 } as const satisfies Params<"sample">;

export interface Lab {
  readonly store: Store;
  readonly warnings: string[];
  readonly backend: Backend & { calls: number };
  readonly runner: StoreRunner;
  readonly activities: Activity[];
  readonly inputs: { readonly model: Artifact; readonly prompts: Artifact };
}

/** A runner on a new store (or a given one), and the inputs of a `sample` step that obeys the orders. */
export async function lab(
  options: { orders?: readonly string[]; store?: Store; backend?: Backend; signal?: AbortSignal; salt?: string } = {},
): Promise<Lab> {
  const { store, warnings } = options.store ? { store: options.store, warnings: [] } : await temporaryStore();
  const backend = plainBackend();
  const activities: Activity[] = [];
  const runner = createRunner({
    store,
    backend: options.backend ?? backend,
    onActivity: (activity) => activities.push(activity),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.salt ? { salt: options.salt } : {}),
  });
  const rows = (options.orders ?? ["2+2="]).map((prompt, index) => ({ id: `q${index}`, prompt }));
  const prompts = { ref: (await store.putRows(rows)).ref, rows: rows.length };
  const model = { ref: (await store.putBytes("a model")).ref };
  return { store, warnings, backend, runner, activities, inputs: { model, prompts } };
}
