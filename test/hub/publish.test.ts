import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../kernel-lib/src/core/index.js";
import { type Publication, publish } from "../../kernel-lib/src/hub/index.js";
import { temporaryFolder } from "../backends/fixtures.js";
import { failureOf, hubAt, hubServer, someBytes } from "./fixture.js";
import type { Fault, HubServer } from "./hub-server.js";

const token = "hf_right";
const weights = someBytes(50_000);
const vocabulary = someBytes(3000).reverse();

async function publication(change: Partial<Publication> = {}): Promise<Publication & { folder: string }> {
  const folder = await temporaryFolder();
  const file = async (name: string, bytes: Buffer) => {
    await writeFile(join(folder, name), bytes);
    return { path: `seed-0/${name}`, content: { file: join(folder, name), size: bytes.length, sha256: sha256(bytes) } };
  };
  return {
    ...{ repository: { type: "model", name: "owner/models" }, private: true, title: "ILR" },
    files: [
      { path: "README.md", content: { text: "# A card\n" } },
      { path: "seed-0/config.json", content: { text: "{}" } },
      await file("model.safetensors", weights),
      await file("tokenizer.json", vocabulary),
    ],
    folder,
    ...change,
  };
}

const uploads = (server: HubServer): readonly string[] =>
  server.seen.filter(({ host, method }) => host === "storage" && method === "PUT").map(({ path }) => path);

const mainOf = (server: HubServer, name = "models/owner/models") => server.repos.get(name)!.commits.at(-1)!;

