import { chmod, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { greedy, type Lab, lab, temporaryStore } from "../backends/fixtures.js";

const sample = ({ runner, inputs }: Lab) => runner.step("sample", greedy, inputs, { seed: 0, label: "answers" });

async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[0]! ^= 1;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
}

const damages: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "a flipped bit": flipBit,
  "a cut-off file": async (path) => {
    await chmod(path, 0o644);
    await truncate(path, 3);
  },
  "a deleted file": (path) => rm(path),
};

describe.each(Object.entries(damages))("%s", (name, damage) => {
  it("in an output is not a hit: it is quarantined, said aloud, and computed again", async () => {
    const first = await lab();
    const { answers } = await sample(first);
    await damage(await first.store.pathOf(answers!.ref!));
    const again = await sample(first);
    expect(first.backend.calls).toBe(2);
    expect(again).toEqual({ answers });
    expect(await first.store.verify(answers!.ref!, "bytes")).toEqual([]);
    expect(first.warnings.join("\n")).toContain('output "answers" of answers');
    // The damaged file and the record that promised it; a deleted file leaves the record only.
    expect(await readdir(join(first.store.root, "quarantine"))).toHaveLength(name === "a deleted file" ? 1 : 2);
    await sample(first);
    expect(first.backend.calls).toBe(2);
  });

  it("in a file of a model is found too, by another process's store", async () => {
    const { store, runner, inputs } = await lab();
    const optimizer = { name: "adamw", lr: 1 } as const;
    const step = (target: Lab["runner"]) =>
      target.step(
        "sft",
        { epochs: 1, batchSize: 1, optimizer },
        { model: inputs.model, demonstrations: inputs.prompts },
        {
          seed: 5,
          label: "sft",
        },
      );
    const { model } = await step(runner);
    await damage(await store.pathOf(model!.ref!, "model.safetensors"));
    const warnings: string[] = [];
    const fresh = await lab({ store: await openStore(store.root, { warn: (message) => warnings.push(message) }) });
    expect((await step(fresh.runner)).model).toEqual(model);
    expect(fresh.backend.calls).toBe(1);
    expect(warnings.join("\n")).toContain('output "model" of sft');
  });

  it("in a record counts as no record", async () => {
    const one = await lab();
    await sample(one);
    await damage(join(one.store.root, "steps", `${one.runner.keys()[0]}.json`));
    await sample(one);
    expect(one.backend.calls).toBe(2);
    expect(await one.store.lookup(one.runner.keys()[0]!)).toBeDefined();
  });

  it("is found by a check of the whole store", async () => {
    const { store, runner, inputs, warnings } = await lab();
    const { answers } = await runner.step("sample", greedy, inputs, { seed: 0, label: "x" });
    expect(await store.verifyAll()).toMatchObject({ records: 1, damaged: [], lostRecords: [] });
    const digest = answers!.ref!.slice("file:".length);
    await damage(await store.pathOf(answers!.ref!));
    const report = await store.verifyAll();
    expect(report.damaged).toEqual(name === "a deleted file" ? [] : [digest]);
    expect(report.lostRecords).toEqual(runner.keys());
    expect(warnings.length).toBeGreaterThan(0);
    expect(await store.lookup(runner.keys()[0]!)).toBeUndefined();
  });
});

describe("damage", () => {
  it("in a manifest makes the tree's step run again", async () => {
    const { store, runner, inputs, backend } = await lab();
    const step = () =>
      runner.step(
        "sft",
        { epochs: 1, batchSize: 1, optimizer: { name: "adamw", lr: 1 } },
        { model: inputs.model, demonstrations: inputs.prompts },
        { seed: 0, label: "sft" },
      );
    const { model } = await step();
    const digest = model!.ref!.slice("tree:".length);
    await flipBit(join(store.root, "cas", "sha256", digest.slice(0, 2), digest));
    expect((await step()).model).toEqual(model);
    expect(backend.calls).toBe(2);
  });

  it("in a record that still parses is found by its seal", async () => {
    const one = await lab();
    await sample(one);
    const path = join(one.store.root, "steps", `${one.runner.keys()[0]}.json`);
    const text = await readFile(path, "utf8");
    await chmod(path, 0o644);
    await writeFile(path, text.replace('"rows":1', '"rows":9'));
    expect((await sample(one)).answers!.rows).toBe(1);
    expect(one.backend.calls).toBe(2);
    expect(one.warnings.join()).toContain("is damaged");
  });

  it("in an input is a typed error, never a result", async () => {
    const one = await lab();
    await flipBit(await one.store.pathOf(one.inputs.prompts.ref!));
    await expect(sample(one)).rejects.toMatchObject({ code: "store-damaged" });
    expect(await one.store.records()).toEqual([]);
    await expect(one.store.readRows(one.inputs.prompts.ref!)).rejects.toMatchObject({ code: "store-damaged" });
    await expect(one.store.readRows(one.inputs.prompts.ref!)).rejects.toMatchObject({ code: "input-missing" });
  });

  it("heals when the same content is stored again", async () => {
    const { store } = await temporaryStore();
    const { ref } = await store.putBytes("hello");
    await flipBit(await store.pathOf(ref));
    expect(await store.verify(ref, "bytes")).toMatchObject([{ problem: "wrong bytes" }]);
    await store.putBytes("hello");
    expect(await store.verify(ref, "bytes")).toEqual([]);
  });

  it("of size is found even when only sizes are checked", async () => {
    const { store } = await temporaryStore({ hitCheck: "size" });
    const one = await lab({ store });
    const { answers } = await sample(one);
    await damages["a cut-off file"]!(await store.pathOf(answers!.ref!));
    await sample(one);
    expect(one.backend.calls).toBe(2);
  });
});
