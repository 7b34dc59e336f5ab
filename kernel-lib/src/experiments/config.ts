/** What an experiment is: data, checked by one schema, whether it comes from a preset, a file or a notebook. */
import { z } from "zod";
import { LabError, nearestName } from "../core/index.js";
import { architectureSchema, paramsSchemas } from "../steps/index.js";

const count = z.number().int().positive();
const share = z.number().min(0).max(1);
const variant = z.enum(["as-described", "as-released"]);

const asDescribed = variant.default("as-described");
export const fidelitySchema = z.strictObject({
  dpoEvaluatorOrder: asDescribed,
  alphaBase: asDescribed,
  oracleCap: asDescribed,
  evaluatorBos: asDescribed,
  decoding: asDescribed,
  lossWeighting: asDescribed,
  dpoReference: asDescribed,
  judgeOrder: asDescribed,
  oraclePairs: asDescribed,
});
/** Without defaults: a flag that an arm does not name is the experiment's. */
const fidelityOverridesSchema = z
  .strictObject({
    dpoEvaluatorOrder: variant,
    alphaBase: variant,
    oracleCap: variant,
    evaluatorBos: variant,
    decoding: variant,
    lossWeighting: variant,
    dpoReference: variant,
    judgeOrder: variant,
    oraclePairs: variant,
  })
  .partial();

/** Where an arm's comparisons come from. */
export const comparisonsSchema = z.union(
  [z.enum(["evaluator", "oracle", "random"]), z.strictObject({ noisyOracle: z.number().min(0.5).max(1) })],
  { error: 'expected "evaluator", "oracle", "random" or { noisyOracle: a number from 0.5 to 1 }' },
);

/** One curve of the main figure: a method and where its comparisons come from. */
export const armSchema = z.strictObject({
  name: z.string().min(1),
  method: z.enum(["sft", "sft-ground-truth", "ilr", "naive-ilr", "dpo"]),
  comparisons: comparisonsSchema.optional(),
  /** Overrides of the experiment's fidelity flags for this arm. */
  fidelity: fidelityOverridesSchema.optional(),
  rounds: count.optional(),
  alpha: share.optional(),
  beta: z.number().positive().optional(),
  lr: z.number().positive().optional(),
});

/** What the types of an arm's fields cannot say. */
const consistentArmSchema = armSchema
  .refine((arm) => arm.comparisons !== undefined || !["ilr", "dpo"].includes(arm.method), {
    path: ["comparisons"],
    error: 'this method compares: expected "evaluator", "oracle", "random" or { noisyOracle: 0.75 }',
  })
  .refine((arm) => arm.lr === undefined || !arm.method.startsWith("sft"), {
    path: ["lr"],
    error: "SFT is what all arms share: change recipe.student.optimizer.lr instead",
  });

/** A base model: recorded under results/bases, or pretrained by this description. */
export const baseSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  corpusTokens: count,
  pretrain: paramsSchemas.pretrain.extend({ architecture: architectureSchema.omit({ vocabSize: true }) }),
});

/** F6 says how losses are weighted. */
const sftSchema = paramsSchemas.sft.omit({ lossWeighting: true });

export const experimentSchema = z.strictObject({
  name: z.string(),
  title: z.string(),
  task: z.string(),
  seeds: z.array(z.number().int().min(0)).nonempty(),
  rounds: z.strictObject({ ilr: count, dpo: count }),
  /** Share of pairs that DPO trains on and cap on the share of labels that ILR replaces (paper: 0.15). */
  alpha: share,
  fidelity: fidelitySchema,
  recipe: z.strictObject({
    weak: sftSchema,
    student: sftSchema,
    evaluator: paramsSchemas.evaluator,
    dpo: paramsSchemas.dpo,
    evaluatorTemperature: z.number().positive(),
    /** Default: by-score. */
    evaluatorPairs: z.enum(["by-score", "one-sided"]).optional(),
    preferenceSampling: z.strictObject({ temperature: z.number().positive(), samples: count.multipleOf(2) }),
  }),
  bases: z.strictObject({
    weak: baseSchema,
    strong: baseSchema,
    /** How many pairs of base models there are; seed s uses pair s modulo this. */
    pairs: count,
  }),
  arms: z
    .array(consistentArmSchema)
    .nonempty()
    .refine((arms) => new Set(arms.map(({ name }) => name)).size === arms.length, "two arms have the same name"),
  /** Use only the first so many questions of a split. */
  limit: z.strictObject({ train: count, validation: count, test: count }).partial().default({}),
  /** Estimate the KL divergence from the SFT model at every point. */
  kl: z.boolean().default(true),
});