describe("publishing", () => {
  it.each([
    ["whole", {}],
    ["in parts", { partSize: 16_384 }],
  ])("sends every file, large ones %s, in one commit of a new repository", async (_, options) => {
    const server = await hubServer(options);
    const shares = new Map<string, number>();
    const hub = hubAt(server, { token });
    const asked = await publication();
    const report = await publish(hub, asked, { onProgress: (path, share) => shares.set(path, share) });
    expect(report).toMatchObject({ kept: [], commit: mainOf(server).sha });
    expect(report.sent).toHaveLength(4);
    const { files, title } = mainOf(server);
    expect(title).toBe("ILR");
    expect(files.get("seed-0/model.safetensors")!.equals(weights)).toBe(true);
    expect(files.get("seed-0/tokenizer.json")!.equals(vocabulary)).toBe(true);
    expect(files.get("README.md")!.toString()).toBe("# A card\n");
    expect(server.repos.get("models/owner/models")!.private).toBe(true);
    expect(server.repos.get("models/owner/models")!.commits).toHaveLength(2);
    expect(shares.get("seed-0/model.safetensors")).toBe(1);
    // The storage is another host: it never sees the token.
    expect(server.seen.filter(({ host, authorization }) => host === "storage" && authorization)).toEqual([]);
  });

  it("a second time sends nothing, and after a change only what changed", async () => {
    const server = await hubServer();
    const asked = await publication();
    await publish(hubAt(server, { token }), asked);
    const [sent, commits] = [uploads(server).length, server.repos.get("models/owner/models")!.commits.length];
    const again = await publish(hubAt(server, { token }), asked);
    expect(again).toMatchObject({ sent: [], commit: undefined });
    expect(again.kept).toHaveLength(4);
    expect([uploads(server).length, server.repos.get("models/owner/models")!.commits.length]).toEqual([sent, commits]);
    const files = asked.files.map((file) =>
      file.path === "README.md" ? { path: file.path, content: { text: "# Another card\n" } } : file,
    );
    expect((await publish(hubAt(server, { token }), { ...asked, files })).sent).toEqual(["README.md"]);
    expect(uploads(server).length).toBe(sent);
  });

  it("that stopped half way goes on with what is missing", async () => {
    const server = await hubServer();
    const asked = await publication();
    server.order(/POST .*\/commit\//, ...Array<Fault>(2).fill({ kind: "status", status: 500 }));
    const failure = await failureOf(publish(hubAt(server, { token, tries: 2 }), asked));
    expect(failure).toMatchObject({ code: "unreachable", message: expect.stringContaining("owner/models") });
    const first = uploads(server);
    expect(first).toHaveLength(2);
    expect((await publish(hubAt(server, { token }), asked)).sent).toHaveLength(4);
    expect(uploads(server)).toEqual(first);
  });

  it("goes on over servers that are busy or fail for a moment", async () => {
    const server = await hubServer();
    server.order(/preupload/, { kind: "status", status: 429, headers: { "retry-after": "2" } });
    server.order(/PUT \/upload/, { kind: "status", status: 503 });
    const hub = hubAt(server, { token });
    await publish(hub, await publication());
    expect(hub.pauses).toContain(2000);
    expect(mainOf(server).files.get("seed-0/model.safetensors")!.equals(weights)).toBe(true);
  });

  it("to a data set's repository goes there, and other files stay", async () => {
    const server = await hubServer();
    server.commit("datasets/owner/labels", { "notes.txt": "mine", a: "1", b: "2", c: "3" });
    const asked = await publication({ repository: { type: "dataset", name: "owner/labels" } });
    await publish(hubAt(server, { token }), asked);
    const { files } = mainOf(server, "datasets/owner/labels");
    expect([...files.keys()].sort()).toEqual(
      [
        "README.md",
        "a",
        "b",
        "c",
        "notes.txt",
        "seed-0/config.json",
        "seed-0/model.safetensors",
        "seed-0/tokenizer.json",
      ].sort(),
    );
  });

  it("of damaged or lost files sends nothing at all", async () => {
    const server = await hubServer();
    const asked = await publication();
    await writeFile(join(asked.folder, "tokenizer.json"), vocabulary.subarray(1));
    expect((await failureOf(publish(hubAt(server, { token }), asked))).code).toBe("input-damaged");
    const lost = { path: "x", content: { file: join(asked.folder, "none"), size: 1, sha256: "0".repeat(64) } };
    expect((await failureOf(publish(hubAt(server, { token }), { ...asked, files: [lost] }))).code).toBe(
      "input-missing",
    );
    expect(server.seen).toEqual([]);
  });

  it("of two files with one path sends neither", async () => {
    const server = await hubServer();
    const files = ["one", "two"].map((text) => ({ path: "ilr/labels.jsonl", content: { text } }));
    const failure = await failureOf(publish(hubAt(server, { token }), await publication({ files })));
    expect(failure).toMatchObject({ code: "config-invalid", message: expect.stringContaining("ilr/labels.jsonl") });
    expect(server.seen).toEqual([]);
  });

  it("without a token, or with one that may not, says what is needed", async () => {
    const server = await hubServer();
    const asked = await publication();
    expect(await failureOf(publish(hubAt(server), asked))).toMatchObject({
      code: "config-invalid",
      hint: expect.stringContaining("HF_TOKEN"),
    });
    expect(server.seen).toEqual([]);
    const refused = await failureOf(publish(hubAt(server, { token: "hf_wrong" }), asked));
    expect(refused).toMatchObject({ code: "unreachable", hint: expect.stringContaining("token") });
  });

  it("refuses a text that holds the token", async () => {
    const server = await hubServer();
    const files = [{ path: "log.txt", content: { text: `started with ${token}` } }];
    const failure = await failureOf(publish(hubAt(server, { token }), await publication({ files })));
    expect(failure).toMatchObject({ code: "config-invalid", message: expect.stringContaining("log.txt") });
    expect(JSON.stringify([failure.message, failure.hint])).not.toContain(token);
    expect(server.seen).toEqual([]);
  });

  it("does not take the token to wherever a listing's next page is said to be", async () => {
    const server = await hubServer();
    server.commit("models/owner/models", { a: "1" });
    const link = `<${server.storageUrl}/object/page>; rel="next"`;
    server.order(/GET .*\/tree\//, {
      kind: "status",
      status: 200,
      headers: { "content-type": "application/json", link },
      body: "[]",
    });
    await publish(hubAt(server, { token }), await publication());
    const strayed = server.seen.find(({ host, path }) => host === "storage" && path === "/object/page");
    expect(strayed).toMatchObject({ authorization: undefined });
  });

  it("is cancelled when it is asked to stop", async () => {
    const server = await hubServer();
    const controller = new AbortController();
    const hub = hubAt(server, { token, signal: controller.signal });
    const onProgress = (): void => controller.abort();
    expect((await failureOf(publish(hub, await publication(), { onProgress }))).code).toBe("cancelled");
    expect(server.repos.get("models/owner/models")!.commits).toHaveLength(1);
  });
});
