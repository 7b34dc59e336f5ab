/** The paper's experiments on its own tasks, at the sizes `small`, `paper` and `paper-70b`. */
import type { ExperimentInput, HubBase } from "../config.js";
import * as arms from "./arms.js";
import { gemma2b, llama3at70b, mistral7b, pythia70m, smolLm2At135m } from "./hub-models.js";
import { type PaperTask, paperRecipe, taskRows } from "./paper-recipe.js";

export type HubProfile = "small" | "paper" | "paper-70b";
export type Study = "main" | "evaluator" | "naive" | "ora" | "corora" | "beta-sweep" | "as-released" | "human";

/** Fields of a config, and why they are as they are where the paper does not say. */
interface Part {
  readonly fields: Partial<ExperimentInput>;
  readonly choices?: Readonly<Record<string, string>>;
}

const TITLES: Readonly<Record<PaperTask, string>> = { gsm8k: "GSM8K", bird: "BIRD", saferpaca: "SaferPaca" };

/** Student and weak supervisor. BIRD's student is Llama 3 70B in the paper. */
function models(task: PaperTask, profile: HubProfile): readonly [student: HubBase, supervisor: HubBase] {
  if (profile === "small") return [smolLm2At135m, pythia70m];
  if (profile === "paper") return [mistral7b, gemma2b];
  return [llama3at70b, task === "gsm8k" ? mistral7b : gemma2b];
}

const isBirdAt7b = (task: PaperTask, profile: HubProfile): boolean => task === "bird" && profile === "paper";

const gsm8kOnly = "the released scripts run this on GSM8K only; whether the paper shows it elsewhere is not found";

const studies: Readonly<Record<Study, (task: PaperTask) => Part>> = {
  main: () => ({
    fields: { arms: arms.mainArms },
    choices: {
      "arms.1": "the ceiling that C1 is held against",
      "arms.4": "F1: a comparison of DPO with ILR reports both variants",
    },
  }),
  evaluator: () => ({ fields: { arms: arms.evaluatorArms, trainEvaluator: true } }),
  naive: (task) => ({ fields: { arms: arms.naiveArms }, ...(task !== "gsm8k" && { choices: { task: gsm8kOnly } }) }),
  ora: (task) => ({ fields: { arms: arms.oracleArms }, ...(task !== "gsm8k" && { choices: { task: gsm8kOnly } }) }),
  corora: (task) => ({
    fields: { arms: arms.oracleArms, demonstrations: "correct-weak" },
    ...(task !== "gsm8k" && { choices: { task: gsm8kOnly } }),
  }),
  "beta-sweep": () => ({
    fields: { arms: arms.betaSweepArms },
    choices: {
      task: "which task figure 3 shows is not found",
      arms: "the values of beta are not found: half decades around 0.1; mixed comparisons are read as right three times in four",
    },
  }),
  "as-released": () => ({ fields: { arms: arms.asReleasedArms, fidelity: "as-released" } }),
  human: () => ({
    fields: {
      arms: arms.humanArms,
      demonstrations: "human",
      rounds: { ilr: 2, dpo: 2 },
      human: { demonstrations: 1000, comparisonsPerRound: 1000 },
    },
    choices: {
      task: "the study's Alpaca-style instructions are not found; SaferPaca's general half is Alpaca's",
      bases: "the study's models are not found; these are SaferPaca's",
    },
  }),
};

/** What of the paper a config is. */
function reference(task: PaperTask, study: Study, profile: HubProfile): string {
  const students: Readonly<Record<HubProfile, string>> = { small: "", paper: ", 7B", "paper-70b": ", 70B" };
  const where: Readonly<Record<Study, string>> = {
    main: `Fig. 4 (${TITLES[task]}${task === "gsm8k" ? students[profile] : ""})`,
    evaluator: "the evaluator behind Fig. 4",
    naive: "Sec. 5.2",
    ora: "supervision quality (ora)",
    corora: "supervision quality (corora)",
    "beta-sweep": "Fig. 3a, 3b",
    "as-released": "Fig. 4, as the released code has it",
    human: "Sec. 6, Fig. 6",
  };
  if (profile === "small") return `${where[study]}, other models`;
  return isBirdAt7b(task, profile) ? `${where[study]}, other student` : where[study];
}

const profileParts = (task: PaperTask, study: Study, profile: HubProfile): Part => {
  if (profile === "small") {
    return {
      fields: { rounds: { ilr: 3, dpo: 3 } },
      choices: {
        bases: "public models for one consumer GPU; their accuracies on this task are unknown here",
        "recipe.student.optimizer.lr": "that of the paper's smallest model",
        "recipe.weak.optimizer.lr": "that of the paper's smallest model",
        rounds: "enough to see a direction in an hour or so",
      },
    };
  }
  return {
    fields: {},
    choices: {
      ...(study !== "human" && {
        rounds: "the paper does not say; the scripts run refinement rounds 0-5 and DPO rounds 0-6",
      }),
      ...(isBirdAt7b(task, profile) && {
        "bases.strong": "the paper's student for BIRD is Llama 3 70B (profile paper-70b); this one fits one GPU",
      }),
    },
  };
};

/** [code] `eval_saferpaca.py` and `ilr.py`. */
const servers: Partial<ExperimentInput> = {
  judge: { model: "gpt-4o" },
  embedding: { model: "text-embedding-3-large" },
};

/**
 * One experiment of the paper at one size.
 *
 * @example
 * paperPreset("gsm8k", "main", "paper").name; // "gsm8k/main@paper"
 */
export function paperPreset(task: PaperTask, study: Study, profile: HubProfile): ExperimentInput {
  const [student, supervisor] = models(task, profile);
  const parts = [studies[study](task), profileParts(task, study, profile)];
  // What a study says goes before what its size does.
  const fields = Object.assign({}, ...parts.map((part) => part.fields).reverse()) as Partial<ExperimentInput>;
  return {
    name: `${task}/${study}@${profile}`,
    title: `${studyTitles[study]} (${TITLES[task]}, ${student.name} taught by ${supervisor.name})`,
    paper: reference(task, study, profile),
    ...{ task, seeds: [0], rounds: { ilr: 6, dpo: 6 }, alpha: 0.15, fidelity: {} },
    recipe: paperRecipe(task, student, supervisor),
    maxAnswerTokens: taskRows[task].maxAnswerTokens,
    bases: { weak: supervisor, strong: student, pairs: 1 },
    arms: arms.mainArms,
    ...(task === "saferpaca" && servers),
    ...fields,
    choices: Object.assign({}, ...parts.map(({ choices }) => choices)),
  };
}

const studyTitles: Readonly<Record<Study, string>> = {
  main: "ILR, DPO and SFT under weak supervision",
  evaluator: "Training the evaluator",
  naive: "ILR without comparisons",
  ora: "Unreliable demonstrations, reliable comparisons",
  corora: "Reliable demonstrations, reliable comparisons",
  "beta-sweep": "DPO over beta and comparison source",
  "as-released": "Everything as released",
  human: "People in a hurry as supervisors",
};
