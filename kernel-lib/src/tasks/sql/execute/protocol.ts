/** What the owner of a query process and the process say to each other. What the process says is checked: it ran hostile SQL. */
import { z } from "zod";
import type { ExecutionLimits } from "./limits.js";

/** The first message to a process: what holds for its whole life. */
export interface Setup {
  readonly limits: ExecutionLimits;
  /** The time that queries see as "now", in milliseconds since 1970. */
  readonly now: number;
}

export type Request =
  | { readonly ask: "query"; readonly database: string; readonly sql: string }
  | { readonly ask: "schema"; readonly database: string };

/** Why a query has no result. */
export const FAILURES = ["refused", "error", "timeout", "memory", "too-large", "crashed"] as const;
export type FailureReason = (typeof FAILURES)[number];

const outcomeSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("rows"),
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    rows: z.int().min(0),
  }),
  z.strictObject({ kind: z.literal("failed"), reason: z.enum(FAILURES), message: z.string().max(1000) }),
]);

/**
 * What came of a query: a digest of the SET of its rows and the number of different rows, or why there is none.
 * Two queries have the same result exactly if both have rows and the digests are the same.
 */
export type Outcome = Readonly<z.infer<typeof outcomeSchema>>;

const tableSchema = z.strictObject({
  name: z.string(),
  sql: z.string(),
  columns: z.array(z.string()),
  foreignKeys: z.array(z.strictObject({ column: z.string(), table: z.string(), to: z.string().nullable() })),
});

/** A table as a prompt tells of it. `to` is null where a foreign key names no column: the other table's primary key. */
export type Table = Readonly<z.infer<typeof tableSchema>>;

const replySchema = z.discriminatedUnion("say", [
  z.strictObject({ say: z.literal("ready") }),
  /** `retire`: the process holds so much memory that a fresh one should go on. */
  z.strictObject({ say: z.literal("outcome"), outcome: outcomeSchema, retire: z.boolean() }),
  z.strictObject({ say: z.literal("tables"), tables: z.array(tableSchema) }),
  /** The database itself cannot be read: no query's fault. */
  z.strictObject({ say: z.literal("unreadable"), message: z.string().max(1000) }),
]);

export type Reply = z.infer<typeof replySchema>;

/** The reply in these bytes; undefined if they hold none. */
export function parseReply(bytes: Uint8Array): Reply | undefined {
  try {
    return replySchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch {
    return undefined;
  }
}

export function failed(reason: FailureReason, message: string): Outcome {
  return { kind: "failed", reason, message: message.slice(0, 300) };
}
