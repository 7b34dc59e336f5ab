/**
 * What the paper's reviewers asked for and the paper does not show, on micro-math. Every arm shares what it can with `micro-math/main`: weak
 * labels, SFT, the evaluator, round 1's proposals and samples. Comparisons are right three times in four, so that all methods get the same
 * ones; where the reviewers' question is about unreliable supervision by a model, the evaluator's arm stands beside.
 */
import type { ExperimentInput } from "../config.js";
import { microMathMain } from "./micro-math.js";

type ArmInput = ExperimentInput["arms"][number];

const { task, alpha, fidelity, recipe, bases, rounds } = microMathMain;
const shared = { task, alpha, fidelity, recipe, bases, rounds, seeds: [0, 1, 2] as [number, ...number[]] };

const noisy = { noisyOracle: 0.75 } as const;
const inMain = (name: string): ArmInput => microMathMain.arms.find((arm) => arm.name === name)!;

/** What the others are held against: arms of the main experiment. */
const known = [
  "SFT",
  "ILR (evaluator)",
  "ILR (noisy oracle 0.75)",
  "ILR (oracle)",
  "Naive ILR",
  "DPO (evaluator)",
  "DPO (noisy oracle 0.75)",
  "DPO (oracle)",
].map(inMain);

/** Is it the loss? The chosen answers of DPO's pairs, learned as demonstrations; SFT's rate may be too much for a model that is trained already. */
const chosenAnswers: readonly ArmInput[] = [
  { name: "SFT on chosen, from SFT", method: "sft-on-chosen", comparisons: noisy, from: "sft" },
  { name: "SFT on chosen, from SFT, lr 5e-5", method: "sft-on-chosen", comparisons: noisy, from: "sft", lr: 5e-5 },
  { name: "SFT on chosen, from pretrained", method: "sft-on-chosen", comparisons: noisy, from: "pretrained" },
];

/** Is it the pairs? DPO on ILR's, with the comparisons that ILR asks for. */
const labelPairs: readonly ArmInput[] = [
  { name: "DPO on ILR's pairs (evaluator)", method: "dpo", comparisons: "evaluator", pairs: "labels" },
  { name: "DPO on ILR's pairs (noisy oracle 0.75)", method: "dpo", comparisons: noisy, pairs: "labels" },
  { name: "DPO on ILR's pairs, lr 1e-5", method: "dpo", comparisons: noisy, pairs: "labels", lr: 1e-5 },
  { name: "DPO on ILR's pairs (oracle)", method: "dpo", comparisons: "oracle", pairs: "labels" },
];

/**
 * Would a DPO that expects errors, or one that is kept close to SFT and given time, do as well? 0.25 is the true share of errors. At the
 * recipe's rate of 3e-6 the policy hardly moves, whatever beta, so the long ones have a larger rate beside it.
 */
const otherDpo: readonly ArmInput[] = [
  { name: "DPO, label smoothing 0.1", method: "dpo", comparisons: noisy, labelSmoothing: 0.1 },
  { name: "DPO, label smoothing 0.25", method: "dpo", comparisons: noisy, labelSmoothing: 0.25 },
  { name: "IPO", method: "dpo", comparisons: noisy, loss: "ipo" },
  { name: "DPO, 6 rounds", method: "dpo", comparisons: noisy, rounds: 6 },
  { name: "DPO, beta 0.5, 6 rounds", method: "dpo", comparisons: noisy, beta: 0.5, rounds: 6 },
  { name: "DPO, lr 1e-5, 6 rounds", method: "dpo", comparisons: noisy, rounds: 6, lr: 1e-5 },
  { name: "DPO, beta 0.5, lr 1e-5, 6 rounds", method: "dpo", comparisons: noisy, beta: 0.5, rounds: 6, lr: 1e-5 },
];

/** Is it enough to drop labels? One round for agreement: it leaves half of the labels, and half models of a quarter learn too little. */
const filters: readonly ArmInput[] = [
  { name: "Drop doubtful (evaluator)", method: "drop-doubtful", comparisons: "evaluator" },
  { name: "Drop doubtful (noisy oracle 0.75)", method: "drop-doubtful", comparisons: noisy },
  { name: "Keep agreed, 1 round", method: "keep-agreed", rounds: 1 },
];

/** Is it self-training, or two models, rather than comparisons? Is cross-labelling needed? */
const controls: readonly ArmInput[] = [
  { name: "Replace all", method: "replace-all" },
  { name: "Two models agree", method: "two-agree" },
  { name: "Two models agree, no cap", method: "two-agree", alpha: 1 },
  { name: "ILR, not crossed (noisy oracle 0.75)", method: "ilr", comparisons: noisy, proposals: "self" },
];

/** All of the reviewers' questions that are arms. */
export const microMathReviewers: ExperimentInput = {
  ...shared,
  name: "micro-math/reviewers",
  title: "What the paper's reviewers asked for (micro-math)",
  arms: [...known, ...chosenAnswers, ...labelPairs, ...otherDpo, ...filters, ...controls] as ExperimentInput["arms"],
};

/** A student of another size, and the learning rates that go with it. */
interface Student {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly intermediateSize: number;
  readonly pretraining: number;
  readonly fineTuning: number;
  /** Why these rates, by the field's path. */
  readonly choices: Readonly<Record<string, string>>;
}

/** The student of another size, with the weak supervisor of the main experiment: its labels are shared with it. */
function gap({ hiddenSize, layers, intermediateSize, pretraining, fineTuning, choices }: Student): ExperimentInput {
  const { strong } = bases;
  if (!("pretrain" in strong)) throw new Error("micro-math's base models are the kit's own");
  const { pretrain } = strong;
  return {
    ...shared,
    name: `micro-math/gap-${hiddenSize}`,
    title: `How often proposals beat labels: a student of width ${hiddenSize} (micro-math)`,
    recipe: {
      ...recipe,
      student: { ...recipe.student, optimizer: { ...recipe.student.optimizer, lr: fineTuning } },
    },
    choices,
    bases: {
      ...bases,
      strong: {
        ...strong,
        name: `micro-math-strong-${hiddenSize}`,
        pretrain: {
          ...pretrain,
          architecture: { ...pretrain.architecture, hiddenSize, layers, intermediateSize },
          optimizer: { ...pretrain.optimizer, lr: pretraining },
        },
      },
    },
    arms: ["SFT", "ILR (noisy oracle 0.75)", "ILR (oracle)"].map(inMain) as ExperimentInput["arms"],
  };
}

/** As large as the supervisor; the main experiment's student, of width 96, lies between this and the next. */
export const microMathGap48 = gap({
  ...{ hiddenSize: 48, layers: 3, intermediateSize: 128, pretraining: 3e-3, fineTuning: 1e-3 },
  choices: {
    "bases.strong.pretrain.optimizer.lr": "that of the supervisor, which has the same size",
    "recipe.student.optimizer.lr": "that of the supervisor, which has the same size",
  },
});

/** More than twice as large as the main experiment's student. */
export const microMathGap128 = gap({
  ...{ hiddenSize: 128, layers: 4, intermediateSize: 344, pretraining: 2e-3, fineTuning: 5e-4 },
  choices: {
    "bases.strong.pretrain.optimizer.lr":
      "3e-3, the main experiment's, left a larger loss after 0.4 million tokens than 2e-3 (1.51 against 1.49), and than the smaller model's",
    "recipe.student.optimizer.lr": "that of the main experiment's student, the nearest in size",
  },
});
