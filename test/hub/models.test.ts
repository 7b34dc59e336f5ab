import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hubJson, resolveModel } from "../../kernel-lib/src/hub/index.js";
import { temporaryFolder } from "../backends/fixtures.js";
import { failureOf, hubAt, hubServer } from "./fixture.js";

const repo = "google/gemma-2b";
const noHub = (): never => {
  throw new Error("nobody may be asked");
};

describe("a model's revision", () => {
  it("is the commit that the Hub says, and from then on what the lock says", async () => {
    const server = await hubServer();
    const first = server.commit(`models/${repo}`, { "config.json": "{}" });
    const data = await temporaryFolder();
    const resolved = await resolveModel({ repo, revision: "main" }, { data, hub: () => hubAt(server) });
    expect(resolved).toEqual({ repo, revision: first });
    const second = server.commit(`models/${repo}`, { "config.json": "{ }" });
    expect(await resolveModel({ repo, revision: "main" }, { data, hub: noHub })).toEqual(resolved);
    const updated = await resolveModel({ repo, revision: "main" }, { data, hub: () => hubAt(server), update: true });
    expect(updated.revision).toBe(second);
    expect(JSON.parse(hubJson(updated))).toEqual({ repo, revision: second });
    expect(JSON.parse(await readFile(join(data, "models.json"), "utf8"))).toEqual({ [`${repo}@main`]: second });
  });

  it("that is a commit needs nobody", async () => {
    const revision = "a".repeat(40);
    expect(await resolveModel({ repo, revision }, { data: "nowhere", hub: noHub })).toEqual({ repo, revision });
  });

  it("of many at once are all locked", async () => {
    const server = await hubServer();
    const data = await temporaryFolder();
    const names = Array.from({ length: 8 }, (_, i) => `owner/model-${i}`);
    for (const name of names) server.commit(`models/${name}`, {});
    await Promise.all(
      names.map((name) => resolveModel({ repo: name, revision: "main" }, { data, hub: () => hubAt(server) })),
    );
    expect(Object.keys(JSON.parse(await readFile(join(data, "models.json"), "utf8")) as object)).toHaveLength(8);
  });

  it("cannot be had of models that are gated, missing or misspelt, nor from nobody", async () => {
    const server = await hubServer();
    server.commit(`models/${repo}`, {}, { private: true });
    const options = { data: await temporaryFolder(), hub: () => hubAt(server) };
    expect(await failureOf(resolveModel({ repo, revision: "main" }, options))).toMatchObject({
      code: "unreachable",
      hint: expect.stringMatching(/accept the licence on .*google\/gemma-2b and set HF_TOKEN/),
    });
    const signedIn = { ...options, hub: () => hubAt(server, { token: "hf_right" }) };
    expect((await failureOf(resolveModel({ repo, revision: "v9" }, signedIn))).code).toBe("input-missing");
    expect((await failureOf(resolveModel({ repo: "gemma", revision: "main" }, options))).code).toBe("config-invalid");
    const nobody = { ...options, hub: () => hubAt(server, { endpoint: "http://127.0.0.1:9", tries: 1 }) };
    expect((await failureOf(resolveModel({ repo, revision: "main" }, nobody))).code).toBe("unreachable");
    expect(() => hubJson({ repo, revision: "main" })).toThrow(/40 hexadecimal/);
  });

  it("is no use from a server that does not say the commit", async () => {
    const server = await hubServer();
    server.order(/revision/, {
      kind: "status",
      status: 200,
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    const asked = resolveModel({ repo, revision: "main" }, { data: await temporaryFolder(), hub: () => hubAt(server) });
    expect((await failureOf(asked)).code).toBe("unreachable");
  });
});
