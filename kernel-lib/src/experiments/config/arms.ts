/** One curve of a figure: a method, and where its comparisons come from. */
import { z } from "zod";
import { ERRORS } from "../../methods/index.js";
import { preferenceLossSchema } from "../../steps/index.js";
import { fidelityOverridesSchema } from "./fidelity.js";

const count = z.number().int().positive();
const share = z.number().min(0).max(1);

/** Sources that are asked by name. */
export const NAMED_SOURCES = ["evaluator", "oracle", "random", "judge", "human"] as const;
const SOURCES = '"evaluator", "oracle", "random", "judge", "human" or { noisyOracle: a number from 0.5 to 1 }';

/** Where an arm's comparisons come from. */
export const comparisonsSchema = z.union(
  [
    z.enum(NAMED_SOURCES),
    z.strictObject({ noisyOracle: z.number().min(0.5).max(1), errors: z.enum(ERRORS).optional() }),
  ],
  { error: `expected ${SOURCES}` },
);

export const METHODS = ["sft", "sft-ground-truth", "ilr", "naive-ilr", "dpo"] as const;

export const armSchema = z.strictObject({
  name: z.string().min(1),
  method: z.enum(METHODS),
  comparisons: comparisonsSchema.optional(),
  /** Overrides of the experiment's fidelity flags for this arm. */
  fidelity: fidelityOverridesSchema.optional(),
  rounds: count.optional(),
  alpha: share.optional(),
  /** DPO: strength of the KL anchor, in place of the recipe's. */
  beta: z.number().positive().optional(),
  /** DPO: the loss in place of the recipe's (reviewers: IPO), or a formula of your own. */
  loss: preferenceLossSchema.optional(),
  /** DPO: share of preferences taken to be the wrong way round (reviewers: conservative DPO). */
  labelSmoothing: z.number().min(0).max(0.5).optional(),
  lr: z.number().positive().optional(),
});
export type Arm = z.output<typeof armSchema>;

/** Fields that only DPO has. */
const DPO_ONLY = ["beta", "loss", "labelSmoothing"] as const;

/** What the types of an arm's fields cannot say. */
export const consistentArmSchema = armSchema
  .refine((arm) => arm.comparisons !== undefined || !["ilr", "dpo"].includes(arm.method), {
    path: ["comparisons"],
    error: `this method compares: expected ${SOURCES}`,
  })
  .refine((arm) => arm.lr === undefined || !arm.method.startsWith("sft"), {
    path: ["lr"],
    error: "SFT is what all arms share: change recipe.student.optimizer.lr instead",
  })
  .check((context) => {
    const arm = context.value;
    const field = DPO_ONLY.find((name) => arm[name] !== undefined);
    if (field === undefined || arm.method === "dpo") return;
    const message = `only DPO has ${field}: expected method "dpo", or no ${field}`;
    context.issues.push({ code: "custom", path: [field], input: arm[field], message });
  });
