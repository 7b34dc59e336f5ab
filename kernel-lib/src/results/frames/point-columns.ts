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
    meaning: "What the arm does: weak, sft, sft-ground-truth, ilr, naive-ilr or dpo.",
  },
  round: {
    type: "integer",
    unit: "round",
    meaning: "Round of ILR or DPO, from 1; 0 is a model before the first round.",
  },
} as const;
