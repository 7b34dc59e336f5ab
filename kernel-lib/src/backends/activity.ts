import type { StepEvent } from "../core/index.js";

interface Subject {
  readonly key: string;
  /** For people, such as "ILR round 2: student". */
  readonly label: string;
  /** The verb of a step, or the name of a derivation. */
  readonly verb: string;
  readonly kind: "step" | "derive";
}

/** What a runner does, for progress displays. */
export type Activity = Subject &
  (
    | { readonly type: "queued" }
    /** Another process computes the same; this one waits for its result. */
    | { readonly type: "waiting" }
    | { readonly type: "started" }
    | { readonly type: "event"; readonly event: StepEvent }
    | { readonly type: "finished"; readonly seconds: number }
    | { readonly type: "cached" }
    | { readonly type: "failed"; readonly error: Error }
  );

export type OnActivity = (activity: Activity) => void;

/** What of an event stream goes into the record: counts and last values, not the stream. */
export interface EventSummary {
  readonly count: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

/** Keeps a summary of events, and the last ones for the log of a failure. */
export interface EventLog {
  add(event: StepEvent): void;
  summary(): EventSummary;
  /** The last events, with the time of each (milliseconds since the epoch). */
  last(): readonly { readonly at: number; readonly event: StepEvent }[];
}

const KEPT_EVENTS = 200;
const KEPT_NOTES = 50;

export function eventLog(clock: () => number): EventLog {
  const metrics = new Map<string, number>();
  const notes: string[] = [];
  const last: { at: number; event: StepEvent }[] = [];
  let count = 0;
  return {
    add: (event) => {
      count++;
      last.push({ at: clock(), event });
      if (last.length > KEPT_EVENTS) last.shift();
      // JSON has no NaN; a metric that is not finite is in the log, not in the record.
      if (event.type === "metric" && Number.isFinite(event.value)) metrics.set(event.name, event.value);
      if (event.type === "note" && notes.length < KEPT_NOTES) notes.push(event.text);
    },
    summary: () => ({ count, metrics: Object.fromEntries(metrics), notes: [...notes] }),
    last: () => [...last],
  };
}
