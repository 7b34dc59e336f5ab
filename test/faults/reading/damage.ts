/** Ways to damage what is valid: JSON at any place, text at any line, bytes anywhere. */
import fc from "fast-check";

/** Files of an input by their paths, as bytes or text. */
export type Files = Readonly<Record<string, Uint8Array | string>>;

type Members = Record<string | number, unknown>;

/** Stand-ins for what JSON.stringify cannot write; `textOf` puts the text itself in their place. */
const RAW: Readonly<Record<string, string>> = {
  "@deep-list": `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  "@deep-object": `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
  "@infinity": "1e999",
  "@minus-infinity": "-1e999",
  "@nan": "NaN",
  "@unpaired": '"\\ud800"',
};

/** JSON values that readers trip over. */
const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, false, 0, -1, 0.5, -0, 1e10, 10 * 2 ** 30, 2 ** 53, 1e308, "", " ", "0", "x".repeat(200_000)],
    ...["\u001b[2J\u001b]0;title\u0007", "\u0000", "../../../etc/passwd", "/etc/passwd", "__proto__", "‮", "\n"],
    ...[[], {}, [[]], [null], [0, 0], Array(5000).fill(1), { length: 1e10 }, { toString: 1 }, { toJSON: {} }],
  ),
  fc.constantFrom(...Object.keys(RAW)),
  fc.jsonValue({ maxDepth: 2 }),
);

const hostileKey = fc.constantFrom(
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length", "toJSON", "then", "", "0"],
);

type Change =
  | { readonly kind: "replace"; readonly at: number; readonly value: unknown }
  | { readonly kind: "delete"; readonly at: number }
  | { readonly kind: "add"; readonly at: number; readonly key: string; readonly value: unknown }
  | { readonly kind: "swap"; readonly at: number; readonly with: number };

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("replace"), at: fc.nat(), value: hostileValue }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete"), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("add"), at: fc.nat(), key: hostileKey, value: hostileValue }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("swap"), at: fc.nat(), with: fc.nat() }) },
);

/** Text of a JSON value of which one to three places were changed. */
export function damagedJson(valid: unknown): fc.Arbitrary<string> {
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const copy = { root: structuredClone(valid) };
    for (const each of changes) apply(copy, each);
    return textOf(copy.root);
  });
}

/** A place is an object or list and one of its keys; the whole value is one, too. */
function places(value: unknown): readonly (readonly [Members, string])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((key) => [[value as Members, key] as const, ...places((value as Members)[key])]);
}

function apply(root: object, written: Change): void {
  // The values are shared by all inputs, and later changes go into them.
  const each = structuredClone(written);
  const all = places(root);
  const [holder, key] = all[each.at % all.length]!;
  if (each.kind === "replace") holder[key] = each.value;
  else if (each.kind === "delete") {
    if (holder !== root) Reflect.deleteProperty(holder, key);
  } else if (each.kind === "swap") {
    const [other, otherKey] = all[each.with % all.length]!;
    holder[key] = structuredClone(other[otherKey]);
  } else {
    const target = typeof holder[key] === "object" && holder[key] !== null ? (holder[key] as object) : holder;
    // A list's length is no member that JSON could give it.
    if (Array.isArray(target)) return void target.push(each.value);
    // An own member, `__proto__` too, as JSON.parse would make it.
    Object.defineProperty(target, each.key, {
      value: each.value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

function textOf(value: unknown): string {
  return (JSON.stringify(value) ?? "").replaceAll(/"(@[a-z-]+)"/g, (whole, name: string) => RAW[name] ?? whole);
}

const INTEGERS = [0n, 1n, 0xffn, 0x7fffffffn, 0xffffffffn, 10_000_000_000n, 2n ** 63n - 1n, 2n ** 64n - 1n];

const byteChange = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat() }),
  fc.record({ kind: fc.constant("set" as const), at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }) }),
  fc.record({
    kind: fc.constant("insert" as const),
    at: fc.nat(),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
  }),
  fc.record({ kind: fc.constant("remove" as const), at: fc.nat(), count: fc.integer({ min: 1, max: 64 }) }),
  fc.record({
    kind: fc.constant("fill" as const),
    at: fc.nat(),
    count: fc.nat(4096),
    byte: fc.constantFrom(0, 0x7f, 0xff),
  }),
  fc.record({
    kind: fc.constant("claim" as const),
    at: fc.nat(),
    size: fc.constantFrom(4, 8),
    value: fc.constantFrom(...INTEGERS),
  }),
  fc.record({ kind: fc.constant("varint" as const), at: fc.nat(), value: fc.constantFrom(...INTEGERS) }),
  fc.record({ kind: fc.constant("repeat" as const), at: fc.nat(), count: fc.integer({ min: 1, max: 4096 }) }),
);
type ByteChange = typeof byteChange extends fc.Arbitrary<infer T> ? T : never;

