import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { downloadFile, type RemoteFile } from "../../kernel-lib/src/hub/index.js";
import { temporaryFolder } from "../backends/fixtures.js";
import { failureOf, hubAt, hubServer, someBytes } from "./fixture.js";
import type { Fault, HubServer } from "./hub-server.js";

const repository = { type: "dataset", name: "owner/data" } as const;
const remote: RemoteFile = { repository, revision: "main", path: "part/file.bin" };
const bytes = someBytes(300_000);

async function setting(options: Parameters<typeof hubServer>[0] = {}, content = bytes) {
  const server = await hubServer(options);
  server.commit("datasets/owner/data", { "part/file.bin": content });
  const folder = await temporaryFolder();
  return { server, folder, target: join(folder, "file.bin") };
}

const gets = (server: HubServer): HubServer["seen"] => server.seen.filter(({ range }) => range !== "bytes=0-0");

describe("a download", () => {
  it.each([
    ["of a large file, as the Hub stores them now", { xet: true }],
    ["of a large file behind a redirect with a tag of its own", { xet: false }],
    ["of a small file", { largeFrom: 1_000_000 }],
  ])("%s arrives whole and leaves nothing else", async (_, options) => {
    const { server, folder, target } = await setting(options);
    const done: number[] = [];
    const result = await downloadFile(hubAt(server), remote, target, { onProgress: (each) => done.push(each.done) });
    expect(result.size).toBe(bytes.length);
    expect((await readFile(target)).equals(bytes)).toBe(true);
    expect(await readdir(folder)).toEqual(["file.bin"]);
    expect(done.at(-1)).toBe(bytes.length);
    expect([...done].sort((a, b) => a - b)).toEqual(done);
  });

  it("of an empty file is an empty file", async () => {
    const { server, target } = await setting({}, Buffer.alloc(0));
    // The Hub cannot answer a range of nothing; the client says so.
    server.order(/resolve/, {
      kind: "status",
      status: 206,
      headers: { "content-range": "bytes 0-0/0", etag: '"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"' },
    });
    await downloadFile(hubAt(server), remote, target);
    expect((await readFile(target)).length).toBe(0);
  });

  it("is not repeated when the file is there already", async () => {
    const { server, target } = await setting();
    await downloadFile(hubAt(server), remote, target);
    const before = gets(server).length;
    await downloadFile(hubAt(server), remote, target);
    expect(gets(server).length).toBe(before);
    await writeFile(target, someBytes(bytes.length).fill(1));
    await downloadFile(hubAt(server), remote, target);
    expect((await readFile(target)).equals(bytes)).toBe(true);
  });

  it("goes on where the connection broke, however often, as long as bytes come", async () => {
    const { server, target } = await setting();
    server.order(/GET \/object/, ...Array.from({ length: 12 }, (): Fault => ({ kind: "cut", after: 20_000 })));
    const hub = hubAt(server, { tries: 3 });
    await downloadFile(hub, remote, target);
    expect((await readFile(target)).equals(bytes)).toBe(true);
    const ranges = server.seen.filter(({ host }) => host === "storage").map(({ range }) => range);
    expect(ranges[0]).toBeUndefined();
    expect(new Set(ranges).size).toBe(ranges.length);
    expect(hub.lines.join("\n")).toContain("of 300000 bytes");
  });

  it("goes on in another process where the first one stopped", async () => {
    const { server, folder, target } = await setting();
    server.order(
      /GET \/object/,
      { kind: "cut", after: 100_000 },
      ...Array<Fault>(9).fill({ kind: "status", status: 503 }),
    );
    const failure = await failureOf(downloadFile(hubAt(server, { tries: 2 }), remote, target));
    expect(failure.code).toBe("unreachable");
    // A half file never has the file's name.
    const [left, ...others] = await readdir(folder);
    expect(others).toEqual([]);
    expect(left).toMatch(/^file\.bin\..*\.partial$/);
    const second = await hubServer();
    second.commit("datasets/owner/data", { "part/file.bin": bytes });
    await downloadFile(hubAt(second), remote, target);
    expect((await readFile(target)).equals(bytes)).toBe(true);
    expect(second.seen.find(({ host }) => host === "storage")?.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(await readdir(folder)).toEqual(["file.bin"]);
  });

  it("does not join bytes of two versions", async () => {
    const { server, folder, target } = await setting();
    server.order(
      /GET \/object/,
      { kind: "cut", after: 100_000 },
      ...Array<Fault>(9).fill({ kind: "status", status: 503 }),
    );
    await failureOf(downloadFile(hubAt(server, { tries: 1 }), remote, target));
    const other = await hubServer();
    other.commit("datasets/owner/data", { "part/file.bin": bytes.toReversed() as unknown as Buffer });
    await downloadFile(hubAt(other), remote, target);
    expect((await readFile(target)).equals(Buffer.from(bytes.toReversed()))).toBe(true);
    expect(await readdir(folder)).toHaveLength(2);
  });

  it("survives any short story of faults, or says what happened", async () => {
    const fault = fc.oneof(
      fc.record({ kind: fc.constant("cut" as const), after: fc.nat(40_000) }),
      fc.record({ kind: fc.constant("status" as const), status: fc.constantFrom(429, 500, 503) }),
      fc.record({ kind: fc.constant("short" as const), by: fc.integer({ min: 1, max: 5000 }) }),
      fc.constant<Fault>({ kind: "no-range" }),
    );
    const small = someBytes(50_000);
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 5 }), async (faults) => {
        const { server, target, folder } = await setting({}, small);
        server.order(/GET \/object/, ...faults);
        await downloadFile(hubAt(server), remote, target);
        expect((await readFile(target)).equals(small)).toBe(true);
        expect(await readdir(folder)).toEqual(["file.bin"]);
      }),
      { numRuns: 15, seed: 7 },
    );
  });

  it("with wrong bytes is refused, nothing of it stays, and the next try is clean", async () => {
    const { server, folder, target } = await setting();
    server.order(/GET \/object/, { kind: "wrong-bytes" });
    const failure = await failureOf(downloadFile(hubAt(server), remote, target));
    expect(failure).toMatchObject({ code: "input-damaged", message: expect.stringContaining("digest") });
    expect(await readdir(folder)).toEqual([]);
    await downloadFile(hubAt(server), remote, target);
    expect((await readFile(target)).equals(bytes)).toBe(true);
  });

  it("with wrong bytes is refused too where only the repository's listing has the digest", async () => {
    const { server, target } = await setting({ xet: false });
    // The first answer from the storage tells the size; the second has the bytes.
    server.order(/GET \/object/, { kind: "wrong-bytes" }, { kind: "wrong-bytes" });
    expect((await failureOf(downloadFile(hubAt(server), remote, target))).code).toBe("input-damaged");
  });

  it("starts again where a server knows no ranges", async () => {
    const { server, target } = await setting();
    server.order(/GET \/object/, { kind: "cut", after: 100_000 }, { kind: "no-range" });
    await downloadFile(hubAt(server, { tries: 2 }), remote, target);
    expect((await readFile(target)).equals(bytes)).toBe(true);
    expect(server.seen.filter(({ host }) => host === "storage")).toHaveLength(2);
  });

  it("of a small file with wrong bytes is refused by git's digest", async () => {
    const { server, target } = await setting({ largeFrom: 1_000_000 });
    server.order(/resolve/, { kind: "no-range" });
    const failing = hubAt(server);
    // The first answer tells the size; without it there is nothing to go by.
    expect((await failureOf(downloadFile(failing, remote, target))).code).toBe("unreachable");
    const hub = hubAt(server);
    const open = hub.open;
    const wrong = {
      ...hub,
      open: (...args: Parameters<typeof open>) => {
        server.order(/resolve/, { kind: "wrong-bytes" });
        return open(...args);
      },
    };
    expect((await failureOf(downloadFile(wrong, remote, target))).code).toBe("input-damaged");
  });

  it("waits as long as a server that is asked too often says", async () => {
    const { server, target } = await setting();
    server.order(/resolve/, { kind: "status", status: 429, headers: { "retry-after": "7" } });
    server.order(/GET \/object/, { kind: "status", status: 500 }, { kind: "status", status: 502 });
    const hub = hubAt(server);
    await downloadFile(hub, remote, target);
    expect(hub.pauses).toEqual([7000, 500, 1000]);
  });

  it("gives up on a server that keeps failing, and on one that falls silent", async () => {
    const { server, target } = await setting();
    server.order(/resolve/, ...Array<Fault>(3).fill({ kind: "status", status: 500 }));
    const failed = await failureOf(downloadFile(hubAt(server, { tries: 3 }), remote, target));
    expect(failed).toMatchObject({ code: "unreachable", message: expect.stringContaining("answered 500") });
    server.order(/GET \/object/, ...Array<Fault>(2).fill({ kind: "stall", after: 0 }));
    const silent = await failureOf(downloadFile(hubAt(server, { tries: 2, patienceMs: 150 }), remote, target));
    expect(silent).toMatchObject({ code: "unreachable", hint: expect.stringContaining("HF_ENDPOINT") });
    const nobody = await failureOf(
      downloadFile(hubAt(server, { tries: 1, endpoint: "http://127.0.0.1:9" }), remote, target),
    );
    expect(nobody).toMatchObject({ code: "unreachable", message: expect.stringContaining("127.0.0.1:9") });
  });

  it("is cancelled at once, and keeps what it has", async () => {
    const { server, folder, target } = await setting();
    server.order(/GET \/object/, { kind: "stall", after: 50_000 });
    const controller = new AbortController();
    const hub = hubAt(server, { signal: controller.signal });
    const onProgress = (): void => void setTimeout(() => controller.abort(), 20);
    const started = Date.now();
    const failure = await failureOf(downloadFile(hub, remote, target, { onProgress }));
    expect(failure.code).toBe("cancelled");
    expect(Date.now() - started).toBeLessThan(2000);
    expect((await readFile(join(folder, (await readdir(folder))[0]!))).length).toBeGreaterThan(0);
  });

  it("of what is not there says so", async () => {
    const { server, target } = await setting();
    const hub = hubAt(server, { token: "hf_right" });
    for (const missing of [
      { ...remote, path: "nothing" },
      { ...remote, revision: "f".repeat(40) },
      { ...remote, repository: { type: "dataset", name: "owner/nothing" } as const },
    ]) {
      expect((await failureOf(downloadFile(hub, missing, target))).code).toBe("input-missing");
    }
  });
});

