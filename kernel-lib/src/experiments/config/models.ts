/** Base models as data: pretrained by the kit, or from the Hugging Face Hub. */
import { z } from "zod";
import { architectureSchema, paramsSchemas } from "../../steps/index.js";

const count = z.number().int().positive();
const baseName = z.string().regex(/^[a-z0-9-]+$/);

/** A base model that the kit pretrains by this description, or finds recorded under results/bases. */
export const pretrainedBaseSchema = z.strictObject({
  name: baseName,
  corpusTokens: count,
  pretrain: paramsSchemas.pretrain.extend({ architecture: architectureSchema.omit({ vocabSize: true }) }),
});

/** Sizes of a decoder, as its config.json on the Hub has them; what plans are priced with. Numbers of floats. */
export const hubArchitectureSchema = z.strictObject({
  family: z.enum(["gemma", "gpt-neox", "llama", "mistral"]),
  layers: count,
  hiddenSize: count,
  heads: count,
  /** Grouped-query attention: heads of keys and values. */
  keyValueHeads: count,
  headSize: count,
  intermediateSize: count,
  vocabSize: count,
  maxPositions: count,
  tiedEmbeddings: z.boolean(),
});

/** A base model of the Hub. */
export const hubBaseSchema = z.strictObject({
  name: baseName,
  hub: z.strictObject({
    repo: z.string().regex(/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/, "expected owner/name"),
    /** A branch or tag, looked up when a run starts, or a commit. */
    revision: z
      .string()
      .regex(/^(?!.*\.\.)[A-Za-z0-9][\w./-]*$/, "expected a branch, a tag or a commit")
      .default("main"),
  }),
  /** Number of parameters. */
  parameters: count,
  architecture: hubArchitectureSchema,
  /** The licence's name on the Hub. */
  licence: z.string().min(1),
  /** Whether the Hub asks for an account that has accepted the licence. */
  gated: z.boolean(),
});

export const baseSchema = z.union([pretrainedBaseSchema, hubBaseSchema]);

export type PretrainedBase = z.output<typeof pretrainedBaseSchema>;
export type HubBase = z.output<typeof hubBaseSchema>;
export type BaseModel = PretrainedBase | HubBase;
