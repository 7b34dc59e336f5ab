import { z } from "zod";
import type { Json } from "../core/index.js";
import { CONTRACT, paramsSchemas, VERBS, type Verb } from "./schema.js";

/** References of the store: a file's or a folder's digest. */
const reference = z.string().regex(/^(file|tree):[0-9a-f]{64}$/);

/**
 * The step document as JSON Schema (draft 2020-12), for trainers in other languages: parameters come with every default filled in.
 *
 * @example
 * await writeFile("step.schema.json", JSON.stringify(stepJsonSchema(), null, 2));
 */
export function stepJsonSchema(): Json {
  const documents = VERBS.map((verb) => documentSchema(verb));
  return z.toJSONSchema(z.union(documents as [z.ZodType, z.ZodType]), { io: "output" }) as unknown as Json;
}

function documentSchema(verb: Verb): z.ZodType {
  return z.strictObject({
    verb: z.literal(verb),
    contract: z.literal(CONTRACT),
    params: paramsSchemas[verb],
    inputs: z.record(z.string(), reference),
    seed: z.number().int().min(0),
  });
}
