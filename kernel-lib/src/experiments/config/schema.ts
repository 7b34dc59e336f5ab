/** The one schema of an experiment, whether it comes from a preset, a file or a notebook. */
import { z } from "zod";
import { embeddingSettings, judgeSettings } from "../../judge/index.js";
import { paramsSchemas } from "../../steps/index.js";
import { consistentArmSchema } from "./arms.js";
import { fidelitySchema } from "./fidelity.js";
import { baseSchema } from "./models.js";

const count = z.number().int().positive();
const share = z.number().min(0).max(1);
const temperature = z.number().positive();

/** Results lie in a folder of this name: path segments that stay inside it. */
const experimentName = z.string().regex(/^[A-Za-z0-9][\w@+ -]*(\.[\w@+ -]+)*(\/[A-Za-z0-9][\w@+ -]*(\.[\w@+ -]+)*)*$/, {
  error: "expected letters, digits, - _ . @ and /, such as my/experiment",
});

/** F6 says how losses are weighted. */
const sftSchema = paramsSchemas.sft.omit({ lossWeighting: true });

const recipeSchema = z.strictObject({
  weak: sftSchema,
  student: sftSchema,
  evaluator: paramsSchemas.evaluator,
  dpo: paramsSchemas.dpo,
  evaluatorTemperature: temperature,
  /** Default: by-score. */
  evaluatorPairs: z.enum(["by-score", "one-sided"]).optional(),
  /** Temperature of weak labels and of ILR's proposals. Default: 0. */
  labelTemperature: temperature.optional(),
  preferenceSampling: z.strictObject({ temperature, samples: count.multipleOf(2) }),
});

export const experimentSchema = z.strictObject({
  name: experimentName,
  title: z.string(),
  /** What of the paper this is, such as "Fig. 4". */
  paper: z.string().optional(),
  /** What the kit chose because the paper does not say, by the field's dotted path: the reason. */
  choices: z.record(z.string(), z.string()).optional(),
  task: z.string(),
  seeds: z.array(z.number().int().min(0)).nonempty(),
  rounds: z.strictObject({ ilr: count, dpo: count }),
  /** Share of pairs that DPO trains on and cap on the share of labels that ILR replaces (paper: 0.15). */
  alpha: share,
  fidelity: fidelitySchema,
  /** Whose answers the student is taught: the weak supervisor's, only its correct ones (`cor`), or people's. */
  demonstrations: z.enum(["weak", "correct-weak", "human"]).default("weak"),
  recipe: recipeSchema,
  /** Longest answer in tokens, EOS included. Default: the task's. */
  maxAnswerTokens: count.optional(),
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
  /** Train the evaluator even if no arm asks it. */
  trainEvaluator: z.boolean().optional(),
  /** Who judges answers (tasks that a judge grades; comparisons "judge"). Keys stay in the environment. */
  judge: judgeSettings.optional(),
  /** Who embeds answers (tasks whose agreement is a similarity). */
  embedding: embeddingSettings.optional(),
  /**
   * How people are asked: how many pairs they compare in a round (default: all), in how much time each (default: 10 s), with how many gold
   * pairs for each of them (default: 0.2); and how many demonstrations the human study had them give.
   */
  human: z
    .strictObject({
      demonstrations: count,
      comparisonsPerRound: count,
      secondsPerPair: z.number().positive(),
      goldShare: share,
    })
    .partial()
    .optional(),
  /** Use only the first so many questions of a split. */
  limit: z.strictObject({ train: count, validation: count, test: count }).partial().default({}),
  /** Also score every model on the validation split, where learning rates and the like may be chosen. */
  validate: z.boolean().default(false),
  /** Estimate the KL divergence from the SFT model at every point. */
  kl: z.boolean().default(true),
});

export type ExperimentInput = z.input<typeof experimentSchema>;
export type Experiment = z.output<typeof experimentSchema>;
