/** An OpenAI-compatible server: one request at a time, sent again when that may help, within a budget and at a pace. */
import type OpenAI from "openai";
import { cancelled, LabError } from "../core/index.js";
import { type Budget, openBudget, type Spent, type Usage } from "./budget.js";
import { Declined, faultOf, TimedOut } from "./faults.js";
import type { ServerSettings } from "./settings.js";
import { openPace, type Pace, realTiming, type Timing } from "./timing.js";

/** What one request is: how it is sent, and how its answer is read. */
export interface Request<T> {
  /** Must not retry by itself. */
  send(client: OpenAI, signal: AbortSignal): Promise<unknown>;
  /** @throws Nonsense if the answer is not one; LabError if no other answer will be better. */
  read(body: unknown): { readonly value: T; readonly usage: Usage | undefined };
}

export interface Server {
  /**
   * Sends a request until it is answered.
   * @throws LabError `unreachable`, `unsupported`, `budget-exhausted`, `cancelled`, `config-invalid` (no key); Declined where only this question is refused.
   */
  ask<T>(request: Request<T>, signal?: AbortSignal): Promise<T>;
  spent(): Spent;
}

/** First pause before asking again; it doubles up to the longest. Milliseconds. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 60_000;
/** A server that wants to be left alone for longer is as good as gone. */
const LONGEST_RETRY_AFTER = 600_000;

/** Opens a server. Nothing is sent yet, and no key is needed yet: a run whose answers are all known asks nobody. */
export function openServer(settings: ServerSettings, timing: Timing = realTiming): Server {
  const key = process.env[settings.apiKeyVariable] ?? "";
  const budget = openBudget(settings);
  let client: Promise<OpenAI> | undefined;
  const opened = (): Promise<OpenAI> => {
    client ??= openClient(settings, key);
    return client;
  };
  const context: Context = {
    settings,
    timing,
    budget,
    key,
    client: opened,
    pace: openPace(settings.requestsPerMinute, timing),
  };
  return { ask: (request, signal) => ask(context, request, signal), spent: budget.spent };
}

interface Context {
  readonly settings: ServerSettings;
  readonly timing: Timing;
  readonly budget: Budget;
  readonly key: string;
  readonly client: () => Promise<OpenAI>;
  readonly pace: Pace;
}

/** @throws LabError `config-invalid` where OpenAI's own address has no key. */
function assertKey({ settings: { baseUrl, apiKeyVariable }, key }: Context): void {
  if (key !== "" || new URL(baseUrl).hostname !== "api.openai.com") return;
  throw new LabError("config-invalid", `the environment variable ${apiKeyVariable} is not set`, {
    hint: `export ${apiKeyVariable}=..., or set baseUrl to a server of your own`,
  });
}

/** The client, deaf to the other variables that it would read: they are meant for OpenAI, not for any server. */
async function openClient({ baseUrl }: ServerSettings, key: string): Promise<OpenAI> {
  // Loaded when it is needed: it takes a fifth of a second.
  const { default: Client } = await import("openai");
  // The one variable that no option overrules. Nobody else runs between these lines.
  const { OPENAI_CUSTOM_HEADERS: headers } = process.env;
  delete process.env.OPENAI_CUSTOM_HEADERS;
  try {
    return new Client({
      baseURL: baseUrl,
      // Servers without keys ignore it, but the client insists on one.
      apiKey: key === "" ? "none" : key,
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      maxRetries: 0,
      // OPENAI_LOG=debug would print whole requests.
      logLevel: "off",
    });
  } finally {
    if (headers !== undefined) process.env.OPENAI_CUSTOM_HEADERS = headers;
  }
}

async function ask<T>(context: Context, request: Request<T>, signal: AbortSignal | undefined): Promise<T> {
  const { settings, timing, budget, pace } = context;
  assertKey(context);
  for (let attempt = 0; ; attempt++) {
    await pace.turn(signal);
    budget.take();
    try {
      const { value, usage } = request.read(await inTime(context, request, signal));
      budget.add(usage);
      return value;
    } catch (error) {
      if (signal?.aborted) throw cancelled();
      const fault = faultOf(error, timing.now());
      if (fault.kind === "lasting") throw withoutKey(context, fault.error);
      if (attempt >= settings.retries) throw withoutKey(context, gaveUp(settings, attempt + 1, fault.reason));
      if ((fault.afterMs ?? 0) > LONGEST_RETRY_AFTER) throw withoutKey(context, tooLong(fault.reason, fault.afterMs!));
      if (fault.afterMs !== undefined) pace.pause(fault.afterMs);
      // Jitter, so that requests refused together do not come back together.
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt) * (0.5 + timing.random() / 2);
      await timing.sleep(Math.max(pause, fault.afterMs ?? 0), signal);
    }
  }
}

/** The body of the answer. The client's own timeout ends with the headers; this one covers the body, too. */
async function inTime<T>(context: Context, request: Request<T>, signal: AbortSignal | undefined): Promise<unknown> {
  const { timeoutMs } = context.settings;
  const client = await context.client();
  const controller = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, timeoutMs);
  const onAbort = (): void => controller.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) controller.abort();
  try {
    return await request.send(client, controller.signal);
  } catch (error) {
    if (late) throw new TimedOut(`no answer within ${timeoutMs / 1000} s`);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

function gaveUp({ baseUrl }: ServerSettings, attempts: number, reason: string): LabError {
  const times = attempts === 1 ? "once" : `${attempts} times`;
  return new LabError("unreachable", `${baseUrl} was asked ${times} without success; last: ${reason}`, {
    hint: "run again later: finished answers are kept, only the rest is asked for",
  });
}

function tooLong(reason: string, afterMs: number): LabError {
  return new LabError("unreachable", `the server asks to wait ${Math.round(afterMs / 60_000)} minutes (${reason})`, {
    hint: "run again then: finished answers are kept, only the rest is asked for",
  });
}

/**
 * The error without the key, should a server repeat it in its words, and without what the client hung on it (headers, requests):
 * causes end up in logs.
 */
function withoutKey({ key }: Context, error: unknown): unknown {
  const clean = (text: string): string => (key === "" ? text : text.replaceAll(key, "[key]"));
  if (error instanceof LabError) {
    return new LabError(error.code, clean(error.message), error.hint === undefined ? {} : { hint: clean(error.hint) });
  }
  if (error instanceof Declined) return new Declined(clean(error.message));
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new LabError("internal", clean(message));
}
