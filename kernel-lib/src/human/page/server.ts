import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { LabError } from "../../core/index.js";
import type { Respondent } from "../people.js";
import { CHOICES, type Desk, openDesk, type ResultRow } from "./desk.js";
import { pageOf } from "./page.js";

export type { ResultRow } from "./desk.js";

export interface PersonAtPageOptions {
  /** What the page is called, such as the experiment's name. */
  readonly title: string;
  /** Default: any that is free. */
  readonly port?: number | undefined;
}

/** Somebody who answers at a page of this machine. */
export interface PersonAtPage extends AsyncDisposable {
  /** The page's address; whoever knows it may answer. */
  readonly url: string;
  readonly respondent: Respondent;
  /** What the page shows while there is nothing to compare. */
  say(text: string): void;
  /** What the page shows in the end. Resolves when a page has asked for it. */
  finish(title: string, rows: readonly ResultRow[]): Promise<void>;
  /** Ends the server; runs that wait for answers stop as cancelled. */
  close(): Promise<void>;
}

/**
 * Serves the page on which a person compares answers. It listens on 127.0.0.1 only; every request must name this host, carry the token of
 * the address, and (where a browser says so) come from the page itself. The page loads nothing from elsewhere.
 *
 * @throws LabError `unsupported` when the port is taken.
 * @example
 * const person = await personAtPage({ title: "micro-math/human" });
 * console.log(`open ${person.url}`);
 * await runExperiment(experiment, { store, results, people: peopleOf(session, { respondent: person.respondent }) });
 */
export async function personAtPage({ title, port = 0 }: PersonAtPageOptions): Promise<PersonAtPage> {
  const desk = openDesk();
  const token = randomBytes(24).toString("base64url");
  const server = createServer((request, response) => {
    void serve({ desk, token, title, port: portOf(server) }, request, response);
  });
  await listening(server, port);
  const close = async (): Promise<void> => {
    desk.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${portOf(server)}/${token}/`,
    ...{ respondent: desk.respondent, say: desk.say, finish: desk.finish, close },
    [Symbol.asyncDispose]: close,
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const hint = "another port, or none: --port 0 takes one that is free";
      reject(new LabError("unsupported", `cannot listen on port ${port}`, { hint, cause }));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}

interface Place {
  readonly desk: Desk;
  readonly token: string;
  readonly title: string;
  readonly port: number;
}

async function serve(place: Place, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const refusal = refusalOf(place, request);
    if (refusal !== undefined) return send(response, refusal.status, "text/plain", refusal.why);
    await answer(place, request, response);
  } catch (error) {
    send(response, 500, "text/plain", error instanceof LabError ? error.message : "the answer was not kept");
  }
}

interface Refusal {
  readonly status: number;
  readonly why: string;
}

function refusalOf({ token, port }: Place, { headers, url = "/", method }: IncomingMessage): Refusal | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  // A name that somebody else's server resolves to this machine (DNS rebinding) stands here.
  if (!hosts.includes(headers.host ?? "")) return { status: 421, why: "wrong host" };
  const { origin } = headers;
  const isOwn = origin === `http://${headers.host}`;
  if (origin === undefined ? method !== "GET" : !isOwn) return { status: 403, why: "wrong origin" };
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return { status: 403, why: "wrong site" };
  const given = Buffer.from(url.split("/")[1] ?? "");
  const expected = Buffer.from(token);
  if (given.length === expected.length && timingSafeEqual(given, expected)) return undefined;
  return { status: 404, why: "this address is not complete, or is of a server that has ended" };
}

const replySchema = z.strictObject({
  pair: z.string().max(64),
  choice: z.enum(CHOICES),
  responseMs: z.number().min(0).max(3_600_000),
});

async function answer({ desk, title }: Place, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "").split("/").slice(2).join("/");
  if (request.method === "GET" && path === "") {
    const nonce = randomBytes(16).toString("base64");
    return send(response, 200, "text/html", pageOf(title, nonce), nonce);
  }
  if (request.method === "GET" && path === "scene") return sendJson(response, 200, desk.scene());
  if (request.method !== "POST" || path !== "judgement") return send(response, 404, "text/plain", "no such page");
  if (request.headers["content-type"] !== "application/json") return send(response, 415, "text/plain", "expected JSON");
  const reply = replySchema.safeParse(json(await bodyOf(request)));
  if (!reply.success) return send(response, 400, "text/plain", "not a judgement");
  const taken = await desk.reply(reply.data);
  sendJson(response, taken ? 200 : 409, desk.scene());
}

const LONGEST_BODY = 4096;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > LONGEST_BODY) return "";
  }
  return text;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, "application/json", JSON.stringify(value));
}

function send(response: ServerResponse, status: number, type: string, body: string, nonce?: string): void {
  const own = nonce
    ? `script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; `
    : "";
  response.writeHead(status, {
    "content-type": `${type}; charset=utf-8`,
    "content-security-policy": `default-src 'none'; ${own}base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  });
  response.end(body);
}
