/** What a user's function did wrong, and with which example. */
import { LabError } from "../../core/index.js";

/** It threw. */
export function threw(what: string, where: string, cause: unknown): LabError {
  const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : shown(cause);
  return new LabError("method-failed", `${what} threw on ${where}: ${said}`, { cause });
}

/** It returned what it may not. */
export function returned(what: string, where: string, got: unknown, expected: string): LabError {
  return new LabError("method-failed", `${what} returned ${shown(got)} for ${where}`, { hint: `expected ${expected}` });
}

/** A value in a message, not too long. */
export function shown(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint" || value === undefined) return String(value);
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  try {
    const text = JSON.stringify(value) ?? typeof value;
    return text.length > 100 ? `${text.slice(0, 100)}...` : text;
  } catch {
    return "an object that JSON cannot hold";
  }
}
