import type { Json } from "../core/index.js";
import type { StoreContext } from "./context.js";
import { lookup } from "./lookup.js";
import { type ActionDocument, type ActionRecord, keyOf, readRecords, verbOf } from "./records.js";

/** One field that differs from the nearest recorded step. Undefined: the field is not there. */
export interface Difference {
  /** Dotted, such as "params.optimizer.lr" or "inputs.model". */
  readonly field: string;
  readonly was: Json | undefined;
  readonly now: Json | undefined;
  /** For inputs that steps made: why that input is another one. */
  readonly because: readonly Difference[];
}

/** Why a step would run, or that it would not. */
export interface Explanation {
  readonly key: string;
  readonly verb: string;
  /** `cached`: it would not run. `changed`: it differs from a recorded one. `new`: nothing like it is recorded. */
  readonly status: "cached" | "changed" | "new";
  /** The recorded step that differs least. */
  readonly nearest?: { readonly key: string; readonly label: string; readonly endedAt: string };
  readonly differences: readonly Difference[];
}

/**
 * Which field of which input makes a step run again, by comparing it with the nearest recorded one of the same verb or derivation.
 */
export async function explain(context: StoreContext, document: ActionDocument): Promise<Explanation> {
  const key = keyOf(document);
  const verb = verbOf(document);
  if (await lookup(context, key)) return { key, verb, status: "cached", differences: [] };
  const records = await readRecords(context);
  const nearest = nearestRecord(document, records);
  if (nearest === undefined) return { key, verb, status: "new", differences: [] };
  const { label, endedAt } = nearest;
  const differences = compare(nearest.document, document, makersOf(records), new Set());
  return { key, verb, status: "changed", nearest: { key: nearest.key, label, endedAt }, differences };
}

/** An explanation as lines for a terminal. */
export function formatExplanation(explanation: Explanation): string {
  const head = `${explanation.verb} ${explanation.key.slice(0, 12)}`;
  if (explanation.status === "cached") return `${head} is in the store and would not run.`;
  if (explanation.nearest === undefined) return `${head} would run: no ${explanation.verb} is in the store.`;
  const { label, key, endedAt } = explanation.nearest;
  const lines = [`${head} would run. Nearest: "${label}" (${key.slice(0, 12)}, ${endedAt}). What differs:`];
  const show = (differences: readonly Difference[], indent: string): void => {
    for (const { field, was, now, because } of differences) {
      lines.push(`${indent}${field}: was ${brief(was)}, is ${brief(now)}`);
      show(because, `${indent}  `);
    }
  };
  show(explanation.differences, "  ");
  return lines.join("\n");
}

function brief(value: Json | undefined): string {
  if (value === undefined) return "absent";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 24 ? `${text.slice(0, 21)}...` : text;
}

/** The recorded document of the same verb with the fewest differing fields; the latest of equals. */
function nearestRecord(document: ActionDocument, records: readonly ActionRecord[]): ActionRecord | undefined {
  let nearest: ActionRecord | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const record of records) {
    if (record.document.kind !== document.kind || verbOf(record.document) !== verbOf(document)) continue;
    const distance = differingFields(record.document, document).length;
    if (distance > fewest || (distance === fewest && nearest && record.endedAt <= nearest.endedAt)) continue;
    nearest = record;
    fewest = distance;
  }
  return nearest;
}

type Maker = (ref: Json | undefined) => ActionRecord | undefined;

/** Finds the record that made a reference. */
function makersOf(records: readonly ActionRecord[]): Maker {
  const makers = new Map<string, ActionRecord>();
  for (const record of records) for (const { ref } of Object.values(record.outputs)) makers.set(ref, record);
  return (ref) => (typeof ref === "string" ? makers.get(ref) : undefined);
}

function compare(
  before: ActionDocument,
  after: ActionDocument,
  maker: Maker,
  seen: Set<string>,
): readonly Difference[] {
  return differingFields(before, after).map(({ field, was, now }) => {
    const [madeBefore, madeAfter] = field.startsWith("inputs.") ? [maker(was), maker(now)] : [];
    const pair = `${madeBefore?.key} ${madeAfter?.key}`;
    const comparable =
      madeBefore && madeAfter && !seen.has(pair) && verbOf(madeBefore.document) === verbOf(madeAfter.document);
    if (!comparable) return { field, was, now, because: [] };
    seen.add(pair);
    return { field, was, now, because: compare(madeBefore.document, madeAfter.document, maker, seen) };
  });
}

function differingFields(before: ActionDocument, after: ActionDocument): Omit<Difference, "because">[] {
  const [x, y] = [flatten(fieldsOf(before)), flatten(fieldsOf(after))];
  const fields = [...new Set([...x.keys(), ...y.keys()])].sort();
  return fields
    .map((field) => ({ field, was: x.get(field), now: y.get(field) }))
    .filter(({ was, now }) => JSON.stringify(was) !== JSON.stringify(now));
}

/** The document without the wrapping, so that fields read as the user wrote them: "params.epochs", not "step.params.epochs". */
function fieldsOf(document: ActionDocument): Json {
  const { kind: _, ...rest } = document;
  const { step, derivation, ...others } = rest as unknown as {
    readonly [key: string]: { readonly [key: string]: Json };
  };
  return { ...(step ?? derivation), ...others };
}

/** Leaves by dotted path; empty lists and objects count as leaves. */
function flatten(value: Json, prefix = "", leaves = new Map<string, Json>()): Map<string, Json> {
  const members = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (members.length === 0) leaves.set(prefix, value);
  for (const [name, member] of members) {
    if (member !== undefined) flatten(member as Json, prefix === "" ? name : `${prefix}.${name}`, leaves);
  }
  return leaves;
}
