/** The paper's Table 1, read off the presets that run. */
import { LabError } from "../core/index.js";
import { type Experiment, parseExperiment } from "./config.js";
import { families } from "./presets/index.js";

/** Hyperparameters of a task. */
export interface TaskHyperparameters {
  readonly task: string;
  readonly epochs: number;
  /** Examples. */
  readonly batchSize: number;
  /** Tokens. */
  readonly maxAnswerTokens: number;
  readonly alpha: number;
}

/** Hyperparameters of a model's supervised training. */
export interface ModelHyperparameters {
  /** Repository on the Hub. */
  readonly model: string;
  /** Peak learning rate. */
  readonly lr: number;
  readonly optimizer: string;
}

export interface Table1 {
  readonly tasks: readonly TaskHyperparameters[];
  readonly models: readonly ModelHyperparameters[];
}

/**
 * Table 1: epochs, batch size, longest answer and alpha by task, learning rate and optimizer by model.
 *
 * @throws LabError `internal` if presets of the paper disagree about a cell.
 * @example
 * table1().tasks[0]; // { task: "gsm8k", epochs: 2, batchSize: 32, maxAnswerTokens: 256, alpha: 0.15 }
 */
export function table1(): Table1 {
  const experiments = families.flatMap(({ profiles }) =>
    [profiles.get("paper"), profiles.get("paper-70b")].flatMap((preset) => (preset ? [parseExperiment(preset)] : [])),
  );
  return {
    tasks: agreed(experiments.flatMap(taskRows), ({ task }) => task),
    models: agreed(experiments.flatMap(modelRows), ({ model }) => model),
  };
}

/** Both models of an experiment are trained alike but for learning rate and optimizer. */
function taskRows({ task, recipe, maxAnswerTokens = Number.NaN, alpha }: Experiment): readonly TaskHyperparameters[] {
  return [recipe.weak, recipe.student].map(({ epochs, batchSize }) => ({
    task,
    epochs,
    batchSize,
    maxAnswerTokens,
    alpha,
  }));
}

function modelRows({ bases, recipe }: Experiment): readonly ModelHyperparameters[] {
  const row = (base: Experiment["bases"]["weak"], { name, lr }: { readonly name: string; readonly lr: number }) =>
    "hub" in base ? [{ model: base.hub.repo, lr, optimizer: name }] : [];
  return [...row(bases.weak, recipe.weak.optimizer), ...row(bases.strong, recipe.student.optimizer)];
}

/** One row for each name; two that differ are a mistake in the presets. */
function agreed<Row extends object>(rows: readonly Row[], nameOf: (row: Row) => string): readonly Row[] {
  const byName = new Map<string, Row>();
  for (const row of rows) {
    const known = byName.get(nameOf(row));
    if (known && JSON.stringify(known) !== JSON.stringify(row)) {
      throw new LabError("internal", `presets disagree: ${JSON.stringify(known)} and ${JSON.stringify(row)}`);
    }
    byName.set(nameOf(row), row);
  }
  return [...byName.values()];
}