export type ExperimentInput = z.input<typeof experimentSchema>;
export type Experiment = z.output<typeof experimentSchema>;
export type Arm = z.output<typeof armSchema>;
export type BaseModel = z.output<typeof baseSchema>;

/**
 * Checks a config and fills its defaults.
 * @throws LabError `config-invalid` naming the field, what was got and what is allowed.
 */
export function parseExperiment(input: unknown): Experiment {
  const parsed = experimentSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue!.path.map(String);
  const field = path.join(".") || "the experiment";
  if (issue!.code === "unrecognized_keys") {
    const known = knownKeys(experimentSchema, path);
    const near = nearestName(issue!.keys[0]!, known);
    throw new LabError("config-invalid", `unknown field ${[...path, issue!.keys[0]].join(".")}`, {
      hint: near ? `did you mean ${near}?` : `fields here: ${known.join(", ")}`,
    });
  }
  const got = path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], input);
  throw new LabError("config-invalid", `${field} is ${JSON.stringify(got)}: ${issue!.message}`, {
    hint: "ilr plan shows the whole config of an experiment with --config",
  });
}

function knownKeys(schema: z.ZodType, path: readonly string[]): string[] {
  let current: z.ZodType | undefined = schema;
  for (const key of path) {
    while (current instanceof z.ZodDefault || current instanceof z.ZodOptional) current = current.unwrap() as z.ZodType;
    if (current instanceof z.ZodArray) current = current.element as z.ZodType;
    else if (current instanceof z.ZodObject) current = current.shape[key] as z.ZodType | undefined;
  }
  while (current instanceof z.ZodDefault || current instanceof z.ZodOptional) current = current.unwrap() as z.ZodType;
  return current instanceof z.ZodObject ? Object.keys(current.shape) : [];
}

/**
 * Sets one field of a config by its dotted path; the value is read as JSON, or as text where it is not JSON.
 *
 * @example
 * setField(experiment, "recipe.dpo.beta=0.5");
 * @throws LabError `config-invalid` when the assignment has no `=` or the path leads through something that is no object.
 */
export function setField(experiment: ExperimentInput, assignment: string): ExperimentInput {
  const at = assignment.indexOf("=");
  if (at < 1) {
    throw new LabError("config-invalid", `--set ${assignment}: expected field=value`, {
      hint: "such as --set alpha=0.3",
    });
  }
  const copy = structuredClone(experiment) as Record<string, unknown>;
  const path = assignment.slice(0, at).split(".");
  let target = copy;
  for (const key of path.slice(0, -1)) {
    const next = target[key];
    if (typeof next !== "object" || next === null) {
      const near = nearestName(key, Object.keys(target));
      throw new LabError("config-invalid", `--set ${assignment}: there is no field ${key}`, {
        hint: near ? `did you mean ${near}?` : `fields here: ${Object.keys(target).join(", ")}`,
      });
    }
    target = next as Record<string, unknown>;
  }
  const text = assignment.slice(at + 1);
  try {
    target[path.at(-1)!] = JSON.parse(text);
  } catch {
    target[path.at(-1)!] = text;
  }
  return copy as ExperimentInput;
}
