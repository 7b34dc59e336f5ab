/** The safetensors format (https://huggingface.co/docs/safetensors): 8 bytes of header length, a JSON header, raw tensors. */
import { LabError, shown } from "../core/index.js";

/** One tensor, widened to float32 whatever its storage was. */
export interface Tensor {
  readonly shape: readonly number[];
  /** Row-major; `shape`'s product in length. */
  readonly data: Float32Array;
}

/** A tensor to write. */
export interface NamedTensor extends Tensor {
  readonly name: string;
}

/** Number format of written weights. */
export type Storage = "float32" | "bfloat16";

type StoredType = "F32" | "BF16" | "F16";
const BYTES: Readonly<Record<StoredType, number>> = { F32: 4, BF16: 2, F16: 2 };
/** The reference implementation's own limit. */
const HEADER_LIMIT = 100_000_000;
const PREFIX = 8;

interface Entry {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * The tensors of a safetensors file held in memory, in the order of their data.
 * The header is checked against the real size before anything is allocated, so a header that lies costs nothing.
 *
 * @throws LabError `input-damaged` for every way in which bytes can fail to be a safetensors file of floats.
 *
 * @example
 * const weights = parseSafetensors(await readFile("model.safetensors"));
 * weights.get("model.norm.weight")?.shape; // [96]
 */
export function parseSafetensors(bytes: Uint8Array): ReadonlyMap<string, Tensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { header, dataStart } = readHeader(bytes, view);
  const available = bytes.byteLength - dataStart;
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => checkedEntry(name, value, available))
    .sort((x, y) => x.begin - y.begin || x.end - y.end);
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== position) {
      throw damaged(
        `tensor ${shown(name)} starts at byte ${begin}; expected ${position}`,
        "tensors must follow each other without gaps or overlaps",
      );
    }
    position = end;
  }
  if (position !== available) {
    throw damaged(
      `the tensors take ${position} bytes, but ${available} follow the header`,
      "the file was cut or appended to",
    );
  }
  return new Map(
    entries.map(({ name, type, shape, begin, end }) => [
      name,
      { shape, data: widen(view, type, dataStart + begin, dataStart + end) },
    ]),
  );
}

/**
 * The bytes of a safetensors file; equal tensors in equal order give equal bytes.
 * bfloat16 rounds to nearest, ties to even.
 */
export function serialiseSafetensors(tensors: readonly NamedTensor[], storage: Storage): Uint8Array {
  const type: StoredType = storage === "float32" ? "F32" : "BF16";
  const header: Record<string, unknown> = Object.create(null);
  // transformers refuses a file that does not say which framework's layout it holds.
  header.__metadata__ = { format: "pt" };
  let position = 0;
  for (const { name, shape, data } of tensors) {
    const end = position + data.length * BYTES[type];
    header[name] = { dtype: type, shape, data_offsets: [position, end] };
    position = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX + headerLength + position).fill(0x20, PREFIX, PREFIX + headerLength);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(headerLength), true);
  bytes.set(text, PREFIX);
  let offset = PREFIX + headerLength;
  for (const { data } of tensors) {
    for (const value of data) {
      if (type === "F32") view.setFloat32(offset, value, true);
      else view.setUint16(offset, bfloat16Bits(value), true);
      offset += BYTES[type];
    }
  }
  return bytes;
}

function readHeader(bytes: Uint8Array, view: DataView): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.byteLength < PREFIX) throw damaged(`${bytes.byteLength} bytes are too few for a header`);
  const claimed = view.getBigUint64(0, true);
  if (claimed > BigInt(Math.min(HEADER_LIMIT, bytes.byteLength - PREFIX))) {
    throw damaged(`the header claims ${claimed} bytes; the file has ${bytes.byteLength}`);
  }
  const dataStart = PREFIX + Number(claimed);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(PREFIX, dataStart)));
  } catch (cause) {
    throw damaged("the header is not JSON", undefined, cause);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw damaged("the header is not a JSON object");
  }
  return { header: header as Record<string, unknown>, dataStart };
}

function checkedEntry(name: string, value: unknown, available: number): Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    throw damaged(`tensor ${shown(name)} has dtype ${shown(dtype)}; expected F32, BF16 or F16`);
  }
  const type = dtype as StoredType;
  if (!isCountList(shape)) throw damaged(`tensor ${shown(name)} has shape ${shown(shape)}`);
  if (!isCountList(offsets) || offsets.length !== 2) {
    throw damaged(`tensor ${shown(name)} has data_offsets ${shown(offsets)}`);
  }
  const [begin, end] = offsets as readonly [number, number];
  if (begin > end || end > available) {
    throw damaged(`tensor ${shown(name)} lies at bytes ${begin} to ${end}, outside the ${available} bytes of data`);
  }
  const size = shape.reduce((product, length) => product * length, BYTES[type]);
  if (size !== end - begin) {
    throw damaged(`tensor ${shown(name)} of shape ${shown(shape)} needs ${size} bytes; its data has ${end - begin}`);
  }
  return { name, type, shape, begin, end };
}

function isCountList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function widen(view: DataView, type: StoredType, begin: number, end: number): Float32Array {
  const step = BYTES[type];
  const data = new Float32Array((end - begin) / step);
  for (let i = 0, at = begin; i < data.length; i++, at += step) {
    if (type === "F32") data[i] = view.getFloat32(at, true);
    else if (type === "BF16") data[i] = fromBits(view.getUint16(at, true) << 16);
    else data[i] = fromFloat16(view.getUint16(at, true));
  }
  return data;
}

const scratch = new DataView(new ArrayBuffer(4));

function fromBits(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

/** The upper half of a float32, rounded to nearest, ties to even. */
function bfloat16Bits(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  // Rounding could carry a NaN's payload over into infinity; a quiet NaN stays one.
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function damaged(message: string, hint?: string, cause?: unknown): LabError {
  return new LabError("input-damaged", `not a valid safetensors file: ${message}`, {
    hint: hint ?? "the file is incomplete or was written by something else; make or fetch it again",
    cause,
  });
}
