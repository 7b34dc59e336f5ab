/** What went wrong with a request, and whether asking again may help. */
import type { APIError } from "openai";
import { LabError } from "../core/index.js";

/** The server answered, but not with what it was asked for. It may be a proxy's page or a cut connection: asking again may help. */
export class Nonsense extends Error {}

/** The server will not answer this one question (its content filter), whatever other questions it answers. */
export class Declined extends Error {}

/** Nothing came back in time. */
export class TimedOut extends Error {}

export type Fault =
  /** `afterMs`: the server said when to come back. */
  | { readonly kind: "passing"; readonly reason: string; readonly afterMs?: number }
  | { readonly kind: "lasting"; readonly error: unknown };

const PASSING = new Set([408, 409, 425, 429]);
const SHOWN = 300;

/**
 * Sorts a failure.
 *
 * @param now milliseconds since the epoch, for Retry-After dates.
 */
export function faultOf(error: unknown, now: number): Fault {
  if (error instanceof LabError || error instanceof Declined) return { kind: "lasting", error };
  if (error instanceof TimedOut || error instanceof Nonsense) return { kind: "passing", reason: error.message };
  if (isOfClient(error)) {
    return error.status === undefined ? { kind: "passing", reason: connectionReason(error) } : statusFault(error, now);
  }
  // Not JSON although it says so; or the connection broke in the middle of a body (undici: TypeError "terminated").
  if (error instanceof SyntaxError) return { kind: "passing", reason: "the answer is not JSON" };
  if (error instanceof TypeError && /terminated|fetch|network|socket/i.test(error.message)) {
    return { kind: "passing", reason: "the connection broke in the middle of the answer" };
  }
  return { kind: "lasting", error };
}

/** An error of the client, told by its fields: its classes would have to be loaded with every start of the library. */
function isOfClient(error: unknown): error is APIError {
  return error instanceof Error && ["status", "headers", "requestID"].every((field) => field in error);
}

function statusFault(error: APIError, now: number): Fault {
  const { status = 0 } = error;
  const code = String(error.code ?? "");
  const reason = `HTTP ${status}: ${shown(error)}`;
  if (/content_filter|content_policy/.test(code)) return { kind: "lasting", error: new Declined(reason) };
  // OpenAI says 429 for an empty account, too; waiting does not fill it.
  const empty = status === 429 && /insufficient_quota|billing/.test(`${code} ${error.type ?? ""}`);
  if (!empty && (PASSING.has(status) || status >= 500)) {
    const afterMs = retryAfter(error.headers, now);
    return { kind: "passing", reason, ...(afterMs !== undefined && { afterMs }) };
  }
  const hint = empty ? "the account's quota is used up" : HINTS[status];
  return { kind: "lasting", error: new LabError("unreachable", reason, hint === undefined ? {} : { hint }) };
}

const HINTS: Readonly<Record<number, string>> = {
  400: "the server refuses the request: does it know log-probabilities, and as many alternatives as `topLogprobs`? is the text too long for the model?",
  401: "is the key in the environment variable that `apiKeyVariable` names, and is it valid for this server?",
  403: "the key may not use this model, or this region is not served",
  404: "there is no such model or address: `model` as the server names it, `baseUrl` with its version, such as http://127.0.0.1:8000/v1",
  413: "the text is too long for the server",
  422: "the server refuses the request: does it know log-probabilities, and as many alternatives as `topLogprobs`?",
};

/** The server's own words, cut short. */
function shown(error: APIError): string {
  const body = error.error as { readonly message?: unknown } | undefined;
  const text = typeof body?.message === "string" ? body.message : error.message;
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** The system's word for it (ECONNREFUSED, ENOTFOUND, ECONNRESET), which undici hides in causes. */
function connectionReason(error: Error): string {
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { readonly code?: unknown };
    if (typeof code === "string") return `no connection (${code})`;
  }
  return "no connection";
}

/** Milliseconds that the server asks to wait: Retry-After in seconds or as a date, or retry-after-ms. */
function retryAfter(headers: Headers | undefined, now: number): number | undefined {
  const milliseconds = Number.parseFloat(headers?.get("retry-after-ms") ?? "");
  if (Number.isFinite(milliseconds)) return Math.max(0, milliseconds);
  const value = headers?.get("retry-after")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
