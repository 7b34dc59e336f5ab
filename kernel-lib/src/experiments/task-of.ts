import type { Store } from "../backends/index.js";
import { type JudgeReport, type OpenJudge, openEmbeddingEndpoint, openJudge, type Spent } from "../judge/index.js";
import { type Task, taskByName } from "../tasks/index.js";
import type { Experiment } from "./config.js";

export interface TaskSurroundings {
  /** Where verdicts and embeddings are kept. */
  readonly store: Store;
  /** Folder with fetched data sets. Default: the task's own. */
  readonly data?: string;
  readonly signal?: AbortSignal;
}

/** What was asked outside, and what it took. */
export interface OutsideReport {
  readonly judge?: JudgeReport;
  readonly embedding?: Spent;
}

/** The task of an experiment with what it needs from outside, opened once a run, so that a budget counts once. */
export interface OpenTask {
  readonly task: Task;
  readonly judge: OpenJudge | undefined;
  report(): OutsideReport;
  /** Ends the processes that a task may have started, such as those that run queries. */
  close(): Promise<void>;
}

/**
 * Opens the task of an experiment, with its data and, where it names them, its judge and embeddings. Nobody is asked yet.
 *
 * @throws LabError `name-unknown`, `input-damaged`; `config-invalid` for settings of servers that make no sense.
 */
export function openTask(experiment: Experiment, { store, data, signal }: TaskSurroundings): OpenTask {
  const surroundings = { store, ...(signal && { signal }) };
  const judge = experiment.judge && openJudge(experiment.judge, surroundings);
  const embed = experiment.embedding && openEmbeddingEndpoint(experiment.embedding, surroundings);
  const { judgeOrder } = experiment.fidelity;
  const task = taskByName(experiment.task, { data, judgeOrder, judge, embed });
  return {
    task: { ...task, maxAnswerTokens: experiment.maxAnswerTokens ?? task.maxAnswerTokens },
    judge,
    close: async () => task[Symbol.asyncDispose]?.(),
    report: () => ({ ...(judge && { judge: judge.report() }), ...(embed && { embedding: embed.spent() }) }),
  };
}

/** The task alone, for those who ask nobody. */
export function taskOf(experiment: Experiment, surroundings: TaskSurroundings): Task {
  return openTask(experiment, surroundings).task;
}
