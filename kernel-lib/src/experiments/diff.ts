/** How two experiments differ, field by field. */
import { isDeepStrictEqual } from "node:util";
import type { Experiment } from "./config.js";

/** One difference; undefined where a side does not have the field. */
export interface FieldDifference {
  /** Such as "recipe.dpo.beta" or "arms[ILR (oracle)].alpha": what `--set` takes. */
  readonly path: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** What an experiment is called and says of itself is no part of what it does. */
const DESCRIPTIONS = new Set(["name", "title", "paper", "choices"]);

/**
 * The fields in which two experiments differ, in the order of the schema. Arms are matched by name; whatever only one side has is one
 * difference, whole. Names, titles and reasons are left out.
 *
 * @example
 * diffExperiments(parseExperiment(presetByName("gsm8k/main", "paper")), parseExperiment(presetByName("gsm8k/main", "small")));
 * // [{ path: "rounds.ilr", a: 6, b: 3 }, ...]
 */
export function diffExperiments(a: Experiment, b: Experiment): readonly FieldDifference[] {
  const described = (experiment: Experiment): object =>
    Object.fromEntries(Object.entries(experiment).filter(([field]) => !DESCRIPTIONS.has(field)));
  return differences("", described(a), described(b));
}

function differences(path: string, a: unknown, b: unknown): readonly FieldDifference[] {
  if (isDeepStrictEqual(a, b)) return [];
  const [left, right] = [membersOf(a), membersOf(b)];
  if (!left || !right || left.isList !== right.isList) return [{ path, a, b }];
  const keys = [...new Set([...left.members.keys(), ...right.members.keys()])];
  const inside = keys.flatMap((key) =>
    differences(
      left.isList ? `${path}[${key}]` : path ? `${path}.${key}` : key,
      left.members.get(key),
      right.members.get(key),
    ),
  );
  // The same entries in another order.
  return inside.length > 0 ? inside : [{ path, a: [...left.members.keys()], b: [...right.members.keys()] }];
}

interface Members {
  readonly isList: boolean;
  readonly members: ReadonlyMap<string, unknown>;
}

/** Members of an object, or of a list whose entries have names; other values are compared whole. */
function membersOf(value: unknown): Members | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value)) {
    return { isList: false, members: new Map(Object.entries(value).filter(([, member]) => member !== undefined)) };
  }
  const named = value.map((entry: unknown) => [(entry as { readonly name?: unknown } | null)?.name, entry] as const);
  return named.length > 0 && named.every(([name]) => typeof name === "string")
    ? { isList: true, members: new Map(named as (readonly [string, unknown])[]) }
    : undefined;
}
