import type { Activity } from "../backends/index.js";
import type { Plan } from "../experiments/index.js";
import type { Progress, RunningStep } from "./progress-format.js";

/** What happened so far, out of a runner's activities. */
export interface ProgressState {
  /** Gives the number of steps and the time left from now on. */
  plan(plan: Plan): void;
  add(activity: Activity): void;
  /** How things stand at a time, in ms. */
  at(now: number): Progress;
  /** Notes the end. A plan counts the most steps that can run; when all went well, those that there were are all. */
  end(how?: "stopped"): void;
}

interface Running {
  readonly label: string;
  readonly verb: string;
  readonly startedAt: number;
  readonly waiting: boolean;
  readonly progress?: NonNullable<RunningStep["progress"]>;
  readonly loss?: number;
}

/** Below these, what was measured says less than the plan. */
const ENOUGH_SECONDS = 10;
const ENOUGH_SHARE = 0.03;

/**
 * @param about the title, and who runs the steps.
 * @param clock in ms.
 */
export function progressState(
  about: Pick<Progress, "title" | "backend">,
  given: Plan | undefined,
  clock: () => number,
): ProgressState {
  let plan = given;
  const startedAt = clock();
  const running = new Map<string, Running>();
  const executed = new Map<string, string>();
  const cached = new Set<string>();
  let failed = false;
  let ended: Progress["ended"];

  const finish = (key: string): void => void running.delete(key);
  const start = ({ key, label, verb }: Activity, waiting: boolean): void =>
    void running.set(key, { label, verb, startedAt: clock(), waiting });
  const update = (activity: Activity & { type: "event" }): void => {
    const step = running.get(activity.key);
    if (step === undefined) return;
    const { event } = activity;
    if (event.type === "progress") running.set(activity.key, { ...step, progress: event });
    if (event.type === "metric" && event.name === "loss") running.set(activity.key, { ...step, loss: event.value });
  };
  const add = (activity: Activity): void => {
    // Derivations take a moment; they would only flicker by.
    if (activity.kind !== "step") return;
    const { key, verb } = activity;
    if (activity.type === "event") update(activity);
    else if (activity.type === "started" || activity.type === "waiting") start(activity, activity.type === "waiting");
    else if (activity.type !== "queued") finish(key);
    if (activity.type === "failed") failed = true;
    if (activity.type === "finished") executed.set(key, verb);
    if (activity.type === "cached" && !executed.has(key)) cached.add(key);
  };

  return {
    add,
    plan: (known) => {
      plan ??= known;
    },
    end: (how) => {
      ended = how === undefined && !failed && running.size === 0 ? "done" : "stopped";
    },
    at: (now) => {
      const steps = [...running.values()];
      const seconds = (now - startedAt) / 1000;
      const secondsLeft =
        plan && ended !== "done" ? remaining(plan, [...executed.values()], steps, seconds) : undefined;
      const done = executed.size + cached.size;
      return {
        ...{ ...about, seconds, executed: executed.size, cached: cached.size },
        ...(plan && { total: ended === "done" ? done : Math.max(plan.steps.length, done) }),
        ...(ended && { ended }),
        ...(secondsLeft !== undefined && { secondsLeft }),
        running: steps.map(({ startedAt: since, verb: _, ...step }) => ({ ...step, seconds: (now - since) / 1000 })),
      };
    },
  };
}

/** Seconds left: the plan's, corrected by how fast its steps really went. */
function remaining(plan: Plan, executed: readonly string[], running: readonly Running[], seconds: number): number {
  if (plan.workSeconds === 0) return 0;
  const price = prices(plan);
  const done =
    executed.reduce((sum, verb) => sum + (price.get(verb) ?? 0), 0) +
    running.reduce((sum, step) => sum + (price.get(step.verb) ?? 0) * shareOf(step), 0);
  const left = Math.max(0, plan.workSeconds - done);
  const known = seconds > ENOUGH_SECONDS && done > ENOUGH_SHARE * plan.workSeconds;
  return known ? (seconds * left) / done : (plan.wallSeconds * left) / plan.workSeconds;
}

function shareOf({ progress }: Running): number {
  return progress && progress.total > 0 ? progress.done / progress.total : 0;
}

/** Mean planned seconds of a step that is to run, by verb. */
function prices(plan: Plan): ReadonlyMap<string, number> {
  const sums = new Map<string, { seconds: number; count: number }>();
  for (const { verb, seconds, cached } of plan.steps) {
    if (cached) continue;
    const sum = sums.get(verb) ?? { seconds: 0, count: 0 };
    sums.set(verb, { seconds: sum.seconds + seconds, count: sum.count + 1 });
  }
  return new Map([...sums].map(([verb, { seconds, count }]) => [verb, seconds / count]));
}
