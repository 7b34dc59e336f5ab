/** Where a path leads in a schema, given the value beside it: a union's option is the one that the value seems to mean. */
import { z } from "zod";

export type Path = readonly (string | number)[];
/** Objects of any kind but lists. */
export type Members = { readonly [key: string]: unknown };

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own member; never one that the prototype has. */
export function memberOf(value: unknown, key: string | number): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined;
}

export const valueAt = (value: unknown, path: Path): unknown => path.reduce(memberOf, value);

/** The schema at a path, without defaults and options around it; undefined where there is none. */
export function schemaAt(schema: z.ZodType, value: unknown, path: Path): z.ZodType | undefined {
  let [at, there]: [z.ZodType | undefined, unknown] = [resolved(schema, value), value];
  for (const key of path) {
    there = memberOf(there, key);
    at = at && resolved(childOf(at, key), there);
  }
  return at;
}

/** Fields of an object schema. */
export function fieldsOf(schema: z.ZodType | undefined): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function childOf(schema: z.ZodType, key: string | number): z.ZodType | undefined {
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (!(schema instanceof z.ZodObject)) return undefined;
  return Object.hasOwn(schema.shape, key) ? (schema.shape[key] as z.ZodType) : undefined;
}

/** Without defaults, options and transforms; of a union, the option that the value means. */
function resolved(schema: z.ZodType | undefined, value: unknown): z.ZodType | undefined {
  const inner = schema && unwrapped(schema);
  if (!(inner instanceof z.ZodUnion)) return inner;
  return isMembers(value) || value === undefined ? optionFor(inner, value) : inner;
}

export function unwrapped(schema: z.ZodType): z.ZodType {
  let at = schema;
  while (at instanceof z.ZodDefault || at instanceof z.ZodOptional) at = at.unwrap() as z.ZodType;
  return at instanceof z.ZodPipe ? unwrapped(at.in as z.ZodType) : at;
}

/** Among the objects that a union allows, the one with most of the value's fields. */
export function optionFor(union: z.ZodUnion, value: unknown): z.ZodType | undefined {
  const objects = (union.options as readonly z.ZodType[])
    .map(unwrapped)
    .filter((option) => option instanceof z.ZodObject);
  const shared = (option: z.ZodObject): number =>
    fieldsOf(option).filter((field) => memberOf(value, field) !== undefined).length;
  return objects.sort((x, y) => shared(y) - shared(x))[0];
}
