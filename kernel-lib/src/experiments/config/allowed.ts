/** What a schema allows, in words. */
import { z } from "zod";

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

/**
 * What a schema allows, for hints.
 *
 * @example
 * allowed(z.number().min(0).max(1)); // "a number from 0 to 1"
 */
export function allowed(schema: z.ZodType): string {
  return inWords(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema);
}

function inWords(schema: JsonSchema): string {
  if (schema.enum) return alternatives(schema.enum.map((value) => JSON.stringify(value)));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return alternatives(schema.anyOf.map(inWords));
  switch (schema.type) {
    case "number":
    case "integer":
      return inRange(schema);
    case "boolean":
      return "true or false";
    case "string":
      return "text";
    case "array":
      return `a list of which each is ${schema.items ? inWords(schema.items) : "anything"}`;
    case "object":
      return schema.properties ? `{ ${Object.keys(schema.properties).join(", ")} }` : "names with values";
    default:
      return "another value";
  }
}

function inRange({ type, minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  const whole = type === "integer";
  const least = minimum ?? (whole && exclusiveMinimum !== undefined ? exclusiveMinimum + 1 : undefined);
  const isBound = (bound: number | undefined): bound is number =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const from = isBound(least) ? ` from ${least}` : isBound(exclusiveMinimum) ? ` over ${exclusiveMinimum}` : "";
  const to = isBound(maximum) ? ` to ${maximum}` : "";
  return `a ${whole ? "whole number" : "number"}${from}${to}`;
}

function alternatives(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
