/** Every experiment of the kit, and the sizes at which it can be run. */
import type { ExperimentInput } from "../config.js";
import { microMathMain, microMathQuick } from "./micro-math.js";
import {
  microMathAsReleased,
  microMathFidelity,
  microMathFidelityF5,
  microMathFidelityF6,
} from "./micro-math-fidelity.js";
import { microMathPhase } from "./micro-math-phase.js";
import { microMathGap48, microMathGap128, microMathReviewers } from "./micro-math-reviewers.js";
import {
  microMathBetaSweep,
  microMathCorora,
  microMathEvaluator,
  microMathHuman,
  microMathNaive,
  microMathOra,
} from "./micro-math-studies.js";
import { microSafetyBetaSweep, microSafetyMain } from "./micro-safety.js";
import { microSqlBetaSweep, microSqlMain, microSqlQuick } from "./micro-sql.js";
import { type HubProfile, paperPreset, type Study } from "./paper.js";
import type { PaperTask } from "./paper-recipe.js";

/** From small to large. */
export const PROFILES = ["micro", "small", "paper", "paper-70b"] as const;
export type Profile = (typeof PROFILES)[number];

/** One experiment at every size that it has. */
export interface ExperimentFamily {
  /** Such as "gsm8k/main". */
  readonly name: string;
  readonly profiles: ReadonlyMap<Profile, ExperimentInput>;
}

/** Studies of a task, with the sizes above micro. The first of each task is the one that `TASK-METHOD` means. */
const studies: Readonly<Record<PaperTask, readonly (readonly [Study, readonly HubProfile[]])[]>> = {
  gsm8k: [
    ["main", ["small", "paper", "paper-70b"]],
    ["evaluator", ["small", "paper", "paper-70b"]],
    ["naive", ["small", "paper"]],
    ["ora", ["small", "paper"]],
    ["corora", ["small", "paper"]],
    ["beta-sweep", ["small", "paper"]],
    ["as-released", ["small", "paper", "paper-70b"]],
  ],
  bird: [
    ["main", ["small", "paper", "paper-70b"]],
    ["evaluator", ["small", "paper", "paper-70b"]],
    ["naive", ["small", "paper"]],
    ["ora", ["small", "paper"]],
    ["corora", ["small", "paper"]],
    ["beta-sweep", ["small", "paper"]],
    ["as-released", ["small", "paper", "paper-70b"]],
  ],
  // Without `corora`: whether an open-ended label is correct is not defined.
  saferpaca: [
    ["main", ["small", "paper"]],
    ["evaluator", ["small", "paper"]],
    ["naive", ["small", "paper"]],
    ["ora", ["small", "paper"]],
    ["beta-sweep", ["small", "paper"]],
    ["as-released", ["small", "paper"]],
    ["human", ["paper"]],
  ],
};

const twins: readonly ExperimentInput[] = [
  microMathMain,
  microMathEvaluator,
  microMathNaive,
  microMathOra,
  microMathCorora,
  microMathBetaSweep,
  microMathHuman,
  microMathPhase,
  microMathFidelity,
  microMathFidelityF5,
  microMathFidelityF6,
  microMathAsReleased,
  microMathReviewers,
  microMathGap48,
  microMathGap128,
  microMathQuick,
  microSafetyMain,
  microSafetyBetaSweep,
  microSqlMain,
  microSqlBetaSweep,
  microSqlQuick,
];

/** The paper's tasks, whose micro twins have their name from the twin of the task. */
const TWIN_OF: Partial<Readonly<Record<PaperTask, string>>> = {
  gsm8k: "micro-math",
  bird: "micro-sql",
  saferpaca: "micro-safety",
};

function familyOf(task: PaperTask, study: Study, sizes: readonly HubProfile[]): ExperimentFamily {
  const twin = twins.find(({ name }) => name === `${TWIN_OF[task]}/${study}`);
  const larger = sizes.map((profile) => [profile, paperPreset(task, study, profile)] as const);
  return { name: `${task}/${study}`, profiles: new Map([...(twin ? [["micro", twin] as const] : []), ...larger]) };
}

/** The paper's experiments by task, then those of the micro tasks, by the names of their own. */
export const families: readonly ExperimentFamily[] = [
  ...Object.entries(studies).flatMap(([task, all]) =>
    all.map(([study, sizes]) => familyOf(task as PaperTask, study, sizes)),
  ),
  ...twins.map((twin): ExperimentFamily => ({ name: twin.name, profiles: new Map([["micro", twin]]) })),
];
