import { createHash } from "node:crypto";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { Store } from "../../kernel-lib/src/backends/index.js";
import { baseFolder, baseModel, pretrainBase, type ResolveModel } from "../../kernel-lib/src/experiments/bases.js";
import { type BaseModel, type HubBase, parseExperiment } from "../../kernel-lib/src/experiments/config.js";
import { presetByName } from "../../kernel-lib/src/experiments/presets/index.js";
import { microMath } from "../../kernel-lib/src/tasks/index.js";
import { writeModel } from "../backends/fake-trainer.js";
import { temporaryFolder, temporaryStore } from "../backends/fixtures.js";
import { fakeRunner } from "../methods/fake-runner.js";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const gemma = parseExperiment(presetByName("gsm8k/main", "paper")).bases.weak as HubBase;
const at = (revision: string): HubBase => ({ ...gemma, hub: { ...gemma.hub, revision } });
const runner = () => fakeRunner({ answer: () => "", classify: () => 0.5 });

async function artifactOf(base: BaseModel, resolveModel?: ResolveModel, given?: Store) {
  const store = given ?? (await temporaryStore()).store;
  const options = { store, results: "nowhere", fromScratch: false, ...(resolveModel && { resolveModel }) };
  return { store, artifact: await baseModel(runner(), microMath, base, 0, options) };
}
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("a base model of the Hub", () => {
  it("is a folder with a pointer to repository and commit, and as large as the config says", async () => {
    const { store, artifact } = await artifactOf(at(COMMIT));
    const manifest = await store.readManifest(artifact.ref!);
    expect(Object.keys(manifest)).toEqual(["hub.json"]);
    const text = new TextDecoder().decode(await store.readBytes(artifact.ref!, "hub.json"));
    expect(JSON.parse(text)).toEqual({ repo: "google/gemma-2b", revision: COMMIT });
    expect(manifest["hub.json"]!.digest).toBe(sha256(text));
    expect(artifact.parameters).toBe(gemma.parameters);
  });

  it("at a branch is asked for once and stands at the commit that was the answer", async () => {
    const resolve = vi.fn<ResolveModel>(async ({ repo }) => ({ repo, revision: COMMIT }));
    const { artifact } = await artifactOf(at("main"), resolve);
    expect(resolve.mock.calls).toEqual([[{ repo: "google/gemma-2b", revision: "main" }]]);
    expect(artifact).toEqual((await artifactOf(at(COMMIT))).artifact);
    const other = await artifactOf(at("main"), async ({ repo }) => ({ repo, revision: COMMIT.replace("0", "f") }));
    expect(other.artifact.ref).not.toBe(artifact.ref);
  });

  it("at a commit is never asked for", async () => {
    const resolve = vi.fn<ResolveModel>();
    await artifactOf(at(COMMIT), resolve);
    expect(resolve).not.toHaveBeenCalled();
  });

  it("is yet to be made in a plan, which asks nobody, and takes nothing in", async () => {
    const { store, artifact } = await artifactOf(at("main"));
    expect(artifact).toEqual({ ref: undefined, parameters: gemma.parameters });
    expect(
      (await readdir(store.root, { recursive: true, withFileTypes: true })).filter(
        (entry) => entry.isFile() && entry.name.length === 64,
      ),
    ).toEqual([]);
  });

  it("leaves no folder behind, and passes on what the Hub says", async () => {
    const left = async (): Promise<number> =>
      (await readdir(tmpdir())).filter((name) => name.startsWith("ilr-hub-")).length;
    const before = await left();
    await artifactOf(at(COMMIT));
    await expect(artifactOf(at("main"), () => Promise.reject(new Error("gated")))).rejects.toThrow("gated");
    await expect(artifactOf(at("main"), async ({ repo }) => ({ repo, revision: "main" }))).rejects.toMatchObject({
      code: "config-invalid",
    });
    expect(await left()).toBe(before);
  });

  it("has nothing to pretrain", async () => {
    await expect(pretrainBase(runner(), microMath, gemma, 0)).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("google/gemma-2b"),
    });
  });
});

describe("a base model of the kit", () => {
  const micro = parseExperiment(presetByName("micro-math/main")).bases.weak;

  it("that is recorded is taken as it is, and refused when it was changed", async () => {
    const { store } = await temporaryStore();
    const results = join(await temporaryFolder(), "results");
    const folder = baseFolder(results, micro, 0);
    await mkdir(folder, { recursive: true });
    writeModel(join(folder, "model"), 7);
    const { ref } = await store.putTree(join(folder, "model"));
    await writeFile(join(folder, "provenance.json"), JSON.stringify({ ref }));
    const options = { store, results, fromScratch: false };
    expect((await baseModel(runner(), microMath, micro, 0, options)).ref).toBe(ref);
    await rm(join(folder, "model", "config.json"));
    await expect(baseModel(runner(), microMath, micro, 0, options)).rejects.toMatchObject({ code: "input-damaged" });
  });
});
