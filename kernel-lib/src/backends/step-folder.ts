import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, type Json, LabError } from "../core/index.js";
import type { Step } from "../steps/index.js";
import { type Store, storeFailure } from "../store/index.js";
import type { Backend } from "./backend.js";

/** The folder that a step runs in, with what happens to it afterwards. */
export interface StepFolder {
  readonly path: string;
  /** The outputs are in the store, the record is not yet. */
  stored(): Promise<void>;
  /** The record is published. */
  published(): Promise<void>;
  /** The step failed; or `lost` is aborted, and somebody else has it now. */
  failed(error: unknown, lost: AbortSignal): Promise<void>;
}

/**
 * Makes a step's folder, with `step.json`, `inputs/` and an empty `outputs/`. Where jobs outlive this process, it is the one folder
 * of the key in the store's `detached/`, found again by whoever takes the step over; the lock of the key keeps others away.
 *
 * @throws LabError `store-*`, `input-missing`; `unsupported` if the backend cannot say whether a job is there already.
 */
export async function openStepFolder(store: Store, backend: Backend, step: Step, key: string): Promise<StepFolder> {
  return backend.detached ? keptFolder(store, backend, step, key) : scratchFolder(store, backend, step, key);
}

async function scratchFolder(store: Store, backend: Backend, step: Step, key: string): Promise<StepFolder> {
  const { path, remove } = await store.scratch(key);
  try {
    await prepareFolder(store, backend, step, path);
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, stored: remove, published: async () => {}, failed: remove };
}

async function keptFolder(store: Store, backend: Backend, step: Step, key: string): Promise<StepFolder> {
  const path = join(store.root, "detached", key);
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  const state = async (): Promise<string> => (await backend.detached?.state(path)) ?? "none";
  if ((await state()) === "none") {
    await remove();
    try {
      await mkdir(path, { recursive: true });
      await prepareFolder(store, backend, step, path);
    } catch (error) {
      await remove();
      throw storeFailure(error, "preparing the step's folder");
    }
  }
  return {
    path,
    // Until the record is there, a crash must find the outputs again.
    stored: async () => {},
    published: remove,
    failed: async (error, lost) => {
      if (lost.aborted) return;
      // What cannot be told is kept: the next run of the step looks again, and `ilr reap` tidies up.
      const now = await state().catch(() => "there");
      if (now === "none" || (now === "done" && !isStoreTrouble(error))) await remove();
    },
  };
}

/** A full disk is no reason to throw away what took hours: the next run only has to store it. */
function isStoreTrouble(error: unknown): boolean {
  return error instanceof LabError && (error.code === "store-full" || error.code === "store-unwritable");
}

async function prepareFolder(store: Store, backend: Backend, step: Step, directory: string): Promise<void> {
  try {
    await mkdir(join(directory, "inputs"));
    await mkdir(join(directory, "outputs"));
    await writeFile(join(directory, "step.json"), `${canonicalJson(step as unknown as Json)}\n`);
  } catch (error) {
    throw storeFailure(error, "preparing the step's folder");
  }
  for (const [name, ref] of Object.entries(step.inputs)) {
    await store.materialise(ref, join(directory, "inputs", name), backend.protectsInputs ? "link" : "copy");
  }
}
