import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { z } from "zod";
import { canonicalJson, type Digest, digestOf, type Json, LabError } from "../core/index.js";
import type { ArtifactRef, Step } from "../steps/index.js";
import { assertWritable, type StoreContext } from "./context.js";
import { storeFailure, systemCode } from "./failures.js";
import { isDigest } from "./layout.js";
import { machineSchema } from "./machine.js";
import { publishFile } from "./publish.js";
import { quarantine } from "./quarantine.js";

/** Everything that a step's outputs depend on; its digest is the key. */
export interface StepDocument {
  readonly kind: "step";
  readonly step: Step;
  /** Digest of the trainer's code and version. */
  readonly trainer: Digest;
  readonly salt: string;
}

/** Everything that a derivation's outputs depend on; its digest is the key. */
export interface DerivationDocument {
  readonly kind: "derive";
  readonly derivation: {
    readonly name: string;
    readonly contract: number;
    readonly params: Json;
    readonly inputs: Readonly<Record<string, ArtifactRef>>;
  };
  /** Digest of the library code that derivations run. */
  readonly code: Digest;
  readonly salt: string;
}

export type ActionDocument = StepDocument | DerivationDocument;

/** The key of a document: sha256 of its canonical JSON. Paths, times, hosts and labels are not in it. */
export function keyOf(document: ActionDocument): string {
  return digestOf(document as unknown as Json);
}

/** The inputs of a document, whatever its kind. */
export function inputsOfDocument(document: ActionDocument): Readonly<Record<string, ArtifactRef>> {
  return document.kind === "step" ? document.step.inputs : document.derivation.inputs;
}

/** What a document does: its verb, or the derivation's name. */
export function verbOf(document: ActionDocument): string {
  return document.kind === "step" ? document.step.verb : document.derivation.name;
}

const refSchema = z.custom<ArtifactRef>(
  (value) => typeof value === "string" && /^(file|tree):[0-9a-f]{64}$/.test(value),
);
const documentSchema = z.custom<ActionDocument>(
  (value) =>
    typeof value === "object" && value !== null && "kind" in value && /^(step|derive)$/.test(String(value.kind)),
);

const outputSchema = z.object({
  ref: refSchema,
  /** Bytes; of a tree, the sum over its files. */
  size: z.number(),
  /** JSON Lines files: number of rows. */
  rows: z.number().optional(),
  /** Models: number of parameters. */
  parameters: z.number().optional(),
});

const recordSchema = z.object({
  format: z.literal(1),
  key: z.string(),
  label: z.string(),
  document: documentSchema,
  outputs: z.record(z.string(), outputSchema),
  /** Who ran it; the name of a backend, or "derive". */
  trainer: z.object({ name: z.string(), identity: z.string() }),
  /** Of this package, node and onnxruntime. */
  versions: z.record(z.string(), z.string()),
  machine: machineSchema,
  /** ISO 8601, UTC. */
  startedAt: z.string(),
  endedAt: z.string(),
  seconds: z.number(),
  events: z.object({
    count: z.number(),
    /** Last value of each metric. */
    metrics: z.record(z.string(), z.number()),
    notes: z.array(z.string()),
  }),
});

export type OutputRecord = z.infer<typeof outputSchema>;

/** What one executed step or derivation left: its document, its outputs, and (for people, never in the key) how it came to be. */
export type ActionRecord = z.infer<typeof recordSchema>;

/**
 * Writes a record; from then on the step is a hit. The outputs must be in the store already.
 * A seal (digest of the record) tells a damaged record from a sound one.
 */
export async function writeRecord(context: StoreContext, record: ActionRecord): Promise<void> {
  assertWritable(context);
  if (keyOf(record.document) !== record.key)
    throw new LabError("internal", `record ${record.key} is not of its document`);
  const body = record as unknown as { readonly [key: string]: Json };
  const text = `${canonicalJson({ ...body, seal: digestOf(body) })}\n`;
  await publishFile(
    context,
    (temporary) => writeFile(temporary, text),
    () => context.paths.record(record.key),
  );
}

/** The record of a key; undefined if there is none. A damaged one is quarantined, said aloud, and counts as none. */
export async function readRecord(context: StoreContext, key: string): Promise<ActionRecord | undefined> {
  if (!isDigest(key)) return undefined;
  const path = context.paths.record(key);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw storeFailure(error, `reading the record ${key}`);
  }
  const record = parseRecord(text);
  if (record?.key === key) return record;
  const isWhole = async (moved: string): Promise<boolean> => parseRecord(await readFile(moved, "utf8"))?.key === key;
  await quarantine(context, path, `the record ${key} is damaged`, isWhole);
  return undefined;
}

/** Every sound record, in no particular order. */
export async function readRecords(context: StoreContext): Promise<readonly ActionRecord[]> {
  const records: ActionRecord[] = [];
  for (const key of await recordKeys(context)) {
    const record = await readRecord(context, key);
    if (record) records.push(record);
  }
  return records;
}

/** The keys that have a record. */
export async function recordKeys(context: StoreContext): Promise<readonly string[]> {
  const names = await readdir(context.paths.recordFolder).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return [];
    throw storeFailure(error, "listing the records");
  });
  return names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));
}

/**
 * Notes that a record was used just now: the collector spares what was used within its grace period.
 * @returns false if the record is not there (any more).
 */
export async function touchRecord(context: StoreContext, key: string): Promise<boolean> {
  if (!context.writable) return true;
  const now = context.clock() / 1000;
  return utimes(context.paths.record(key), now, now).then(
    () => true,
    (error: unknown) => systemCode(error) !== "ENOENT",
  );
}

function parseRecord(text: string): ActionRecord | undefined {
  try {
    const { seal, ...body } = JSON.parse(text) as { readonly [key: string]: Json };
    if (digestOf(body) !== seal) return undefined;
    const record = recordSchema.parse(body);
    return keyOf(record.document) === record.key ? record : undefined;
  } catch {
    return undefined;
  }
}
