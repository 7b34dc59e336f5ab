import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rowSet, type SqlValue } from "../../../kernel-lib/src/tasks/sql/execute/row-set.js";
import { type PythonValue, pythonSetsEqual } from "./python-equality.js";

const asSql = (value: PythonValue): SqlValue =>
  typeof value === "string"
    ? { kind: "text", bytes: Buffer.from(value) }
    : value instanceof Uint8Array
      ? { kind: "blob", bytes: value }
      : value;
const digestOf = (rows: readonly (readonly PythonValue[])[]): string => {
  const set = rowSet();
  for (const row of rows) set.add(row.map(asSql));
  return set.digest();
};
const equal = (a: readonly (readonly PythonValue[])[], b: readonly (readonly PythonValue[])[]): boolean =>
  digestOf(a) === digestOf(b);

const long = "x".repeat(200);
/** Few values, many of them equal across types or nearly equal. */
const NEAR: readonly PythonValue[] = [
  ...[null, 0n, 1n, -1n, 0, -0, 1, 1.5, 2 ** 53, 2n ** 53n, 2n ** 53n + 1n, 2 ** 63, 2n ** 63n - 1n, -(2n ** 63n)],
  ...[-(2 ** 63), 1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 0.1, 0.30000000000000004],
  ...["", "0", "1", "1.0", "a", "a,t1:b", "é", "e\u0301", "😀", "\uffff", "n", "i1", long, `${long}y`],
  ...[new Uint8Array(), new Uint8Array([0]), new Uint8Array([97]), new Uint8Array([49]), Buffer.from(long)],
];
const value: fc.Arbitrary<PythonValue> = fc.oneof(
  fc.constantFrom(...NEAR),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true }),
  fc.string({ maxLength: 4 }),
);
const rows = fc.array(fc.array(value, { minLength: 1, maxLength: 3 }), { maxLength: 4 });

describe("rowSet", () => {
  it("tells sets apart exactly where Python does", () => {
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        expect(equal(a, b)).toBe(pythonSetsEqual(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  it("tells single values apart exactly where Python does", () => {
    for (const a of NEAR)
      for (const b of NEAR) expect([a, b, equal([[a]], [[b]])]).toEqual([a, b, pythonSetsEqual([[a]], [[b]])]);
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(equal([[a]], [[b]])).toBe(pythonSetsEqual([[a]], [[b]]));
      }),
      { numRuns: 3000 },
    );
  });

  it("ignores order and duplicates of rows, not of columns", () => {
    fc.assert(
      fc.property(rows, (a) => {
        expect(equal([...a].reverse(), [...a, ...a])).toBe(true);
      }),
    );
    expect(equal([[1n, 2n]], [[2n, 1n]])).toBe(false);
    expect(equal([[1n]], [[1n, 1n]])).toBe(false);
    expect(equal([], [])).toBe(true);
    expect(equal([], [[null]])).toBe(false);
  });

  it("does not mistake where one value ends and the next begins", () => {
    expect(equal([["a", "b"]], [["a,t1:b"]])).toBe(false);
    expect(equal([["ab", ""]], [["a", "b"]])).toBe(false);
    expect(equal([[long, "b"]], [[`${long}b`, ""]])).toBe(false);
  });
});
