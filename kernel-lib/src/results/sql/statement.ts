import { LabError } from "../../core/index.js";

/** A value that a statement may be asked about. */
export type SqlScalar = string | number | bigint | boolean | Date | null;
/** Lists are for `where arm in ${["SFT", "DPO"]}`; their members are of one kind. */
export type SqlValue = SqlScalar | readonly (string | number | bigint | boolean | null)[] | Float64Array | Int32Array;

/** A statement and the values of its parameters `$1`, `$2`, ... */
export interface Statement {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/**
 * The statement of a template: what is interpolated becomes a parameter, never text.
 *
 * @throws LabError `config-invalid` for a plain string, whose values would be text, and for values that SQL has no type for.
 */
export function statementOf(strings: TemplateStringsArray, values: readonly unknown[]): Statement {
  if (!Array.isArray(strings) || !Array.isArray((strings as Partial<TemplateStringsArray>).raw)) {
    throw new LabError("config-invalid", "sql was called as a function; expected a template", {
      hint: "write lab.sql`select ...`, without parentheses: interpolated values then become parameters of the statement",
    });
  }
  // Raw: a backslash in a regular expression stays one.
  const text = strings.raw.map((part, i) => (i === 0 ? part : `$${i}${/^\w/.test(part) ? " " : ""}${part}`)).join("");
  return { text, values: values.map(checked) };
}

function checked(value: unknown, index: number): SqlValue {
  if (isScalar(value)) return value;
  const members: unknown[] | undefined =
    Array.isArray(value) || value instanceof Float64Array || value instanceof Int32Array ? [...value] : undefined;
  const kinds = new Set(members?.filter((member) => member !== null).map((member) => typeof member));
  if (members?.every((member) => isScalar(member) && !(member instanceof Date)) && kinds.size < 2) {
    return value as SqlValue;
  }
  const got = members ? `a list of ${[...kinds].join(" and ")}` : describe(value);
  throw new LabError("config-invalid", `value ${index + 1} of the statement is ${got}`, {
    hint: "expected a text, a number, a boolean, a Date, null, or a list of texts or numbers; names of tables and columns are written in the text",
  });
}

function isScalar(value: unknown): value is SqlScalar {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return value === null || ["string", "number", "bigint", "boolean"].includes(typeof value);
}

function describe(value: unknown): string {
  if (value instanceof Date) return "an invalid date";
  return typeof value === "object" && value !== null
    ? `an object (${value.constructor?.name ?? "no class"})`
    : typeof value;
}
