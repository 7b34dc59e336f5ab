import type {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBStructType,
  DuckDBTimestampValue,
  DuckDBType,
  DuckDBValue,
} from "@duckdb/node-api";

type DuckDB = typeof import("@duckdb/node-api");

/** A value that has no exact JavaScript number or Date. */
const unfit: unique symbol = Symbol("unfit");

/** The largest size of a time value that a Date holds, in ms from 1970. */
const lastDate = 8.64e15;

/**
 * A column of DuckDB's as cells of a frame.
 *
 * - whole numbers of every width, and decimals of up to 15 digits, are numbers; a column with a value beyond that is text, all of it
 * - dates and times of day with dates are `Date`s (UTC, cut to the ms); a column with one that no `Date` can hold (`infinity`) is text
 * - lists are arrays, structs objects, maps arrays of `{ key, value }`; inside them the rules hold value by value
 * - JSON, which columns of mixed types in a JSON file are, is what it says
 * - what has no counterpart (intervals, times of day, UUIDs, bits) is text as DuckDB writes it; blobs are bytes
 */
export function cellsOf(duckdb: DuckDB, type: DuckDBType, values: readonly DuckDBValue[]): readonly unknown[] {
  const cells = values.map((value) => cellOf(duckdb, type, value));
  return cells.includes(unfit) ? values.map((value) => (value === null ? null : textOf(value))) : cells;
}

function cellOf(duckdb: DuckDB, type: DuckDBType, value: DuckDBValue): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : unfit;
  if (typeof value === "string") return type.alias === "JSON" ? JSON.parse(value) : value;
  if (typeof value !== "object") return value;
  if (value instanceof duckdb.DuckDBDecimalValue) return decimalOf(value);
  const time = millisecondsOf(duckdb, value);
  if (time !== undefined) return isPoint(value) && Math.abs(time) <= lastDate ? new Date(time) : unfit;
  if (value instanceof duckdb.DuckDBBlobValue) return new Uint8Array(value.bytes);
  return nestedOf(duckdb, type, value) ?? String(value);
}

/** What lies inside a value, by the types of its members; undefined for what holds none. */
function nestedOf(duckdb: DuckDB, type: DuckDBType, value: DuckDBValue & object): unknown {
  const inside = (of: DuckDBType, member: DuckDBValue): unknown => {
    const cell = cellOf(duckdb, of, member);
    return cell === unfit ? textOf(member) : cell;
  };
  if (type instanceof duckdb.DuckDBListType || type instanceof duckdb.DuckDBArrayType) {
    const { items } = value as { readonly items: readonly DuckDBValue[] };
    return items.map((item) => inside(type.valueType, item));
  }
  if (value instanceof duckdb.DuckDBStructValue) {
    const { entryNames, entryTypes } = type as DuckDBStructType;
    return Object.fromEntries(entryNames.map((name, i) => [name, inside(entryTypes[i]!, value.entries[name]!)]));
  }
  if (type instanceof duckdb.DuckDBMapType && value instanceof duckdb.DuckDBMapValue) {
    return value.entries.map((entry) => ({
      key: inside(type.keyType, entry.key),
      value: inside(type.valueType, entry.value),
    }));
  }
  if (type instanceof duckdb.DuckDBUnionType && value instanceof duckdb.DuckDBUnionValue) {
    return inside(type.memberTypeForTag(value.tag), value.value);
  }
  return undefined;
}

/** As DuckDB writes it; its package writes an infinite time as the one that it is kept as. */
function textOf(value: DuckDBValue): string {
  if (typeof value !== "object" || value === null || isPoint(value)) return String(value);
  const [kept] = Object.values(value) as readonly (number | bigint)[];
  return kept! < 0 ? "-infinity" : "infinity";
}

/** Fifteen digits always come back from a double as they were. */
function decimalOf(value: DuckDBDecimalValue): number | typeof unfit {
  return (value.value < 0n ? -value.value : value.value) < 10n ** 15n ? Number(value.toString()) : unfit;
}

/** Time from 1970 in ms, rounded down; undefined for what is no point in time. */
function millisecondsOf(duckdb: DuckDB, value: DuckDBValue & object): number | undefined {
  if (value instanceof duckdb.DuckDBDateValue) return (value as DuckDBDateValue).days * 86_400_000;
  if (value instanceof duckdb.DuckDBTimestampSecondsValue) return Number(value.seconds) * 1000;
  if (value instanceof duckdb.DuckDBTimestampMillisecondsValue) return Number(value.millis);
  if (value instanceof duckdb.DuckDBTimestampNanosecondsValue) return Number(floored(value.nanos, 1_000_000n));
  if (value instanceof duckdb.DuckDBTimestampValue || value instanceof duckdb.DuckDBTimestampTZValue) {
    return Number(floored((value as DuckDBTimestampValue).micros, 1000n));
  }
  return undefined;
}

/** DuckDB has times called `infinity`. */
function isPoint(value: object): boolean {
  return (value as { readonly isFinite?: boolean }).isFinite !== false;
}

function floored(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
