import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { memorySession, type PersonAtPage, peopleOf, personAtPage } from "../../kernel-lib/src/human/index.js";
import { sitting } from "./items.js";

let page: PersonAtPage;
const session = memorySession({ person: "ann" });
let judged: Promise<unknown>;
beforeAll(async () => {
  page = await personAtPage({ title: "tiny" });
  const seat = peopleOf(session, { respondent: page.respondent }).seat({ experiment: "tiny", seed: 0 });
  judged = seat.judge(sitting(3)).catch((error: unknown) => error);
  // The desk has the pairs once the queue has turned.
  await vi.waitFor(async () => expect((await ask("scene")).body).toContain("Question"));
});
afterAll(() => page.close());

interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly token?: string;
  readonly address?: string;
}
interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}
/** With node's own client, which says in `host` and `origin` what it is told to. */
function ask(path: string, { method = "GET", headers = {}, body, token, address }: Asking = {}): Promise<Answer> {
  const url = new URL(page.url);
  const own = token === undefined ? url.pathname : `/${token}/`;
  return new Promise((resolve, reject) => {
    const options = { host: address ?? "127.0.0.1", port: url.port, path: `${own}${path}`, method, headers };
    const sent = httpRequest({ ...options, headers: { host: url.host, ...headers } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode!, body: text, headers: response.headers }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
const own = (): Readonly<Record<string, string>> => ({
  origin: new URL(page.url).origin,
  "content-type": "application/json",
});
const judgement = async (): Promise<string> => {
  const { pair } = JSON.parse((await ask("scene")).body) as { pair: string };
  return JSON.stringify({ pair, choice: "left", responseMs: 1200 });
};

describe("the page's server", () => {
  it("answers the page's own requests, and forbids the page everything but them", async () => {
    const { status, body, headers } = await ask("");
    expect(status).toBe(200);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toContain("unsafe");
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)![1]!;
    expect(body).toContain(`<script nonce="${nonce}">`);
    expect(body.replaceAll(nonce, "")).toBe((await ask("")).body.replace(/nonce="[^"]+"/g, 'nonce=""'));
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    // Nothing is loaded from anywhere.
    expect(body).not.toMatch(/(?:src|href)="(?!data:)|url\(|@import|https?:/);
  });

  it.each([
    ["another token", { token: "A".repeat(32) }, 404],
    ["no token", { token: "" }, 404],
    ["a token cut short", { token: "abc" }, 404],
    ["a name that was made to mean this machine", { headers: { host: "evil.example:80" } }, 421],
    ["the same at our port", { headers: { host: "evil.example" } }, 421],
    ["a page of elsewhere", { headers: { origin: "http://evil.example" } }, 403],
    ["a page without an origin", { headers: { origin: "null" } }, 403],
    ["a page on another port", { headers: { origin: "http://127.0.0.1:1" } }, 403],
    ["a page that a browser calls foreign", { headers: { "sec-fetch-site": "cross-site" } }, 403],
    ["a page of a neighbour", { headers: { "sec-fetch-site": "same-site" } }, 403],
  ] as const)("refuses %s", async (_, asking, status) => {
    for (const path of ["", "scene"]) {
      const answer = await ask(path, asking);
      expect(answer.status).toBe(status);
      expect(answer.body).not.toContain("Question");
    }
    const headers = { ...own(), ...("headers" in asking ? asking.headers : {}) };
    const posted = await ask("judgement", { method: "POST", body: await judgement(), ...asking, headers });
    expect(posted.status).toBe(status);
    expect(session.judgements()).toHaveLength(0);
  });

  it("refuses judgements that are none, and those without an origin", async () => {
    const body = await judgement();
    const post = async (more: Asking): Promise<number> =>
      (await ask("judgement", { method: "POST", headers: own(), body, ...more })).status;
    expect(await post({ headers: { "content-type": "application/json" } })).toBe(403);
    expect(await post({ headers: { ...own(), "content-type": "text/plain" } })).toBe(415);
    for (const wrong of ["", "{", "[]", '{"pair":"x"}', body.replace("left", "accept"), body.replace("1200", "-1")])
      expect(await post({ body: wrong })).toBe(400);
    expect(await post({ body: body.replace("}", `,"more":"${"x".repeat(10_000)}"}`) })).toBe(400);
    expect(await post({ method: "PUT" })).toBe(404);
    expect((await ask("../../etc/passwd")).status).toBe(404);
    expect(session.judgements()).toHaveLength(0);
  });

  it("is not to be reached from other machines", async () => {
    const { networkInterfaces } = await import("node:os");
    const others = Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address),
    );
    for (const address of others) await expect(ask("scene", { address })).rejects.toThrow(/ECONNREFUSED/);
  });

  it("says nothing of which answers are gold, labels or right", async () => {
    const scene = JSON.parse((await ask("scene")).body) as object;
    expect(Object.keys(scene).sort()).toEqual(
      ["clockMs", "done", "kind", "left", "pair", "question", "right", "sitting", "total"].sort(),
    );
  });

  it("takes each judgement once", async () => {
    const body = await judgement();
    const posts = await Promise.all([1, 2, 3].map(() => ask("judgement", { method: "POST", headers: own(), body })));
    expect(posts.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(session.judgements()).toHaveLength(1);
    expect(session.judgements()[0]).toMatchObject({ person: "ann", responseMs: 1200 });
  });

  it("stops the run when it is closed", async () => {
    await page.close();
    expect(await judged).toMatchObject({ code: "cancelled" });
  });
});
