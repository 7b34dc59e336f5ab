import type { Store } from "../backends/index.js";
import { LabError } from "../core/index.js";
import { type Judge, openEmbeddingEndpoint, openJudge } from "../judge/index.js";
import { type Task, taskByName } from "../tasks/index.js";
import type { Experiment } from "./config.js";

export interface TaskSurroundings {
  /** Where verdicts and embeddings are kept. */
  readonly store: Store;
  /** Folder with fetched data sets. Default: the task's own. */
  readonly data?: string;
  readonly signal?: AbortSignal;
}

/**
 * The task of an experiment, with its data and, where it needs them, its judge and embeddings at hand. Nothing is read or asked yet.
 *
 * @throws LabError `name-unknown`; `config-invalid` for settings of servers that make no sense.
 */
export function taskOf(experiment: Experiment, { store, data, signal }: TaskSurroundings): Task {
  const task = taskByName(experiment.task, {
    ...(data !== undefined && { data }),
    judgeOrder: experiment.fidelity.judgeOrder,
    judge: experiment.judge ? judgeOf(experiment, store, signal) : undefined,
    embed: experiment.embedding
      ? openEmbeddingEndpoint(experiment.embedding, { store, ...(signal && { signal }) })
      : undefined,
  });
  return { ...task, maxAnswerTokens: experiment.maxAnswerTokens ?? task.maxAnswerTokens };
}

/** The judge that an experiment names. @throws LabError `config-invalid` where it names none. */
export function judgeOf({ name, judge }: Experiment, store: Store, signal?: AbortSignal): Judge {
  if (judge === undefined) {
    throw new LabError("config-invalid", `${name} has comparisons by a judge, but does not say which`, {
      hint: 'such as judge: { model: "gpt-4o" }, with the key in OPENAI_API_KEY, or baseUrl for a server of your own',
    });
  }
  return openJudge(judge, { store, ...(signal && { signal }) });
}