/** Bytes of which one to four places were changed, or no such bytes at all. */
export function damagedBytes(valid: Uint8Array, { tail = false } = {}): fc.Arbitrary<Uint8Array> {
  // What a format says of itself mostly stands at its beginning, or (Parquet) at its end.
  const near = (at: number, length: number): number => {
    const place = at % 2 === 0 ? at % Math.max(1, length) : at % Math.min(256, Math.max(1, length));
    return tail ? length - 1 - place : place;
  };
  const changed = fc.array(byteChange, { minLength: 1, maxLength: 4 }).map((changes) => {
    let bytes: Uint8Array = Uint8Array.from(valid);
    for (const each of changes) if (bytes.length > 0) bytes = withChange(bytes, each, near(each.at, bytes.length));
    return bytes;
  });
  const none = fc.uint8Array({ maxLength: 256 });
  return fc.oneof({ weight: 9, arbitrary: changed }, { weight: 1, arbitrary: none });
}

function withChange(bytes: Uint8Array, each: ByteChange, at: number): Uint8Array {
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (each.kind) {
    case "flip":
      bytes[at]! ^= 1 << each.bit;
      return bytes;
    case "cut":
      return before;
    case "set":
      return Buffer.concat([before, each.bytes, after.subarray(each.bytes.length)]);
    case "insert":
      return Buffer.concat([before, each.bytes, after]);
    case "remove":
      return Buffer.concat([before, after.subarray(each.count)]);
    case "fill":
      return Uint8Array.from(bytes).fill(each.byte, at, at + each.count);
    case "claim":
      return Buffer.concat([before, littleEndian(each.value, each.size), after.subarray(each.size)]);
    case "varint": {
      const written = varint(each.value);
      return Buffer.concat([before, written, after.subarray(written.length)]);
    }
    case "repeat":
      return Buffer.concat([before, after.subarray(0, each.count), after]);
  }
}

function littleEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0n || bytes.length === 0; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
  }
  return Uint8Array.from(bytes);
}

/** Text that is damaged as JSON is, as bytes are, or was never of the format. */
export function damagedText(valid: unknown): fc.Arbitrary<Uint8Array | string> {
  return fc.oneof(
    { weight: 6, arbitrary: damagedJson(valid) },
    { weight: 3, arbitrary: damagedBytes(Buffer.from(JSON.stringify(valid))) },
    { weight: 1, arbitrary: fc.string({ maxLength: 200, unit: "binary" }) },
  );
}

/** JSON Lines with one line damaged, or all as bytes. */
export function damagedLines(rows: readonly unknown[]): fc.Arbitrary<Uint8Array | string> {
  const lines = rows.map((row) => JSON.stringify(row));
  const oneLine = fc
    .tuple(fc.nat(rows.length - 1), damagedText(rows[0]!))
    .map(([at, line]) =>
      Buffer.concat(lines.map((whole, i) => Buffer.concat([Buffer.from(i === at ? line : whole), Buffer.from("\n")]))),
    );
  const long = fc.constantFrom(`${lines[0]!.slice(0, -1)},"x":"${"y".repeat(8 << 20)}"}\n`, `${"z".repeat(8 << 20)}`);
  return fc.oneof(
    { weight: 7, arbitrary: oneLine },
    { weight: 3, arbitrary: damagedBytes(Buffer.from(`${lines.join("\n")}\n`)) },
    { weight: 1, arbitrary: long },
  );
}
