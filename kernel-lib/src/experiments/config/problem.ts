/** What is wrong with a config: which field, what was got, what is allowed. */
import { z } from "zod";
import { LabError, nearestName } from "../../core/index.js";
import { allowed } from "./allowed.js";
import { fieldsOf, isMembers, optionFor, type Path, schemaAt, unwrapped, valueAt } from "./walk.js";

/** The first thing that a schema finds wrong. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}

type Issue = z.core.$ZodIssue;

/**
 * The output of a schema.
 *
 * @param locate says where a field was written, such as "my.yaml:12:7"; undefined: nowhere known.
 * @throws LabError `config-invalid` naming the field, what was got and what is allowed.
 */
export function parseWith<S extends z.ZodType>(
  schema: S,
  input: unknown,
  locate?: (path: Path) => string | undefined,
): z.output<S> {
  let parsed: z.ZodSafeParseResult<z.output<S>>;
  try {
    parsed = schema.safeParse(input);
  } catch (cause) {
    throw new LabError("config-invalid", "the experiment cannot be read", { cause, hint: "expected plain data" });
  }
  if (parsed.success) return parsed.data;
  const { path, message, hint } = describe(schema, input, mostTelling(parsed.error.issues), []);
  const place = locate?.(path);
  throw new LabError("config-invalid", place === undefined ? message : `${place}: ${message}`, { hint });
}

/** A name that nobody knows says why another one is missing. */
function mostTelling(issues: readonly Issue[]): Issue {
  return issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!;
}

function describe(schema: z.ZodType, input: unknown, issue: Issue, before: Path): Problem {
  const here = issue.path as Path;
  const [path, got, at] = [[...before, ...here], valueAt(input, here), schemaAt(schema, input, here)];
  if (issue.code === "invalid_union" && isMembers(got)) {
    const inner = insideUnion(unionAt(schema, input, here), got);
    if (inner) return describe(inner.option, got, inner.issue, path);
  }
  if (issue.code === "unrecognized_keys") return unknownField(path, issue.keys[0]!, fieldsOf(at));
  const field = path.join(".") || "the experiment";
  const expected = at && path.length > 0 ? `expected ${allowed(at)}; ` : "";
  const said = issue.message === "Invalid input" && at ? `expected ${allowed(at)}` : issue.message;
  const message =
    got === undefined && path.length > 0 ? `${field} is missing` : `${field} is ${shown(got, path)}: ${said}`;
  return { path, message, hint: `${expected}ilr plan NAME --config shows a whole config` };
}

/** The union itself, where `schemaAt` gives one of its options. */
function unionAt(schema: z.ZodType, input: unknown, path: Path): z.ZodType | undefined {
  if (path.length === 0) return unwrapped(schema);
  const parent = schemaAt(schema, input, path.slice(0, -1));
  const last = path.at(-1)!;
  if (parent instanceof z.ZodArray) return unwrapped(parent.element as z.ZodType);
  return parent instanceof z.ZodObject ? unwrapped(parent.shape[last] as z.ZodType) : undefined;
}

function insideUnion(
  union: z.ZodType | undefined,
  got: unknown,
): { readonly option: z.ZodType; readonly issue: Issue } | undefined {
  const option = union instanceof z.ZodUnion ? optionFor(union, got) : undefined;
  const issues = option?.safeParse(got).error?.issues;
  return option && issues && { option, issue: mostTelling(issues) };
}

function unknownField(path: Path, key: string, known: readonly string[]): Problem {
  const near = nearestName(key, known);
  return {
    path: [...path, key],
    message: `unknown field ${[...path, key].join(".")}`,
    hint: near ? `did you mean ${near}?` : `fields here: ${known.join(", ")}`,
  };
}

/** A value in an error message. Around judges nothing is repeated: people paste keys where names belong. */
function shown(value: unknown, [first]: Path): string {
  if (first === "judge" || first === "embedding") return "not allowed";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > 100 ? `${text.slice(0, 100)}...` : text;
  } catch {
    return "an object that JSON cannot hold";
  }
}
