import { LabError } from "../../core/index.js";
import type { Verdict } from "../judgement.js";
import type { AnswerOptions, Respondent } from "../people.js";
import type { Item, Sitting } from "../sitting.js";

/** A line of what came out, for the page after the last pair. */
export interface ResultRow {
  readonly what: string;
  readonly value: string;
  readonly note?: string;
}

/** What the page shows. An item says nothing of which answer is the label, or whether it is gold. */
export type Scene =
  | { readonly kind: "waiting"; readonly text: string }
  | {
      readonly kind: "item";
      readonly pair: string;
      readonly question: string;
      readonly left: string;
      readonly right: string;
      readonly sitting: string;
      readonly done: number;
      readonly total: number;
      readonly clockMs: number;
    }
  | { readonly kind: "finished"; readonly title: string; readonly rows: readonly ResultRow[] };

/** What a page may send. */
export interface Reply {
  readonly pair: string;
  readonly choice: (typeof CHOICES)[number];
  readonly responseMs: number;
}
export const CHOICES = ["left", "right", "unsure", "timeout"] as const;

/** What lies between a run, which wants judgements, and a page, which shows one pair at a time. */
export interface Desk {
  readonly respondent: Respondent;
  scene(): Scene;
  /** Resolves when the answer is kept. False for a pair that is not the one shown: it was answered already. */
  reply(reply: Reply): Promise<boolean>;
  /** What is shown while nobody asks. */
  say(text: string): void;
  /** Resolves when a page has asked for it. */
  finish(title: string, rows: readonly ResultRow[]): Promise<void>;
  /** Whoever waits for answers gets none any more. */
  close(): void;
}

interface Task extends AnswerOptions {
  readonly sitting: Sitting;
  place: number;
  readonly settle: (error?: LabError) => void;
}

export function openDesk(): Desk {
  const tasks: Task[] = [];
  let text = "The models are being trained. The first pairs come when they are ready.";
  let finished: Extract<Scene, { kind: "finished" }> | undefined;
  let closed = false;
  let seen = (): void => {};
  const gone = (): LabError => new LabError("cancelled", "the page was closed before all pairs were answered");
  const answer = (sitting: Sitting, options: AnswerOptions): Promise<void> => {
    if (closed) return Promise.reject(gone());
    return new Promise((resolve, reject) => {
      const settle = (error?: LabError): void => (error ? reject(error) : resolve());
      tasks.push({ ...options, sitting, place: 0, settle });
    });
  };
  return {
    respondent: { answer },
    scene: () => {
      const task = tasks[0];
      if (task) return sceneOf(task);
      if (finished) seen();
      return finished ?? { kind: "waiting", text };
    },
    reply: async ({ pair, choice, responseMs }) => {
      const task = tasks[0];
      const item = task?.remaining[task.place];
      if (task === undefined || item?.pair !== pair) return false;
      // At once, so that a second press of the key finds the next pair.
      task.place += 1;
      try {
        const ms = Math.min(Math.round(responseMs), task.clockMs);
        await task.answered(item, {
          verdict: verdictOf(item, choice),
          responseMs: choice === "timeout" ? task.clockMs : ms,
        });
      } catch (error) {
        task.place -= 1;
        throw error;
      }
      if (task.place === task.remaining.length) {
        tasks.shift();
        text = "Thank you. The models learn from your answers; the next pairs come when they are ready.";
        task.settle();
      }
      return true;
    },
    say: (words) => {
      text = words;
    },
    finish: (title, rows) => {
      finished = { kind: "finished", title, rows };
      return new Promise((resolve) => {
        seen = resolve;
      });
    },
    close: () => {
      closed = true;
      for (const { settle } of tasks.splice(0)) settle(gone());
    },
  };
}

function sceneOf({ sitting, remaining, place, clockMs }: Task): Scene {
  const { pair, question, a, b, left: first } = remaining[Math.min(place, remaining.length - 1)]!;
  const total = sitting.items.length;
  return {
    ...{ kind: "item", pair, question, sitting: sitting.name, total, clockMs },
    ...(first === "a" ? { left: a, right: b } : { left: b, right: a }),
    done: total - (remaining.length - place),
  };
}

function verdictOf({ left }: Item, choice: Reply["choice"]): Verdict {
  if (choice === "unsure" || choice === "timeout") return choice;
  return (choice === "left") === (left === "b") ? "accept" : "reject";
}
