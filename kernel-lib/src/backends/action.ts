/** One cached action, step or derivation alike: looked up, locked, run, published. */
import type { Json } from "../core/index.js";
import { cancelled, type Digest, type Emit, LabError, type Limit } from "../core/index.js";
import {
  type ActionDocument,
  type ActionRecord,
  describeMachine,
  type Lock,
  type OutputRecord,
  type Store,
  verbOf,
} from "../store/index.js";
import { type Activity, type EventLog, eventLog, type OnActivity } from "./activity.js";
import { asLabError } from "./failure.js";

export interface Action {
  readonly key: string;
  readonly document: ActionDocument;
  readonly label: string;
  readonly trainer: { readonly name: string; readonly identity: Digest };
  /** Computes and stores the outputs. `lost` is aborted, with `signal`, when another process took the action over. */
  perform(emit: Emit, signal: AbortSignal, lost: AbortSignal): Promise<Readonly<Record<string, OutputRecord>>>;
  /** Called once the record is published; must not throw. */
  published?(): Promise<void>;
}

export interface ActionContext {
  readonly store: Store;
  readonly versions: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  readonly onActivity: OnActivity;
  /** Slots of who performs it; hits need none. */
  readonly limit: Limit;
}

export interface Outcome {
  readonly record: ActionRecord;
  /** False for a hit. */
  readonly executed: boolean;
}

/**
 * The action's record: from the store, or by running it. Beside other processes it runs once; if its owner dies, it is taken over.
 * @throws LabError `cancelled`, `step-failed` and what the trainer or the store said; the log of a failure is in the store.
 */
export async function runAction(context: ActionContext, action: Action): Promise<Outcome> {
  const { store, signal, limit } = context;
  const found = await store.lookup(action.key);
  if (found) return hit(context, action, found);
  tell(context, action, { type: "queued" });
  for (;;) {
    // A slot first, then the lock: what waits in our queue may be computed by another process meanwhile.
    const outcome = await limit(() => runLocked(context, action), signal);
    if (outcome) return outcome;
    tell(context, action, { type: "waiting" });
    const isDone = async (): Promise<boolean> => (await store.lookup(action.key)) !== undefined;
    const lock = await store.waitForLock(action.key, { signal, isDone });
    await lock?.release();
  }
}

/** Undefined if another process holds the lock, or took it from this one. */
async function runLocked(context: ActionContext, action: Action): Promise<Outcome | undefined> {
  const { store } = context;
  const lock = await store.tryLock(action.key, Object.values(inputRefs(action.document)));
  if (lock === undefined) return undefined;
  try {
    const found = await store.lookup(action.key);
    return found ? hit(context, action, found) : await execute(context, action, lock);
  } catch (error) {
    if (lock.lost.aborted && !context.signal?.aborted) return undefined;
    throw error;
  } finally {
    await lock.release();
  }
}

async function execute(context: ActionContext, action: Action, lock: Lock): Promise<Outcome> {
  const { store } = context;
  const events = eventLog(store.clock);
  const startedAt = store.clock();
  const started = performance.now();
  const emit: Emit = (event) => {
    events.add(event);
    tell(context, action, { type: "event", event });
  };
  tell(context, action, { type: "started" });
  try {
    const signals = context.signal ? [context.signal, lock.lost] : [lock.lost];
    const outputs = await action.perform(emit, AbortSignal.any(signals), lock.lost);
    const seconds = (performance.now() - started) / 1000;
    const record = recordOf(context, action, outputs, events, startedAt, seconds);
    await store.publish(record);
    await action.published?.();
    await store.removeLog(action.key);
    tell(context, action, { type: "finished", seconds });
    return { record, executed: true };
  } catch (error) {
    // Taken over by another process: its result counts, and there is nothing to report.
    if (lock.lost.aborted && !context.signal?.aborted) throw error;
    const failure = await reportFailure(context, action, events, startedAt, error);
    tell(context, action, { type: "failed", error: failure });
    throw failure;
  }
}

function recordOf(
  context: ActionContext,
  action: Action,
  outputs: Readonly<Record<string, OutputRecord>>,
  events: EventLog,
  startedAt: number,
  seconds: number,
): ActionRecord {
  const { count, metrics, notes } = events.summary();
  return {
    format: 1,
    key: action.key,
    label: action.label,
    document: action.document,
    outputs: { ...outputs },
    trainer: { ...action.trainer },
    versions: { ...context.versions },
    machine: describeMachine(),
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(context.store.clock()).toISOString(),
    seconds,
    events: { count, metrics: { ...metrics }, notes: [...notes] },
  };
}

/** Leaves the log of a failure, and returns the error with where it is. A cancellation leaves nothing. */
async function reportFailure(
  context: ActionContext,
  action: Action,
  events: EventLog,
  startedAt: number,
  error: unknown,
): Promise<LabError> {
  if (context.signal?.aborted) return cancelled(action.label);
  const { code, message, hint } = asLabError(error);
  const lines: Json[] = [
    { key: action.key, label: action.label, document: action.document as unknown as Json, startedAt },
    ...(events.last() as unknown as readonly Json[]),
    { at: context.store.clock(), failure: { code, message, hint: hint ?? null } },
  ];
  // On a full disk there is no room for a log either; the error itself says so.
  const log = await context.store.writeLog(action.key, lines).catch(() => undefined);
  const hints = [hint, log && `log: ${log}`].filter((part) => part !== undefined);
  return new LabError(code, `${action.label}: ${message}`, {
    ...(hints.length > 0 ? { hint: hints.join("; ") } : {}),
    cause: error,
  });
}

function hit(context: ActionContext, action: Action, record: ActionRecord): Outcome {
  tell(context, action, { type: "cached" });
  return { record, executed: false };
}

type Happening = Activity extends infer A
  ? A extends Activity
    ? Omit<A, "key" | "label" | "verb" | "kind">
    : never
  : never;

/** Tells the display; a display that throws must not fail a step. */
function tell(context: ActionContext, { key, label, document }: Action, happening: Happening): void {
  try {
    context.onActivity({ key, label, verb: verbOf(document), kind: document.kind, ...happening } as Activity);
  } catch (error) {
    context.store.warn(`a progress display failed: ${String(error)}`);
  }
}

function inputRefs(document: ActionDocument): Readonly<Record<string, string>> {
  return document.kind === "step" ? document.step.inputs : document.derivation.inputs;
}