describe("the token", () => {
  it("goes to the endpoint and to nobody else, and is in no message", async () => {
    const canary = "hf_canaryCanary123";
    const server = await hubServer({ token: canary, xet: false });
    server.commit("datasets/owner/data", { "part/file.bin": bytes }, { gated: true });
    const target = join(await temporaryFolder(), "file.bin");

    const without = await failureOf(downloadFile(hubAt(server), remote, target));
    expect(without).toMatchObject({ code: "unreachable", hint: expect.stringContaining("set HF_TOKEN") });
    expect(without.hint).toContain(`${server.url}/datasets/owner/data`);
    const wrong = await failureOf(downloadFile(hubAt(server, { token: "hf_wrong" }), remote, target));
    expect(wrong.hint).toContain("accept the licence");

    const hub = hubAt(server, { token: canary });
    await downloadFile(hub, remote, target);
    const storage = server.seen.filter(({ host }) => host === "storage");
    expect(storage.length).toBeGreaterThan(0);
    expect(storage.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect(server.seen.some(({ authorization }) => authorization === `Bearer ${canary}`)).toBe(true);

    server.order(/resolve/, {
      kind: "status",
      status: 400,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ error: `bad token ${canary}` }),
    });
    const echoed = await failureOf(downloadFile(hub, remote, join(await temporaryFolder(), "x")));
    expect(echoed.message).toContain("bad token hf_***");
    expect(JSON.stringify([echoed.message, echoed.hint, echoed.stack, String(echoed.cause)])).not.toContain(canary);
    expect(JSON.stringify(hub.lines)).not.toContain(canary);
  });

  it("that is none is refused without being printed", async () => {
    const server = await hubServer();
    let message = "";
    try {
      hubAt(server, { token: "secret-of-another-kind" });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("HF_TOKEN");
    expect(message).not.toContain("secret-of");
  });
});
