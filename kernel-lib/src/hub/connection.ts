/**
 * A Hub (huggingface.co or a mirror) as everything here talks to it: with patience, and with the token for nobody else.
 */
import { LabError, sleep, throwIfCancelled } from "../core/index.js";

export interface HubOptions {
  /**
   * Base URL of the Hub or of a mirror. Default: `HF_ENDPOINT` as for the Python client, else https://huggingface.co.
   */
  readonly endpoint?: string | undefined;
  /** Where `HF_ENDPOINT` and `HF_TOKEN` are read. Default: the process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Told in a line when something is tried again. */
  readonly onRetry?: ((line: string) => void) | undefined;
  /** Tries of one request before giving up. Default: 6. */
  readonly tries?: number;
  /** Longest wait for an answer, or for the next bytes of one, in milliseconds. Default: 60,000. */
  readonly patienceMs?: number;
  /** Waits between tries, in milliseconds. Default: `sleep`. */
  readonly pause?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

export interface Hub {
  readonly endpoint: string;
  readonly signal: AbortSignal | undefined;
  readonly tries: number;
  readonly patienceMs: number;
  /** What the client's functions are called with. */
  readonly client: { readonly hubUrl: string; readonly fetch: typeof fetch; readonly accessToken?: string };
  /** Whether there is a token; the token itself stays inside. */
  readonly authenticated: boolean;
  /** Sends a request until it is answered by something better than 429 or 5xx; the body is not read yet. */
  open(url: string, headers: Readonly<Record<string, string>>): Promise<Response>;
  /** Waits before try number `attempt` (from 1), longer each time. */
  backOff(attempt: number, why: string): Promise<void>;
  /** The text with every occurrence of the token blotted out. */
  redact(text: string): string;
}

const DEFAULT_ENDPOINT = "https://huggingface.co";
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Opens no connection yet; says to whom requests go, and with which token.
 *
 * @throws LabError `config-invalid` when the endpoint is no http(s) address, or the token none of the Hub's.
 * @example
 * const hub = openHub({ endpoint: "https://hf-mirror.example" });
 */
export function openHub(options: HubOptions = {}): Hub {
  const env = options.env ?? process.env;
  const endpoint = readEndpoint(options.endpoint ?? (env.HF_ENDPOINT || DEFAULT_ENDPOINT));
  const token = readToken(env.HF_TOKEN);
  const { signal, onRetry, tries = 6, patienceMs = 60_000, pause = sleep } = options;
  const redact = (text: string): string => (token === undefined ? text : text.replaceAll(token, "hf_***"));
  const backOff = async (attempt: number, why: string, leastMs = 0): Promise<void> => {
    const ms = Math.max(leastMs, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    onRetry?.(redact(`${why}; trying again in ${Math.ceil(ms / 1000)} s (${attempt} of ${tries - 1})`));
    await pause(ms, signal);
  };
  const patient = patientFetch({ origin: new URL(endpoint).origin, signal, tries, patienceMs, backOff });
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    ...{ endpoint, signal, tries, patienceMs, redact, backOff, authenticated: token !== undefined },
    client: {
      hubUrl: endpoint,
      fetch: (input, init) => patient(input, init, true),
      ...(token === undefined ? {} : { accessToken: token }),
    },
    open: (url, headers) => patient(url, { headers: { ...authorization, ...headers } }, false),
  };
}

function readEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") {
    return text.replace(/\/+$/, "");
  }
  throw new LabError("config-invalid", "the Hub's address is not one; expected http(s)://host without a password", {
    hint: "see --mirror and HF_ENDPOINT; the default is https://huggingface.co",
  });
}

function readToken(text: string | undefined): string | undefined {
  const token = text?.trim();
  if (!token) return undefined;
  if (/^hf_[\w-]+$/.test(token)) return token;
  throw new LabError("config-invalid", "HF_TOKEN is no access token of the Hub; expected hf_ and letters", {
    hint: "copy it again from the Hub's settings, or unset HF_TOKEN",
  });
}

interface Patience {
  readonly origin: string;
  readonly signal: AbortSignal | undefined;
  readonly tries: number;
  readonly patienceMs: number;
  readonly backOff: (attempt: number, why: string, leastMs?: number) => Promise<void>;
}

type PatientFetch = (input: string | URL | Request, init: RequestInit | undefined, whole: boolean) => Promise<Response>;

function patientFetch(patience: Patience): PatientFetch {
  const { tries, backOff } = patience;
  return async (input, init, whole) => {
    for (let attempt = 1; ; attempt++) {
      throwIfCancelled(patience.signal, "the transfer");
      const answer = await once(patience, input, init, whole).catch((error: unknown) => {
        throwIfCancelled(patience.signal, "the transfer");
        if (init?.signal?.aborted || attempt === tries) throw error;
        return error instanceof Error ? error : new Error(String(error));
      });
      if (answer instanceof Error) {
        await backOff(attempt, `no answer (${reason(answer)})`);
        continue;
      }
      const passing = answer.status === 429 || answer.status >= 500;
      if (!passing || attempt === tries) return answer;
      await answer.body?.cancel();
      await backOff(attempt, `the server answered ${answer.status}`, retryAfter(answer));
    }
  };
}

/** One request. With `whole` the body is read too, so that a connection cut in the middle of it counts as no answer. */
async function once(
  { origin, signal, patienceMs }: Patience,
  input: string | URL | Request,
  init: RequestInit | undefined,
  whole: boolean,
): Promise<Response> {
  const address = input instanceof Request ? input.url : String(input);
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}));
  // The client sends the token wherever a page's "next" link leads; it is the endpoint's alone. (fetch drops it at
  // redirects.)
  if (new URL(address).origin !== origin) headers.delete("authorization");
  const timer = new AbortController();
  // An upload may take as long as a slow line needs (100 kB/s) before there is an answer.
  const ms = patienceMs + (init?.body instanceof Blob ? init.body.size / 100 : 0);
  const timeout = setTimeout(() => timer.abort(new Error(`nothing for ${Math.round(ms / 1000)} s`)), ms);
  const signals = [timer.signal, signal, init?.signal].filter((each) => each !== undefined && each !== null);
  try {
    const response = await fetch(address, { ...init, headers, signal: AbortSignal.any(signals) });
    if (!whole) return response;
    const body = await response.arrayBuffer();
    const { status, statusText } = response;
    return new Response([101, 204, 205, 304].includes(status) ? null : body, {
      ...{ status, statusText, headers: response.headers },
    });
  } finally {
    clearTimeout(timeout);
  }
}

/** fetch says "fetch failed" and hides why in the cause. */
export function reason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error) return "code" in cause ? `${cause.code}` : cause.message || cause.name;
  return String(cause);
}

/** Milliseconds that the server asks to wait, in seconds or as a date; at most five minutes. */
function retryAfter(response: Response): number {
  const text = response.headers.get("retry-after");
  if (text === null) return 0;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(300, Math.max(0, seconds)) * 1000 : 0;
}
