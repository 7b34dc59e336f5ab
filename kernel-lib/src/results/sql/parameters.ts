import type { DuckDBTimestampValue, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import type { SqlScalar, SqlValue } from "./statement.js";

type DuckDB = typeof import("@duckdb/node-api");

/** A parameter as DuckDB takes it: whole numbers stay whole, dates are UTC, lists have the type of their members. */
export function parameterOf(duckdb: DuckDB, value: SqlValue): readonly [DuckDBValue, DuckDBType] {
  if (typeof value !== "object" || value === null || value instanceof Date) return scalarOf(duckdb, value);
  const members = Array.from(value as readonly SqlScalar[], (member) => scalarOf(duckdb, member));
  const type = commonType(
    duckdb,
    members.filter(([member]) => member !== null).map(([, of]) => of),
  );
  const values = members.map(([member]) => (member !== null && type === duckdb.DOUBLE ? Number(member) : member));
  return [duckdb.listValue(values), duckdb.LIST(type)];
}

function scalarOf(duckdb: DuckDB, value: SqlScalar): readonly [DuckDBValue, DuckDBType] {
  if (value === null) return [null, duckdb.SQLNULL];
  if (typeof value === "string") return [value, duckdb.VARCHAR];
  if (typeof value === "boolean") return [value, duckdb.BOOLEAN];
  if (typeof value === "bigint") return [value, duckdb.HUGEINT];
  if (value instanceof Date) return [timestampOf(duckdb, value), duckdb.TIMESTAMP];
  const isWhole = Number.isSafeInteger(value) && !Object.is(value, -0);
  return isWhole ? [BigInt(value), duckdb.BIGINT] : [value, duckdb.DOUBLE];
}

/** A point in time, UTC, as DuckDB counts it: in microseconds. */
export function timestampOf({ DuckDBTimestampValue }: DuckDB, time: Date): DuckDBTimestampValue {
  return new DuckDBTimestampValue(BigInt(time.getTime()) * 1000n);
}

function commonType({ SQLNULL, DOUBLE }: DuckDB, types: readonly DuckDBType[]): DuckDBType {
  const [first = SQLNULL] = types;
  return types.every((type) => type === first) ? first : DOUBLE;
}
