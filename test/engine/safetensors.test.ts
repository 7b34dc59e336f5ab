import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabError } from "../../kernel-lib/src/core/index.js";
import { parseSafetensors, serialiseSafetensors } from "../../kernel-lib/src/engine/safetensors.js";

/** A file with the given header text and `dataBytes` zero bytes of data. */
function fileOf(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function single(dtype: string, shape: unknown, offsets: unknown, dataBytes: number): Uint8Array {
  return fileOf(JSON.stringify({ w: { dtype, shape, data_offsets: offsets } }), dataBytes);
}

function expectDamaged(bytes: Uint8Array, message?: RegExp): void {
  let error: unknown;
  try {
    parseSafetensors(bytes);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(LabError);
  expect(error).toMatchObject({ code: "input-damaged", hint: expect.any(String) });
  if (message) expect((error as LabError).message).toMatch(message);
}

const float32 = fc.float({ noNaN: false });

describe("float32", () => {
  it("comes back bit for bit, in any shape", () => {
    const tensor = fc.tuple(fc.string({ minLength: 1, maxLength: 12 }), fc.array(float32, { maxLength: 30 }));
    const distinct = fc.uniqueArray(tensor, { selector: ([name]) => name, maxLength: 6 });
    fc.assert(
      fc.property(distinct, (list) => {
        const named = list
          .filter(([name]) => name !== "__metadata__" && name !== "__proto__")
          .map(([name, values]) => ({ name, shape: [1, values.length], data: Float32Array.from(values) }));
        const parsed = parseSafetensors(serialiseSafetensors(named, "float32"));
        expect(parsed.size).toBe(named.length);
        for (const { name, shape, data } of named) {
          expect(parsed.get(name)!.shape).toEqual(shape);
          expect(parsed.get(name)!.data).toEqual(data);
        }
      }),
    );
  });

  it("gives the same bytes for the same tensors, data aligned to 8", () => {
    const write = (): Uint8Array =>
      serialiseSafetensors([{ name: "a", shape: [3], data: Float32Array.of(1, 2, 3) }], "float32");
    expect(write()).toEqual(write());
    expect(write().length % 4).toBe(0);
    expect(new DataView(write().buffer).getUint8(0) % 8).toBe(0);
  });
});

describe("half-size formats", () => {
  const bf16 = (value: number): number =>
    parseSafetensors(serialiseSafetensors([{ name: "w", shape: [1], data: Float32Array.of(value) }], "bfloat16")).get(
      "w",
    )!.data[0]!;

  it("bfloat16 rounds to nearest, ties to even", () => {
    expect(bf16(1)).toBe(1);
    expect(bf16(1 + 2 ** -8)).toBe(1); // halfway: down to the even neighbour
    expect(bf16(1 + 3 * 2 ** -8)).toBe(1 + 2 ** -6); // halfway: up to the even neighbour
    expect(bf16(1 + 2 ** -8 + 2 ** -20)).toBe(1 + 2 ** -7);
    expect(bf16(-1 - 2 ** -8)).toBe(-1);
    expect(bf16(3.4028235e38)).toBe(Number.POSITIVE_INFINITY);
    expect(bf16(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
    expect(bf16(Number.NaN)).toBeNaN();
    expect(Object.is(bf16(-0), -0)).toBe(true);
  });

  it("bfloat16 is never further off than half a step, and stays put the second time", () => {
    fc.assert(
      fc.property(fc.float({ min: Math.fround(-1e30), max: Math.fround(1e30), noNaN: true }), (value) => {
        const rounded = bf16(value);
        expect(Math.abs(rounded - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -8, 2 ** -134));
        expect(bf16(rounded)).toBe(rounded);
      }),
    );
  });

  it("reads float16: normal, subnormal, infinite, NaN", () => {
    const bytes = single("F16", [7], [0, 14], 14);
    const patterns = [0x3c00, 0xc000, 0x0001, 0x8000, 0x7c00, 0x7e00, 0x7bff];
    const view = new DataView(bytes.buffer);
    patterns.forEach((pattern, i) => {
      view.setUint16(bytes.length - 14 + 2 * i, pattern, true);
    });
    const values = [...parseSafetensors(bytes).get("w")!.data];
    expect(values).toEqual([1, -2, 2 ** -24, -0, Number.POSITIVE_INFINITY, Number.NaN, 65504]);
  });
});

describe("damaged files", () => {
  it("a header that claims 10 GB costs nothing", () => {
    const bytes = new Uint8Array(64);
    new DataView(bytes.buffer).setBigUint64(0, 10_000_000_000n, true);
    const before = process.memoryUsage().arrayBuffers;
    expectDamaged(bytes, /claims 10000000000 bytes/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it("a tensor that claims 10 GB costs nothing", () => {
    expectDamaged(single("F32", [2_500_000_000], [0, 10_000_000_000], 16), /outside the 16 bytes/);
    expectDamaged(single("F32", [2_500_000_000], [0, 16], 16), /needs 10000000000 bytes/);
    expectDamaged(single("F32", [2 ** 40, 2 ** 40], [0, 16], 16), /needs/);
  });

  it.each([
    ["nothing", new Uint8Array(0)],
    ["seven bytes", new Uint8Array(7)],
    ["text that is not JSON", fileOf("{oops", 0)],
    ["a JSON list", fileOf("[]", 0)],
    ["bytes that are not UTF-8", fileOf("", 0).slice(0, 8).fill(0xff)],
    ["an entry that is null", fileOf('{"w":null}', 0)],
    ["a type of integers", single("I64", [1], [0, 8], 8)],
    ["a type named like a member of Object", single("toString", [1], [0, 8], 8)],
    ["a negative length", single("F32", [-1], [0, 4], 4)],
    ["a fractional length", single("F32", [0.5], [0, 2], 2)],
    ["a shape that is text", single("F32", "4", [0, 16], 16)],
    ["three offsets", single("F32", [1], [0, 4, 8], 8)],
    ["offsets the wrong way round", single("F32", [1], [4, 0], 8)],
    ["offsets past the end", single("F32", [2], [0, 8], 4)],
    ["a shape and data that disagree", single("F32", [3], [0, 8], 8)],
    ["data behind the last tensor", single("F32", [1], [0, 4], 8)],
    ["a gap before the first tensor", single("F32", [1], [4, 8], 8)],
    [
      "tensors that overlap",
      fileOf(
        '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}',
        12,
      ),
    ],
  ])("%s", (_, bytes) => {
    expectDamaged(bytes);
  });

  it("any header and any change of a byte gives tensors or a typed error, never more floats than the file has", () => {
    const check = (bytes: Uint8Array): void => {
      try {
        const total = [...parseSafetensors(bytes).values()].reduce((sum, { data }) => sum + data.length, 0);
        expect(2 * total).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(LabError);
        expect((error as LabError).code).toBe("input-damaged");
      }
    };
    const entry = fc.record({
      dtype: fc.oneof(fc.constantFrom("F32", "BF16", "F16"), fc.anything()),
      shape: fc.oneof(fc.array(fc.integer({ min: -2, max: 9 }), { maxLength: 3 }), fc.anything()),
      data_offsets: fc.oneof(fc.tuple(fc.nat(40), fc.nat(40)), fc.array(fc.double(), { maxLength: 3 }), fc.anything()),
    });
    const headers = fc.oneof(fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())), fc.jsonValue());
    fc.assert(
      fc.property(headers, fc.nat(64), (header, size) => {
        const text = JSON.stringify(header, (_, value) => (typeof value === "bigint" ? Number(value) : value));
        check(fileOf(text ?? "", size));
      }),
      { numRuns: 500 },
    );
    const whole = serialiseSafetensors(
      [
        { name: "a", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
        { name: "b", shape: [3], data: Float32Array.of(5, 6, 7) },
      ],
      "float32",
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, value, length) => {
        const changed = whole.slice();
        changed[at] = value;
        check(changed);
        check(whole.slice(0, length));
      }),
      { numRuns: 500 },
    );
  });
});
