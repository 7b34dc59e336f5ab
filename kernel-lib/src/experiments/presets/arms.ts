/** The curves of each experiment, the same at every size: what differs between profiles is models, data and rounds. */
import type { ExperimentInput } from "../config.js";

type Arms = ExperimentInput["arms"];
type ArmInput = Arms[number];

const sft: ArmInput = { name: "SFT", method: "sft" };
const ilrEvaluator: ArmInput = { name: "ILR (evaluator)", method: "ilr", comparisons: "evaluator" };
const dpoEvaluator: ArmInput = { name: "DPO (evaluator)", method: "dpo", comparisons: "evaluator" };
const sftGroundTruth: ArmInput = { name: "SFT on ground truth", method: "sft-ground-truth" };
const dpoEvaluatorAsReleased: ArmInput = {
  name: "DPO (evaluator, as released)",
  method: "dpo",
  comparisons: "evaluator",
  fidelity: { dpoEvaluatorOrder: "as-released" },
};
const ilrOracle: ArmInput = { name: "ILR (oracle)", method: "ilr", comparisons: "oracle" };
const dpoOracle: ArmInput = { name: "DPO (oracle)", method: "dpo", comparisons: "oracle" };
const naive: ArmInput = { name: "Naive ILR", method: "naive-ilr" };

/** Figure 4. Comparisons of DPO with ILR report both variants of F1. */
export const mainArms: Arms = [sft, sftGroundTruth, ilrEvaluator, dpoEvaluator, dpoEvaluatorAsReleased];

/** The same with every flag as released: nothing is left to compare variants of. */
export const asReleasedArms: Arms = [sft, ilrEvaluator, dpoEvaluator];

/** Sec. 5.2: what comparisons do for ILR. */
export const naiveArms: Arms = [sft, ilrEvaluator, naive];

/** Supervision quality: reliable comparisons, after unreliable (`ora`) or reliable (`corora`) demonstrations. */
export const oracleArms: Arms = [sft, ilrOracle, dpoOracle];

/** The evaluator alone; SFT is the student that every experiment starts from. */
export const evaluatorArms: Arms = [sft];

/** Sec. 6: people in place of the evaluator. */
export const humanArms: Arms = [
  sft,
  { name: "ILR (human)", method: "ilr", comparisons: "human" },
  { name: "DPO (human)", method: "dpo", comparisons: "human" },
];

/** Around the paper's 0.1, in half decades. */
export const BETAS: readonly number[] = [0.01, 0.03, 0.1, 0.3, 1];

/** Figures 3a and 3b: how far the policy may go from SFT, by how far comparisons can be trusted. */
export const betaSweepArms: Arms = [
  sft,
  ...BETAS.flatMap((beta): ArmInput[] => [
    { name: `DPO (evaluator, beta ${beta})`, method: "dpo", comparisons: "evaluator", beta },
    { name: `DPO (noisy oracle 0.75, beta ${beta})`, method: "dpo", comparisons: { noisyOracle: 0.75 }, beta },
    { name: `DPO (oracle, beta ${beta})`, method: "dpo", comparisons: "oracle", beta },
  ]),
];

/** The part of it that claim C5 is read from. */
export const evaluatorBetaArms: Arms = betaSweepArms.filter(
  ({ comparisons }) => comparisons !== "oracle" && typeof comparisons !== "object",
);

const noisy = { noisyOracle: 0.75 } as const;
const ilrNoisy: ArmInput = { name: "ILR (noisy oracle 0.75)", method: "ilr", comparisons: noisy };
const dpoNoisy: ArmInput = { name: "DPO (noisy oracle 0.75)", method: "dpo", comparisons: noisy };

/** The main experiment of the micro tasks: figure 4's arms, with comparisons of known and of perfect reliability, and without any. */
export const microMainArms: Arms = [
  sft,
  sftGroundTruth,
  ilrEvaluator,
  ilrNoisy,
  ilrOracle,
  naive,
  dpoEvaluator,
  dpoEvaluatorAsReleased,
  dpoNoisy,
  dpoOracle,
];

/** A taste of it. */
export const microQuickArms: Arms = [sft, ilrNoisy, dpoNoisy];
