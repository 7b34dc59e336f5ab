/** The tasks of the kit, by name. A task defined in a notebook needs no entry here: experiments take tasks as values. */
import { join } from "node:path";
import { LabError, nearestName } from "../core/index.js";
import type { Embedder, Judge } from "../judge/index.js";
import { bird } from "./bird/index.js";
import { gsm8k } from "./gsm8k/index.js";
import { microMath } from "./micro-math/index.js";
import { microSafety } from "./micro-safety/index.js";
import { microSql } from "./micro-sql/index.js";
import { saferPaca } from "./saferpaca/index.js";
import type { Task } from "./task.js";

/** What some tasks need from outside. */
export interface TaskOptions {
  /** Folder with fetched data sets. Default: `ILR_DATA`, else `.ilr/data` in the current folder. */
  readonly data?: string | undefined;
  /** F8. Default: as-described. */
  readonly judgeOrder?: "as-described" | "as-released" | undefined;
  readonly judge?: Judge | undefined;
  readonly embed?: Embedder | undefined;
}

const creators: Readonly<Record<string, (options: TaskOptions & { readonly data: string }) => Task>> = {
  "micro-math": () => microMath,
  "micro-sql": ({ data }) => microSql({ data }),
  "micro-safety": () => microSafety,
  gsm8k: ({ data }) => gsm8k({ data }),
  bird: ({ data }) => bird({ data }),
  saferpaca: ({ data, judgeOrder = "as-described", judge = nobody, embed = nobody }) =>
    saferPaca({ data, judge, embed, judgeOrder }),
};

/** Every task that can be asked for by name. */
export const taskNames: readonly string[] = Object.keys(creators);

/** Tasks whose answers are held against references by a judge: their shares are of answers no worse than the reference. */
const judged: ReadonlySet<string> = new Set(["micro-safety", "saferpaca"]);

/** Whether a score of the task of this name is a win probability, and not exact match. */
export function isJudged(name: string): boolean {
  return judged.has(name);
}

/** Where data sets are by default: `ILR_DATA`, else `.ilr/data` in the current folder. */
export function dataFolder(): string {
  return process.env.ILR_DATA ?? join(".ilr", "data");
}

/**
 * The task of that name. Its data is read when it is needed, not here.
 *
 * @throws LabError `name-unknown`, with the nearest name as a hint.
 * @example
 * (await taskByName("micro-math").splits(0)).test.length; // 2000
 */
export function taskByName(name: string, options: TaskOptions = {}): Task {
  const data = options.data ?? dataFolder();
  if (Object.hasOwn(creators, name)) return creators[name]!({ ...options, data });
  const near = nearestName(name, taskNames);
  throw new LabError("name-unknown", `there is no task "${name}"`, {
    hint:
      near === undefined
        ? `tasks: ${taskNames.join(", ")}`
        : `did you mean "${near}"? (tasks: ${taskNames.join(", ")})`,
  });
}

/** Where no judge and no embeddings are configured: an error as soon as somebody asks. */
const nobody: Judge & Embedder = {
  identity: null,
  winProbability: () => Promise.reject(notConfigured("a judge", 'judge: { model: "gpt-4o" }')),
  embed: () => Promise.reject(notConfigured("embeddings", 'embedding: { model: "text-embedding-3-large" }')),
};

function notConfigured(what: string, example: string): LabError {
  return new LabError("unsupported", `this task needs ${what}, and the experiment names none`, {
    hint: `such as ${example} in its config, with the key in OPENAI_API_KEY`,
  });
}
