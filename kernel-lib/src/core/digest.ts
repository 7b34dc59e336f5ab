import { hash } from "node:crypto";
import { LabError } from "./errors.js";

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** sha256 in lower-case hex. */
export type Digest = string;

/**
 * JSON with sorted keys and no spaces: equal values give equal text, whatever order they were written in.
 * `undefined` members are left out, as JSON.stringify does.
 *
 * @throws LabError `internal` for NaN, infinities and values that JSON cannot hold; `input-damaged` for what is nested too deeply: JSON that
 *   somebody wrote may be deeper than the stack.
 */
export function canonicalJson(value: Json | undefined): string {
  try {
    return textOf(value);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new LabError("input-damaged", "the JSON is nested too deeply", { cause });
  }
}

function textOf(value: Json | undefined): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new LabError("internal", `canonical JSON cannot hold ${value}`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item ?? null)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value as { [key: string]: Json | undefined })
      .filter(([, member]) => member !== undefined)
      .sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0))
      .map(([key, member]) => `${JSON.stringify(key)}:${textOf(member)}`);
    return `{${members.join(",")}}`;
  }
  throw new LabError("internal", `canonical JSON cannot hold a ${typeof value}`);
}

/** sha256 of bytes or UTF-8 text, in hex. */
export function sha256(data: Uint8Array | string): Digest {
  return hash("sha256", data, "hex");
}

/** sha256 of a value's canonical JSON, in hex. */
export function digestOf(value: Json): Digest {
  return sha256(canonicalJson(value));
}
