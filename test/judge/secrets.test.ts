import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { openEmbeddingEndpoint, openJudge } from "../../kernel-lib/src/judge/index.js";
import {
  embedsLetters,
  judgeServer,
  prefersLonger,
  type Reply,
  type Script,
  setVariable,
  testStore,
  virtualTime,
} from "./judge-server.js";

const CANARY = "sk-canary-7f3a9c1e5b2d";
const pair = { instruction: "do", a: "xxx", b: "y" };

async function everythingIn(folder: string): Promise<string> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const texts = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), "utf8")));
  return [...files.map(({ name }) => name), ...texts].join("\n");
}

describe("the key", () => {
  it("goes to the server, and nowhere else: not into the store, errors, reports or logs", async () => {
    setVariable("TEST_JUDGE_KEY", CANARY);
    setVariable("OPENAI_API_KEY", `${CANARY}-other`);
    setVariable("OPENAI_LOG", "debug");
    const printed: string[] = [];
    for (const method of ["log", "info", "warn", "error", "debug"] as const) {
      vi.spyOn(console, method).mockImplementation((...args) => void printed.push(inspect(args, { depth: null })));
    }
    const echo = (status: number): Reply => ({
      status,
      headers: { "set-cookie": CANARY, "x-request-id": CANARY },
      json: { error: { message: `wrong key ${CANARY}`, code: status === 418 ? "content_filter" : CANARY } },
    });
    const scripts: readonly Script[] = [
      (seen) => (seen.path.endsWith("embeddings") ? embedsLetters(seen) : prefersLonger(seen)),
      () => echo(401),
      () => echo(400),
      () => echo(418),
      () => echo(500),
      () => ({ type: "text/html", text: `<html>${CANARY}</html>` }),
      () => ({ type: "application/json", text: `{"${CANARY}` }),
      () => ({ json: { [CANARY]: CANARY } }),
      () => ({ reset: true }),
    ];
    const said: unknown[] = [];
    for (const script of scripts) {
      const server = await judgeServer(script);
      const { store, warnings } = await testStore();
      const settings = { model: "m", baseUrl: server.baseUrl, apiKeyVariable: "TEST_JUDGE_KEY", retries: 1 };
      const judge = openJudge(settings, { store, timing: virtualTime() });
      said.push(judge.identity, await judge.winProbability([pair]).catch((error: unknown) => error), judge.report());
      expect(server.seen[0]!.authorization).toBe(`Bearer ${CANARY}`);
      const embedder = openEmbeddingEndpoint(settings, { store, timing: virtualTime() });
      said.push(embedder.identity, await embedder.embed(["x"]).catch((error: unknown) => error), warnings);
      said.push(await everythingIn(store.root));
    }
    vi.restoreAllMocks();
    for (const one of [...said, ...printed]) {
      const text = typeof one === "string" ? one : inspect(one, { depth: null, showHidden: true });
      expect(text).not.toContain(CANARY);
    }
    expect(inspect(said)).toContain("[key]");
  });

  it("is accompanied by nothing else that the environment holds for OpenAI", async () => {
    for (const name of ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "OPENAI_WEBHOOK_SECRET"]) {
      setVariable(name, CANARY);
    }
    setVariable("OPENAI_CUSTOM_HEADERS", `x-secret: ${CANARY}`);
    setVariable("OPENAI_API_KEY", "key");
    const server = await judgeServer(prefersLonger);
    const { store } = await testStore();
    await openJudge({ model: "m", baseUrl: server.baseUrl }, { store }).winProbability([pair]);
    expect(inspect(server.seen, { depth: null })).not.toContain(CANARY);
  });
});
