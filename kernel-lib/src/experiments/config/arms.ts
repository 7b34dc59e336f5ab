/** One curve of a figure: a method, and where its comparisons come from. */
import { z } from "zod";
import { ERRORS } from "../../methods/index.js";
import { preferenceLossSchema } from "../../steps/index.js";
import { fidelityOverridesSchema } from "./fidelity.js";

const count = z.number().int().positive();
const share = z.number().min(0).max(1);

/** Sources that are asked by name. */
export const NAMED_SOURCES = ["evaluator", "oracle", "random", "judge", "human"] as const;
const SOURCES =
  '"evaluator", "oracle", "random", "judge", "human", { noisyOracle: a number from 0.5 to 1 } or { own: a name }';

/** A function of the user's, by name. Whoever runs the experiment has it; the digest says which function it was. */
const ownSchema = z.strictObject({
  own: z.string().min(1),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "expected the 64 hex digits of a sha256")
    .optional(),
});
export type OwnReference = z.output<typeof ownSchema>;

/** Where an arm's comparisons come from. */
export const comparisonsSchema = z.union(
  [
    z.enum(NAMED_SOURCES),
    z.strictObject({ noisyOracle: z.number().min(0.5).max(1), errors: z.enum(ERRORS).optional() }),
    ownSchema,
  ],
  { error: `expected ${SOURCES}` },
);

export const METHODS = [
  ...(["sft", "sft-ground-truth", "ilr", "naive-ilr", "dpo"] as const),
  // Asked for by the paper's reviewers: ILR's loop with another rule, and SFT in DPO's loop.
  ...(["drop-doubtful", "keep-agreed", "replace-all", "two-agree", "sft-on-chosen"] as const),
] as const;

export const armSchema = z.strictObject({
  name: z.string().min(1),
  method: z.enum(METHODS),
  comparisons: comparisonsSchema.optional(),
  /** ILR: a refinement rule of the user's, in place of the paper's. */
  refine: ownSchema.optional(),
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
  /** DPO's pairs: the policy's own samples (default), or labels against proposals, as ILR makes them. */
  pairs: z.enum(["samples", "labels"]).optional(),
  /** ILR's proposals: by models that were not trained on the label (default: cross-labelling), or by one that was trained on all. */
  proposals: z.enum(["cross", "self"]).optional(),
  /** SFT on chosen answers: start each round from the last model (default; the first is SFT's), or from the pretrained weights. */
  from: z.enum(["sft", "pretrained"]).optional(),
});
export type ArmInput = z.input<typeof armSchema>;
export type Arm = z.output<typeof armSchema>;

/** Methods that ask a source. */
const COMPARING: readonly Arm["method"][] = ["ilr", "drop-doubtful", "dpo", "sft-on-chosen"];

/** Fields that only some methods have, and what these are called. */
const ONLY: Readonly<
  Partial<Record<keyof Arm, { readonly name: string; readonly methods: readonly Arm["method"][] }>>
> = {
  refine: { name: "ILR", methods: ["ilr"] },
  beta: { name: "DPO", methods: ["dpo"] },
  loss: { name: "DPO", methods: ["dpo"] },
  labelSmoothing: { name: "DPO", methods: ["dpo"] },
  pairs: { name: "a method that trains on preferences", methods: ["dpo", "sft-on-chosen"] },
  from: { name: "SFT on chosen answers", methods: ["sft-on-chosen"] },
  proposals: {
    name: "a method with one proposal a label",
    methods: ["ilr", "naive-ilr", "drop-doubtful", "keep-agreed", "replace-all"],
  },
};

/** What the types of an arm's fields cannot say. */
export const consistentArmSchema = armSchema
  .refine((arm) => arm.comparisons !== undefined || !COMPARING.includes(arm.method), {
    path: ["comparisons"],
    error: `this method compares: expected ${SOURCES}`,
  })
  .refine((arm) => arm.lr === undefined || (arm.method !== "sft" && arm.method !== "sft-ground-truth"), {
    path: ["lr"],
    error: "SFT is what all arms share: change recipe.student.optimizer.lr instead",
  })
  .check((context) => {
    const arm = context.value;
    for (const [field, { name, methods }] of Object.entries(ONLY)) {
      const value = arm[field as keyof Arm];
      if (value === undefined || methods.includes(arm.method)) continue;
      const expected = methods.map((method) => JSON.stringify(method)).join(" or ");
      const message = `only ${name} has ${field}: expected method ${expected}, or no ${field}`;
      context.issues.push({ code: "custom", path: [field], input: value, message });
      return;
    }
  });
