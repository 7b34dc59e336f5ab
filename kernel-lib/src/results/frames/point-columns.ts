/** Columns that many frames have, described once. */
export const pointColumns = {
  seed: { type: "integer", unit: "seed", meaning: "Seed of the models, the splits and all sampling." },
  arm: {
    type: "text",
    unit: "name",
    meaning: "Arm of the experiment: a method with its source of comparisons, or the weak supervisor.",
  },
  method: {
    type: "text",
    unit: "name",
    meaning:
      "What the arm does: weak, sft, sft-ground-truth, ilr, naive-ilr, dpo; of the reviewers' questions sft-on-chosen, drop-doubtful, keep-agreed, replace-all, two-agree.",
  },
  round: {
    type: "integer",
    unit: "round",
    meaning: "Round of ILR or DPO, from 1; 0 is a model before the first round.",
  },
} as const;

/** What refinement did to labels in a round. */
export const changeColumns = {
  accepted: { type: "integer", unit: "labels", meaning: "ILR: labels replaced in this round." },
  fixed: { type: "integer", unit: "labels", meaning: "ILR: wrong labels made right." },
  broken: { type: "integer", unit: "labels", meaning: "ILR: right labels made wrong." },
} as const;

/** How far a model moved. */
export const klColumns = {
  kl: {
    type: "number",
    unit: "nats/answer",
    meaning: "Divergence from the SFT model, estimated on the model's own answers.",
  },
  klError: { type: "number", unit: "nats/answer", meaning: "Standard error of kl." },
} as const;
