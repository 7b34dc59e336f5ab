import { z } from "zod";
import type { Outcome } from "../results/index.js";

/** The member of an output's metadata that says what the output shows and which run is behind it. */
export const METADATA_KEY = "ilr-lab";

const outcomes = ["holds", "contradicted", "inconclusive", "not tested"] as const satisfies readonly (
  | Outcome
  | "not tested"
)[];

const kindSchema = z.enum(["figure", "claims", "summary", "table", "answers", "labels"]);

const intervalSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });

/** Notebooks of before have no p-values, and their first reading alone decides. */
const readingSchema = z.object({
  compares: z.string(),
  run: z.string().optional(),
  difference: intervalSchema,
  p: z.number().min(0).max(1).optional(),
  adjusted: z.number().min(0).max(1).nullish(),
  outcome: z.enum(outcomes),
  note: z.string().optional(),
});

const claimSchema = z.object({
  claim: z.string().min(1),
  statement: z.string(),
  outcome: z.enum(outcomes),
  readings: z.array(readingSchema),
  missing: z.string().nullish(),
});

const provenanceSchema = z.object({
  experiment: z.string().min(1),
  title: z.string(),
  seeds: z.array(z.int().min(0)),
  machine: z.string(),
  backend: z.string(),
  started: z.iso.datetime({ offset: true }),
  ended: z.iso.datetime({ offset: true }),
  versions: z.record(z.string(), z.string()),
  counts: z.object({ executed: z.int().min(0), cached: z.int().min(0) }),
  keys: z.array(z.string().regex(/^(sha256:)?[0-9a-f]{64}$/)),
  recorded: z.boolean(),
});

/** What an output shows. */
export type OutputKind = z.infer<typeof kindSchema>;

/** The run behind an output. */
export type Provenance = Readonly<z.infer<typeof provenanceSchema>>;

/** What a run says about a claim of the paper, as an output carries it. */
export type ClaimReading = Readonly<z.infer<typeof claimSchema>>;

/** What could be understood of an output's metadata, and a sentence for each field that could not. */
export interface OutputMetadata {
  readonly kind?: OutputKind;
  readonly provenance?: Provenance;
  readonly claims?: readonly ClaimReading[];
  readonly problems: readonly string[];
}

/**
 * Reads the kit's own metadata of an output. Fields stand for themselves: a damaged one leaves the others usable.
 *
 * @example
 * readMetadata({ "ilr-lab": { kind: "figure" } }); // { kind: "figure", problems: [] }
 */
export function readMetadata(metadata: unknown): OutputMetadata {
  const own = isRecord(metadata) ? metadata[METADATA_KEY] : undefined;
  if (own === undefined) return { problems: [] };
  if (!isRecord(own)) return { problems: ["it is not an object"] };
  const problems: string[] = [];
  const read = <T>(name: string, schema: z.ZodType<T>): T | undefined => {
    if (own[name] === undefined) return undefined;
    const result = schema.safeParse(own[name]);
    if (result.success) return result.data;
    const { path, message } = result.error.issues[0]!;
    problems.push(`${[name, ...path].join(".")}: ${message}`);
    return undefined;
  };
  const kind = read("kind", kindSchema);
  const provenance = read("provenance", provenanceSchema);
  const claims = read("claims", z.array(claimSchema));
  return { ...(kind && { kind }), ...(provenance && { provenance }), ...(claims && { claims }), problems };
}

/** True for objects that are no lists. */
export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
