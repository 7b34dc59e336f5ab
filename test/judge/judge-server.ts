/** An OpenAI-compatible server on 127.0.0.1 that judges by rule, embeds by rule, and misbehaves on request. */

import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Timing } from "../../kernel-lib/src/judge/index.js";
import { openStore, type Store } from "../../kernel-lib/src/store/index.js";

/** One request as the server saw it. */
export interface Seen {
  readonly index: number;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: RequestBody;
}

export interface RequestBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly input: readonly string[];
  readonly [field: string]: unknown;
}

/** How the server answers: JSON with a status, or something rude. */
export type Reply =
  | { readonly json: unknown; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly text: string; readonly type: string; readonly status?: number }
  /** The connection breaks after so many bytes of the body. */
  | { readonly cutAfter: number; readonly json: unknown }
  /** Headers come, the body never ends. */
  | { readonly hang: "headers" | "body" }
  | { readonly reset: true };

export interface JudgeServer {
  readonly baseUrl: string;
  readonly seen: readonly Seen[];
  /** The most requests that the script was answering at once. */
  readonly busiest: number;
}

export type Script = (seen: Seen) => Reply | Promise<Reply>;

/** Starts a server for one test. */
export async function judgeServer(script: Script): Promise<JudgeServer> {
  const seen: Seen[] = [];
  let [busy, busiest] = [0, 0];
  const counted: Script = async (one) => {
    busiest = Math.max(busiest, ++busy);
    try {
      return await script(one);
    } finally {
      busy--;
    }
  };
  const server = createServer((request, response) => void answer(request, response, seen, counted));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    seen,
    get busiest() {
      return busiest;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, seen: Seen[], script: Script): Promise<void> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const { headers, url = "" } = request;
  const one: Seen = {
    index: seen.length,
    path: url,
    headers,
    authorization: headers.authorization,
    body: JSON.parse(text) as RequestBody,
  };
  seen.push(one);
  const reply = await script(one);
  if ("reset" in reply) return void request.socket.destroy();
  if ("hang" in reply) {
    if (reply.hang === "body") response.writeHead(200, { "content-type": "application/json" }).write('{"choices": [');
    return;
  }
  if ("text" in reply) {
    return void response.writeHead(reply.status ?? 200, { "content-type": reply.type }).end(reply.text);
  }
  const json = JSON.stringify(reply.json);
  if ("cutAfter" in reply) {
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(json) });
    response.write(json.slice(0, reply.cutAfter), () => request.socket.destroy());
    return;
  }
  response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers }).end(json);
}

export type Alternatives = Readonly<Record<string, number | null>>;

/** A token with its alternatives, by log-probability. */
export const token = (text: string, alternatives: Alternatives = { [text]: -0.1 }) => ({
  token: text,
  logprob: alternatives[text] ?? -0.1,
  top_logprobs: Object.entries(alternatives).map(([other, logprob]) => ({ token: other, logprob })),
});

export interface Choice {
  readonly finish?: string;
  readonly refusal?: string;
  readonly logprobs?: unknown;
}

/** A chat completion of these tokens. */
export const completion = (tokens: readonly ReturnType<typeof token>[], { finish = "stop", ...rest }: Choice = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "test-judge-2026-01-01",
  system_fingerprint: "fp_1",
  choices: [
    {
      index: 0,
      finish_reason: finish,
      message: {
        role: "assistant",
        content: rest.refusal === undefined ? tokens.map((one) => one.token).join("") : null,
        ...(rest.refusal !== undefined && { refusal: rest.refusal }),
      },
      logprobs: "logprobs" in rest ? rest.logprobs : { content: tokens },
    },
  ],
  usage: { prompt_tokens: 200, completion_tokens: tokens.length, total_tokens: 200 + tokens.length },
});

/** A completion that explains, and then prefers A with this probability. */
export function verdict(preferA: number): ReturnType<typeof completion> {
  const alternatives = { A: Math.log(preferA), B: Math.log(1 - preferA) };
  const letter = preferA >= 0.5 ? "A" : "B";
  return completion([token("A"), token(" is"), token(" fine"), token(".\n"), token(letter, alternatives)]);
}

/** What a request asks to compare. */
export function comparisonIn({ body }: Seen): { readonly instruction: string; readonly a: string; readonly b: string } {
  const text = body.messages.at(-1)!.content;
  const part = (tag: string): string => text.split(`<${tag}>\n`)[1]!.split(`\n</${tag}>`)[0]!;
  return { instruction: part("instruction"), a: part("output_a"), b: part("output_b") };
}

/** Prefers the longer output: P(a) = |a| / (|a| + |b|). */
export const prefersLonger: Script = (seen) => {
  const { a, b } = comparisonIn(seen);
  return { json: verdict(a.length / (a.length + b.length)) };
};

/** The embedding of a text: how often each of its first letters of the alphabet comes. */
export const lettersOf = (text: string): readonly number[] =>
  Array.from("abcdef", (letter) => text.split(letter).length - 1 + 0.01);

/** Embeds, in the opposite order: clients must look at the index. */
export const embedsLetters: Script = ({ body }) => ({
  json: {
    object: "list",
    model: body.model,
    data: body.input.map((text, index) => ({ object: "embedding", index, embedding: lettersOf(text) })).reverse(),
    usage: { prompt_tokens: 3 * body.input.length, total_tokens: 3 * body.input.length },
  },
});

/** A folder for one test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ilr-judge-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A store for one test, and what it warned of. */
export async function testStore(): Promise<{ readonly store: Store; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const store = await openStore(join(await temporaryFolder(), "store"), { warn: (message) => warnings.push(message) });
  return { store, warnings };
}

/** Time that passes only by sleeping; no test waits. */
export function virtualTime(random = 1): Timing & { readonly slept: readonly number[] } {
  let now = 1_700_000_000_000;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    random: () => random,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Sets an environment variable for one test. */
export function setVariable(name: string, value: string | undefined): void {
  const before = process.env[name];
  const set = (to: string | undefined): void => {
    if (to === undefined) delete process.env[name];
    else process.env[name] = to;
  };
  set(value);
  onTestFinished(() => set(before));
}
