import { setMaxListeners } from "node:events";
import { type Emit, type Json, LabError, limitOf, packageVersion } from "../core/index.js";
import {
  type Artifact,
  type Artifacts,
  CONTRACT,
  type DeriveOptions,
  type Inputs,
  outputsOf,
  type ParamsInput,
  type Runner,
  type StepOptions,
  type Tables,
  type Verb,
} from "../steps/index.js";
import {
  type ActionRecord,
  type DerivationDocument,
  type Explanation,
  keyOf,
  type OutputRecord,
  type StepDocument,
  type Store,
} from "../store/index.js";
import { type Action, type ActionContext, type Outcome, runAction } from "./action.js";
import type { OnActivity } from "./activity.js";
import type { Backend } from "./backend.js";
import { codeIdentity } from "./identity.js";
import { storeOutputs } from "./outputs.js";
import { referencesOf, stepDocument } from "./step-document.js";
import { openStepFolder } from "./step-folder.js";

export interface RunnerOptions {
  readonly store: Store;
  readonly backend: Backend;
  /** For progress displays. */
  readonly onActivity?: OnActivity;
  /** Part of every key: another salt computes everything again. */
  readonly salt?: string;
  /** Cancels whatever runs and waits. */
  readonly signal?: AbortSignal;
}

/** How many calls ran something, and how many found it in the store (or running already, in this process). */
export interface RunnerCounts {
  readonly steps: { readonly executed: number; readonly cached: number };
  readonly derivations: { readonly executed: number; readonly cached: number };
}

/** What would happen to a step: its key, and its outputs if they are in the store. */
export interface Peek {
  readonly key: string;
  readonly outputs: Readonly<Record<string, Artifact>> | undefined;
  /** What the recorded run took, in seconds. */
  readonly seconds: number | undefined;
}

/** A runner for real: steps run on a backend, and everything goes through the store. */
export interface StoreRunner extends Runner {
  readonly store: Store;
  readonly backend: Backend;
  counts(): RunnerCounts;
  /** Keys of everything that was asked for, in order: what `gc` should keep, and what a run's provenance lists. */
  keys(): readonly string[];
  /** The step's key, and its outputs if it would be a hit; runs nothing. */
  peek<V extends Verb>(verb: V, params: ParamsInput<V>, inputs: Inputs, seed: number): Promise<Peek>;
  /** As `peek`, for a derivation. */
  peekDerivation(name: string, params: Json, inputs: Inputs): Promise<Peek>;
  /** Why a step would run. */
  explain<V extends Verb>(verb: V, params: ParamsInput<V>, inputs: Inputs, seed: number): Promise<Explanation>;
  /** Closes the backend. */
  close(): Promise<void>;
}

/**
 * A runner on a store and a backend. Equal steps asked for at once run once; finished ones are never run again.
 *
 * @example
 * const runner = createRunner({ store: await openStore(".ilr/store"), backend: embeddedBackend() });
 * const { answers } = await runner.step("sample", params, { model, prompts }, { seed: 0, label: "answers" });
 */
