import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../backends/fixtures.js";
import { hubServer } from "../hub/fixture.js";
import { gsm8kFolder } from "../hub/gsm8k-rows.js";
import type { HubServer } from "../hub/hub-server.js";
import { parquetOf } from "../hub/parquet.js";
import { ilrIn } from "./command.js";

/** The command with a data folder of its own; `env` is all it sees of the environment. */
async function shell(env: NodeJS.ProcessEnv = {}) {
  const root = await temporaryFolder();
  const data = join(root, "data");
  const ilr = (...argv: string[]) => ilrIn(root, env, ...argv, "--data", data);
  return { root, data, ilr };
}

async function server(): Promise<HubServer> {
  const started = await hubServer();
  const rows = Array.from({ length: 578 }, (_, i) => ({ question: `Q ${i}`, answer: `A ${i}`, category: "general" }));
  started.commit("datasets/helloelwin/saferpaca4_qa", {
    "data/train-00000-of-00001.parquet": parquetOf(rows),
    "data/test-00000-of-00001.parquet": parquetOf(rows),
  });
  return started;
}

describe("ilr data", () => {
  it("gets a data set, says what it did, and the second time that it is there, without a network", async () => {
    const hub = await server();
    const { ilr, data } = await shell({ HF_ENDPOINT: hub.url });
    const first = await ilr("data", "get", "saferpaca");
    expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/saferpaca: verified; .*578 test\.jsonl/) });
    expect(first.out).toContain("licence: ");
    expect(first.err).toMatch(/test-00000-of-00001\.parquet: 100 % of/);
    await hub.close();
    const second = await ilr("data", "get", "saferpaca");
    expect(second).toMatchObject({ code: 0, err: "", out: expect.stringContaining("there already, verified") });
    expect((await ilr("data", "path")).out).toBe(`${data}\n`);
  });

  it("takes --mirror before HF_ENDPOINT", async () => {
    const hub = await server();
    const { ilr } = await shell({ HF_ENDPOINT: "http://127.0.0.1:9" });
    expect((await ilr("data", "get", "saferpaca", "--mirror", `${hub.url}/`)).code).toBe(0);
  });

  it("lists what is there, what is damaged and what is missing", async () => {
    const hub = await server();
    const { ilr, data } = await shell({ HF_ENDPOINT: hub.url });
    await ilr("data", "get", "saferpaca");
    const listed = await ilr("data", "list");
    expect(listed).toMatchObject({ code: 0, err: "" });
    expect(listed.out).toMatch(/^saferpaca +verified +.*helloelwin\/saferpaca4_qa@[0-9a-f]{12}/m);
    expect(listed.out).toMatch(/^gsm8k +missing +.*MIT$/m);
    expect(listed.out).toContain("ilr data get bird");
    const path = join(data, "saferpaca", "test.jsonl");
    await writeFile(path, (await readFile(path, "utf8")).replace("A 3", "B 3"));
    expect((await ilr("data", "list")).out).toMatch(/^saferpaca +damaged/m);
  });

  it("says in plain words what cannot be had", async () => {
    const { ilr } = await shell();
    expect(await ilr("data", "get", "gsm8")).toMatchObject({
      code: 1,
      err: expect.stringContaining("did you mean gsm8k?"),
    });
    const bird = await ilr("data", "get", "bird");
    expect(bird.err).toMatch(/^error \[input-missing\]/);
    expect(bird.err).toContain("dev_databases/<db_id>/<db_id>.sqlite");
    const bad = await ilr("data", "get", "saferpaca", "--mirror", "ftp://x");
    expect(bad.err).toMatch(/^error \[config-invalid\]/);
  });

  it("tells of a gated data set what to do, and never the token", async () => {
    const token = "hf_canaryInTheMine";
    const hub = await hubServer({ token: "hf_another" });
    hub.commit("datasets/helloelwin/saferpaca4_qa", {}, { gated: true });
    const { ilr } = await shell({ HF_ENDPOINT: hub.url, HF_TOKEN: token, ILR_DEBUG: "1" });
    const { code, out, err } = await ilr("data", "get", "saferpaca");
    expect(code).toBe(1);
    expect(err).toContain("accept the licence");
    expect(out + err).not.toContain(token);
  });

  it.skipIf(gsm8kFolder === undefined)("imports GSM8K's original files", async () => {
    const { ilr, root } = await shell();
    await mkdir(join(root, "empty"));
    expect((await ilr("data", "get", "gsm8k", "--from", "empty")).err).toMatch(/^error \[input-missing\]/);
    const { code, out } = await ilr("data", "get", "gsm8k", "--from", join(gsm8kFolder!, "train.jsonl"));
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("7473 train.jsonl, 1319 test.jsonl") });
  });
});
