import { type FileHandle, open } from "node:fs/promises";
import { z } from "zod";
import { LabError } from "../core/index.js";

/** 8 bytes with the header's length, little-endian; then JSON; then the data. */
const PREFIX = 8;
const place = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const tensorSchema = z.object({ shape: z.array(place), data_offsets: z.tuple([place, place]) });

/**
 * Number of elements of all tensors of a safetensors file. Only its header is read, and that the data it speaks of is there is checked
 * against the file's size: what a trainer was stopped in the middle of is not taken for a model.
 *
 * @throws LabError `input-damaged`.
 */
export async function countParameters(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const header = await readHeader(file, size);
    const tensors = Object.entries(header.members).filter(([name]) => name !== "__metadata__");
    const facts = tensors.map(([, entry]) => tensorSchema.parse(entry));
    const end = facts.reduce((most, { data_offsets: [, last] }) => Math.max(most, last), 0);
    if (header.end + end !== size) throw new Error(`its header speaks of ${header.end + end} bytes; it has ${size}`);
    const count = facts.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
    // No element takes less than half a byte.
    if (!(count <= 2 * size)) throw new Error(`its header speaks of ${count} numbers in ${size} bytes`);
    return count;
  } catch (cause) {
    throw new LabError("input-damaged", `${path} is not a safetensors file`, { hint: "was it cut off?", cause });
  } finally {
    await file.close();
  }
}

/** Nothing is allocated for a length that the file does not have. */
async function readHeader(file: FileHandle, size: number): Promise<{ readonly members: object; readonly end: number }> {
  const prefix = Buffer.alloc(PREFIX);
  const { bytesRead } = await file.read(prefix, 0, PREFIX, 0);
  const length = Number(prefix.readBigUInt64LE());
  if (bytesRead < PREFIX || length > size - PREFIX) throw new Error(`its header would be ${length} of ${size} bytes`);
  const text = Buffer.alloc(length);
  await file.read(text, 0, length, PREFIX);
  return { members: z.record(z.string(), z.unknown()).parse(JSON.parse(text.toString())), end: PREFIX + length };
}