export function createRunner(options: RunnerOptions): StoreRunner {
  const { store, backend, salt = "", signal } = options;
  // Every queued step listens to it; the default limit of ten would warn of a leak that is none.
  if (signal) setMaxListeners(0, signal);
  const versions = { "ilr-lab": packageVersion(), node: process.version, ...backend.versions };
  const shared = { store, versions, signal, onActivity: options.onActivity ?? (() => {}) };
  const onBackend: ActionContext = { ...shared, limit: limitOf(backend.concurrency) };
  // Derivations run in this thread: one at a time is as fast, and keeps memory low. Costly ones wait for others most of the time.
  const here: ActionContext = { ...shared, limit: limitOf(1) };
  const elsewhere: ActionContext = { ...shared, limit: limitOf(4) };

  const counts = { steps: { executed: 0, cached: 0 }, derivations: { executed: 0, cached: 0 } };
  const inFlight = new Map<string, Promise<Outcome>>();
  const keys = new Set<string>();

  /** The same key asked for twice at once is one promise. */
  const runShared = async (context: ActionContext, action: Action): Promise<Readonly<Record<string, Artifact>>> => {
    keys.add(action.key);
    const tally = action.document.kind === "step" ? counts.steps : counts.derivations;
    const running = inFlight.get(action.key);
    const promise = running ?? runAction(context, action).finally(() => inFlight.delete(action.key));
    inFlight.set(action.key, promise);
    const { record, executed } = await promise;
    tally[executed && running === undefined ? "executed" : "cached"]++;
    return artifactsOf(record);
  };

  const stepDoc = (verb: Verb, params: unknown, inputs: Inputs, seed: number): StepDocument => ({
    kind: "step",
    step: stepDocument(verb, params, inputs, seed),
    trainer: backend.identity(verb),
    salt,
  });
  const deriveDoc = (name: string, params: Json, inputs: Inputs): DerivationDocument => ({
    kind: "derive",
    derivation: { name, contract: CONTRACT, params, inputs: referencesOf(name, inputs) },
    code: codeIdentity(),
    salt,
  });
  const peekKey = async (key: string): Promise<Peek> => {
    const record = await store.lookup(key);
    return { key, outputs: record && artifactsOf(record), seconds: record?.seconds };
  };

  return {
    store,
    backend,
    counts: () => structuredClone(counts),
    keys: () => [...keys],
    close: () => backend.close(),
    step: async (verb, params, inputs, { seed, label }: StepOptions) => {
      const document = stepDoc(verb, params, inputs, seed);
      return runShared(onBackend, stepAction(store, backend, document, label));
    },
    derive: async <In, Out>(
      name: string,
      params: Json,
      inputs: Artifacts<In>,
      { label, costly = false }: DeriveOptions<Out>,
      compute: (tables: Tables<In>) => Tables<Out> | Promise<Tables<Out>>,
    ): Promise<Artifacts<Out>> => {
      const document = deriveDoc(name, params, inputs as Inputs);
      const made = async (tables: AnyTables): Promise<AnyTables> => (await compute(tables as Tables<In>)) as AnyTables;
      const action = deriveAction(store, document, label, made);
      return (await runShared(costly ? elsewhere : here, action)) as Artifacts<Out>;
    },
    read: async <R>(artifact: Artifact<R>) =>
      artifact.ref === undefined ? undefined : store.readRows<R>(artifact.ref),
    peek: async (verb, params, inputs, seed) => peekKey(keyOf(stepDoc(verb, params, inputs, seed))),
    peekDerivation: async (name, params, inputs) => peekKey(keyOf(deriveDoc(name, params, inputs))),
    explain: async (verb, params, inputs, seed) => store.explain(stepDoc(verb, params, inputs, seed)),
  };
}

function stepAction(store: Store, backend: Backend, document: StepDocument, label: string): Action {
  const { step } = document;
  const key = keyOf(document);
  let finish = async (): Promise<void> => {};
  return {
    key,
    document,
    label,
    trainer: { name: backend.name, identity: document.trainer },
    perform: async (emit, signal, lost) => {
      const folder = await openStepFolder(store, backend, step, key);
      // Whoever took the step over is reading the folder, and removes it.
      finish = async () => (lost.aborted ? undefined : folder.published());
      try {
        await backend.run({ step, key, directory: folder.path, signal, lost, emit });
        const outputs = await storeOutputs(store, step, folder.path);
        await folder.stored();
        return outputs;
      } catch (error) {
        await folder.failed(error, lost);
        throw error;
      }
    },
    published: () => finish(),
  };
}

type AnyTables = Readonly<Record<string, readonly object[]>>;

function deriveAction(
  store: Store,
  document: DerivationDocument,
  label: string,
  compute: (tables: AnyTables) => Promise<AnyTables>,
): Action {
  const { inputs } = document.derivation;
  return {
    key: keyOf(document),
    document,
    label,
    trainer: { name: "derive", identity: document.code },
    perform: async (_: Emit) => {
      const tables: [string, readonly object[]][] = [];
      for (const [name, ref] of Object.entries(inputs)) tables.push([name, await store.readRows<object>(ref)]);
      const outputs: [string, OutputRecord][] = [];
      for (const [name, rows] of Object.entries(await compute(Object.fromEntries(tables)))) {
        if (!Array.isArray(rows)) throw new LabError("internal", `${label}: output "${name}" is not a list of rows`);
        outputs.push([name, { ...(await store.putRows(rows)), rows: rows.length }]);
      }
      return Object.fromEntries(outputs);
    },
  };
}

function artifactsOf(record: ActionRecord): Readonly<Record<string, Artifact>> {
  const declared =
    record.document.kind === "step"
      ? outputsOf(record.document.step.verb, record.document.step.params)
      : record.outputs;
  return Object.fromEntries(
    Object.keys(declared).map((name): [string, Artifact] => {
      const { ref, rows, parameters } = record.outputs[name]!;
      const facts = { ...(rows === undefined ? {} : { rows }), ...(parameters === undefined ? {} : { parameters }) };
      return [name, { ref, madeBy: record.key, ...facts }];
    }),
  );
}
