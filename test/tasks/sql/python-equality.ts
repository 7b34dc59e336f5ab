/** Python's equality of what sqlite3 returns, told independently of the kit: exact fractions for numbers, code points for text. */
export type PythonValue = null | bigint | number | string | Uint8Array;

/** `set(a) == set(b)` for lists of tuples. */
export function pythonSetsEqual(
  a: readonly (readonly PythonValue[])[],
  b: readonly (readonly PythonValue[])[],
): boolean {
  const within = (x: typeof a, y: typeof a): boolean => x.every((row) => y.some((other) => tuplesEqual(row, other)));
  return within(a, b) && within(b, a);
}

function tuplesEqual(a: readonly PythonValue[], b: readonly PythonValue[]): boolean {
  return a.length === b.length && a.every((value, i) => valuesEqual(value, b[i]!));
}

function valuesEqual(a: PythonValue, b: PythonValue): boolean {
  if (a === null || b === null) return a === b;
  if (typeof a === "string" || typeof b === "string")
    return typeof a === "string" && typeof b === "string" && [...a].join("|") === [...b].join("|") && a === b;
  if (a instanceof Uint8Array || b instanceof Uint8Array)
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  // JavaScript compares a BigInt with a number exactly, as Python compares int and float.
  // biome-ignore lint/suspicious/noDoubleEquals: the point of this line
  return a == b;
}
