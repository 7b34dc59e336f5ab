/** A column as danfo takes it. */
export interface DanfoColumn {
  readonly dtype: "int32" | "float32" | "string" | "boolean";
  readonly values: readonly (number | string | boolean | null)[];
}

const largestInt32 = 2 ** 31 - 1;

/** Values of one type, looked at all: danfo looks at the first few hundred only. */
export function danfoColumn(given: readonly unknown[]): DanfoColumn {
  const values = given.map(plain);
  const present = values.filter((value) => value !== null);
  const kinds = new Set(present.map((value) => typeof value));
  if (kinds.size === 1 && kinds.has("boolean") && present.length === values.length) {
    return { dtype: "boolean", values: values as readonly boolean[] };
  }
  if (kinds.size === 0 || (kinds.size === 1 && (kinds.has("number") || kinds.has("boolean")))) {
    return numbers(values.map((value) => (value === null ? Number.NaN : Number(value))));
  }
  return { dtype: "string", values: values.map((value) => (value === null ? null : textOf(value))) };
}

function numbers(values: readonly number[]): DanfoColumn {
  const whole =
    values.length > 0 && values.every((value) => Number.isInteger(value) && Math.abs(value) <= largestInt32);
  return { dtype: whole ? "int32" : "float32", values };
}

/** What is missing is null; whole numbers that a number holds are numbers. */
function plain(value: unknown): unknown {
  if (value === undefined || value === null || Number.isNaN(value)) return null;
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function textOf(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (ArrayBuffer.isView(value)) return JSON.stringify(Array.from(value as Uint8Array));
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
