import {
  assertRunnable,
  type Experiment,
  planExperiment,
  type RunRecord,
  runExperiment,
} from "../experiments/index.js";
import type { People } from "../human/index.js";
import { showProgress } from "../notebook/index.js";
import { planSummary } from "./commands/plan.js";
import { openNamed, openProject, print, wholeNumber } from "./context.js";
import { interruptible } from "./interrupt.js";
import type { CliContext } from "./surroundings.js";

/** How a run is to be done, as the command line says it. */
export interface RunningOptions {
  readonly workers?: string;
  readonly backend?: string;
  readonly site?: string;
  readonly fromScratch?: boolean;
}

interface WithPeople {
  readonly people?: People | undefined;
  /** Called when the user stops the run. */
  readonly onStop?: () => void;
}

/** Prints the plan of an experiment and runs it, with its progress in place; Ctrl-C stops it in good order. */
export async function runWithProgress(
  context: CliContext,
  experiment: Experiment,
  options: RunningOptions,
  { people, onStop }: WithPeople = {},
): Promise<RunRecord> {
  const { content: store, results, data } = await openProject(context);
  const workers = options.workers === undefined ? undefined : wholeNumber("--workers", options.workers, 1);
  const backend = await openNamed(context, options.backend, workers, options.site);
  const fromScratch = options.fromScratch ?? process.env.FROM_SCRATCH === "1";
  try {
    assertRunnable(experiment, backend.name, people !== undefined);
    const plan = await planExperiment(experiment, { store, backend, results, data, fromScratch });
    print(context, planSummary(experiment, plan));
    const progress = showProgress({ stream: context.stdout, title: experiment.name, backend: backend.name, plan });
    const { onActivity } = progress;
    return await interruptible(progress.note, (signal) => {
      if (onStop) signal.addEventListener("abort", onStop, { once: true });
      return runExperiment(experiment, { store, results, data, backend, fromScratch, signal, onActivity, people });
    }).finally(progress.close);
  } finally {
    await backend.close();
  }
}
