import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRunner, importFile, importTree } from "../../kernel-lib/src/backends/index.js";
import { LabError } from "../../kernel-lib/src/core/index.js";
import type { Artifact, ParamsInput } from "../../kernel-lib/src/steps/index.js";
import { writeModel } from "./fake-trainer.js";
import { greedy, lab, plainBackend, temporaryFolder, temporaryStore } from "./fixtures.js";

const sft: ParamsInput<"sft"> = {
  epochs: 1,
  batchSize: 2,
  optimizer: { name: "adamw", lr: 0.001 },
  checkpoints: 2,
};

async function failureOf(promise: Promise<unknown>): Promise<LabError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LabError);
  return error as LabError;
}

describe("a step", () => {
  it("runs once, and is found the second time", async () => {
    const { runner, inputs, backend, activities, store } = await lab();
    const first = await runner.step("sample", greedy, inputs, { seed: 3, label: "answers" });
    expect(first.answers).toMatchObject({ rows: 1, madeBy: runner.keys()[0] });
    expect(await runner.read(first.answers!)).toEqual([{ id: "q0", sample: 0, answer: "3" }]);
    const second = await runner.step("sample", greedy, inputs, { seed: 3, label: "the same" });
    expect(second).toEqual(first);
    expect(backend.calls).toBe(1);
    expect(runner.counts()).toEqual({ steps: { executed: 1, cached: 1 }, derivations: { executed: 0, cached: 0 } });
    expect(activities.map(({ type }) => type)).toEqual([
      ...["queued", "started", "event", "event", "event", "finished", "cached"],
    ]);
    const record = await store.record(runner.keys()[0]!);
    expect(record).toMatchObject({ label: "answers", events: { count: 3, metrics: { loss: 0.5 } } });
    expect(Object.keys(record!.versions).sort()).toEqual(["ilr-lab", "node"]);
    // Only published things stay.
    expect(await readdir(join(store.root, "work"))).toEqual([]);
    expect(await readdir(join(store.root, "tmp"))).toEqual([]);
  });

  it("gives models with their number of parameters, and checkpoints by name", async () => {
    const { runner, inputs } = await lab();
    const { model, prompts } = inputs;
    const out = await runner.step("sft", sft, { model, demonstrations: prompts }, { seed: 0, label: "sft" });
    expect(Object.keys(out)).toEqual(["model", "log", "checkpoint-01", "checkpoint-02"]);
    expect(out.model).toMatchObject({ parameters: 10 });
    expect(out["checkpoint-02"]!.ref).toBe(out.model!.ref);
  });

  it("asked for twice at once, runs once", async () => {
    const { runner, inputs, backend, activities } = await lab({ orders: ["sleep 50"] });
    const ask = () => runner.step("sample", greedy, inputs, { seed: 0, label: "twice" });
    const [x, y] = await Promise.all([ask(), ask()]);
    expect(x).toEqual(y);
    expect(backend.calls).toBe(1);
    expect(runner.counts().steps).toEqual({ executed: 1, cached: 1 });
    // One promise: the second call does not even look.
    expect(activities.filter(({ type }) => type === "queued")).toHaveLength(1);
  });

  it("asked for by two runners of one process at once, runs once", async () => {
    const one = await lab({ orders: ["sleep 100"] });
    const two = await lab({ orders: ["sleep 100"], store: one.store });
    const options = { seed: 0, label: "twice" };
    await Promise.all([
      one.runner.step("sample", greedy, one.inputs, options),
      two.runner.step("sample", greedy, two.inputs, options),
    ]);
    expect(one.backend.calls + two.backend.calls).toBe(1);
  });

  it("fails without its outputs, and leaves its log and nothing else", async () => {
    for (const [order, message] of [
      ["forget", 'output "answers" is missing'],
      ["link", 'output "answers" is a symbolic link'],
      ["fail", "the fake trainer failed"],
    ] as const) {
      const { runner, inputs, store, activities } = await lab({ orders: [order] });
      const error = await failureOf(runner.step("sample", greedy, inputs, { seed: 0, label: "bad" }));
      expect(error).toMatchObject({ code: "step-failed" });
      expect(error.message).toContain(message);
      const key = runner.keys()[0]!;
      expect(error.hint).toContain(join(store.root, "logs", `${key}.jsonl`));
      const log = (await store.readLog(key))!;
      expect(log[0]).toMatchObject({ key, label: "bad" });
      expect(log[1]).toMatchObject({ event: { type: "progress" } });
      expect(log.at(-1)).toMatchObject({ failure: { code: "step-failed" } });
      expect(await store.records()).toEqual([]);
      expect(await readdir(join(store.root, "work"))).toEqual([]);
      expect(activities.at(-1)).toMatchObject({ type: "failed" });
    }
  });

  it("forgets the log of a failure when it succeeds", async () => {
    const { runner, inputs, store, backend } = await lab();
    const works = backend.run;
    backend.run = async () => {
      throw new Error("not today");
    };
    await failureOf(runner.step("sample", greedy, inputs, { seed: 0, label: "x" }));
    const [key] = runner.keys();
    expect(await store.readLog(key!)).toBeDefined();
    backend.run = works;
    await runner.step("sample", greedy, inputs, { seed: 0, label: "x" });
    expect(await store.readLog(key!)).toBeUndefined();
  });

  it("keeps the code and hint of what the trainer said", async () => {
    const { runner, inputs } = await lab({ orders: ["diverge"] });
    const error = await failureOf(runner.step("sample", greedy, inputs, { seed: 0, label: "x" }));
    expect(error).toMatchObject({ code: "training-diverged" });
    expect(error.hint).toContain("lower the learning rate");
  });

  it("cancelled, leaves nothing", async () => {
    const controller = new AbortController();
    const { runner, inputs, store } = await lab({ orders: ["sleep 5000"], signal: controller.signal });
    const step = failureOf(runner.step("sample", greedy, inputs, { seed: 0, label: "long" }));
    const waiting = failureOf(runner.step("sample", greedy, inputs, { seed: 1, label: "also" }));
    const queued = failureOf(runner.step("sample", greedy, inputs, { seed: 2, label: "queued" }));
    setTimeout(() => controller.abort(), 100);
    expect((await step).code).toBe("cancelled");
    expect((await waiting).code).toBe("cancelled");
    expect((await queued).code).toBe("cancelled");
    for (const folder of ["work", "tmp", "logs", "steps"]) expect(await readdir(join(store.root, folder))).toEqual([]);
    const again = await lab({ store });
    expect(await again.runner.step("sample", greedy, again.inputs, { seed: 0, label: "x" })).toBeDefined();
  });

  it("can wait in a long queue without warnings", async () => {
    const warned: string[] = [];
    const onWarning = (warning: Error): void => void warned.push(warning.message);
    process.on("warning", onWarning);
    const { runner, inputs } = await lab({ orders: ["sleep 10"], signal: new AbortController().signal });
    const seeds = Array.from({ length: 24 }, (_, seed) => seed);
    await Promise.all(seeds.map((seed) => runner.step("sample", greedy, inputs, { seed, label: `${seed}` })));
    process.off("warning", onWarning);
    expect(warned).toEqual([]);
  });

  it("is not hurt by a display that throws", async () => {
    const { store, inputs } = await lab();
    const onActivity = (): never => {
      throw new Error("no terminal");
    };
    const runner = createRunner({ store, backend: plainBackend(), onActivity });
    expect(await runner.step("sample", greedy, inputs, { seed: 0, label: "x" })).toBeDefined();
  });

  it("cannot damage the store through its inputs", async () => {
    const { runner, inputs, store, backend } = await lab();
    const works = backend.run;
    backend.run = async (job) => {
      const input = join(job.directory, "inputs", "prompts");
      await chmod(input, 0o644);
      await writeFile(input, '{"id":"evil","prompt":"x"}\n');
      await works.call(backend, job);
    };
    await runner.step("sample", greedy, inputs, { seed: 0, label: "x" });
    expect(await store.verify(inputs.prompts.ref!, "bytes")).toEqual([]);
    expect(await store.readRows(inputs.prompts.ref!)).toEqual([{ id: "q0", prompt: "2+2=" }]);
  });
});

describe("a key", () => {
  const keyFor = async (params: ParamsInput<"sft">, seed = 0, salt = ""): Promise<string> => {
    const { runner, inputs } = await lab({ salt });
    return (await runner.peek("sft", params, { model: inputs.model, demonstrations: inputs.prompts }, seed)).key;
  };

  it("does not depend on place, time, order of properties or written-out defaults", async () => {
    const key = await keyFor(sft);
    const before = process.cwd();
    process.chdir(await temporaryFolder());
    try {
      expect(await keyFor(sft)).toBe(key);
    } finally {
      process.chdir(before);
    }
    const { optimizer, ...rest } = sft;
    expect(
      await keyFor({ ...rest, optimizer: { lr: optimizer.lr, name: optimizer.name }, lossWeighting: "per-example" }),
    ).toBe(key);
    expect(await keyFor({ ...sft, checkpoints: 3 })).not.toBe(key);
    expect(await keyFor(sft, 1)).not.toBe(key);
    expect(await keyFor(sft, 0, "pepper")).not.toBe(key);
  });

  it("depends on the trainer", async () => {
    const { store, inputs } = await lab();
    const [x, y] = ["one", "two"].map((identity) => createRunner({ store, backend: plainBackend(identity) }));
    const keys = [await x!.peek("sample", greedy, inputs, 0), await y!.peek("sample", greedy, inputs, 0)];
    expect(keys[0]!.key).not.toBe(keys[1]!.key);
  });
});

describe("a bad step", () => {
  const bad = async (verb: string, params: unknown, inputs: Record<string, Artifact>, seed = 0): Promise<LabError> => {
    const { runner } = await lab();
    return failureOf(runner.step(verb as "sample", params as typeof greedy, inputs, { seed, label: "x" }));
  };
  const file = { ref: `file:${"0".repeat(64)}` } as const;

  it("is told which field, what was got and what is allowed", async () => {
    const inputs = { model: file, demonstrations: file };
    const range = await bad("sft", { ...sft, epochs: -1 }, inputs);
    expect(range.code).toBe("step-invalid");
    expect(range.message).toMatch(/epochs is -1: .*>0/);
    expect((await bad("sft", { ...sft, optimizer: { name: "sgd", lr: 1 } }, inputs)).message).toMatch(
      /optimizer\.name is "sgd": .*adamw.*rmsprop/,
    );
    const typo = await bad("sft", { ...sft, epoch: 1 }, inputs);
    expect(typo.message).toContain('"epoch"');
    expect(typo.hint).toBe('did you mean "epochs"?');
    expect((await bad("sft", sft, { model: file })).message).toContain('lacks input "demonstrations"');
    expect((await bad("sft", sft, { ...inputs, extra: file })).message).toContain('no input "extra"');
    expect((await bad("sample", greedy, { model: file, prompts: { ref: undefined } })).code).toBe("input-missing");
    expect((await bad("smaple", greedy, {})).hint).toBe('did you mean "sample"?');
    expect((await bad("sample", greedy, { model: file, prompts: file }, 0.5)).message).toContain("seed is 0.5");
  });

  it("whose input is not in the store fails as input-missing", async () => {
    expect((await bad("sample", greedy, { model: file, prompts: file })).code).toBe("input-missing");
  });
});

describe("a derivation", () => {
  it("computes once, in canonical lines, and is found the second time", async () => {
    const { runner, inputs, store } = await lab({ orders: ["a", "b"] });
    let computed = 0;
    const derive = (parameter: number) =>
      runner.derive<{ prompts: { id: string; prompt: string } }, { doubled: { id: string; n: number } }>(
        "test/double",
        { parameter },
        { prompts: inputs.prompts as Artifact<{ id: string; prompt: string }> },
        { label: "double", expectRows: { doubled: 2 } },
        ({ prompts }) => {
          computed++;
          return { doubled: prompts.map(({ id }, n) => ({ id, n: n * parameter })) };
        },
      );
    const { doubled } = await derive(2);
    expect(doubled.rows).toBe(2);
    expect(new TextDecoder().decode(await store.readBytes(doubled.ref!))).toBe(
      '{"id":"q0","n":0}\n{"id":"q1","n":2}\n',
    );
    expect(await derive(2)).toEqual({ doubled });
    expect(computed).toBe(1);
    await derive(3);
    expect(computed).toBe(2);
    expect(runner.counts().derivations).toEqual({ executed: 2, cached: 1 });
  });

  it("that throws leaves no record", async () => {
    const { runner, store } = await lab();
    const options = { label: "x", expectRows: {} };
    const failing = runner.derive("test/fails", {}, {}, options, () => {
      throw new LabError("internal", "nothing to derive");
    });
    expect((await failureOf(failing)).code).toBe("internal");
    expect(await store.records()).toEqual([]);
  });
});

describe("imports", () => {
  it("count rows and parameters", async () => {
    const { store } = await temporaryStore();
    const folder = await temporaryFolder();
    await writeFile(join(folder, "rows.jsonl"), '{"id":"a"}\n{"id":"b"}');
    expect(await importFile(store, join(folder, "rows.jsonl"))).toMatchObject({ rows: 2 });
    writeModel(join(folder, "model"), 1);
    expect(await importTree(store, join(folder, "model"))).toMatchObject({ parameters: 10 });
  });

  it("refuse broken files by name", async () => {
    const { store } = await temporaryStore();
    const folder = await temporaryFolder();
    await writeFile(join(folder, "rows.jsonl"), '{"id":"a"}\n[1]\n');
    const rows = await failureOf(importFile(store, join(folder, "rows.jsonl")));
    expect(rows).toMatchObject({ code: "input-damaged" });
    expect(rows.message).toContain("line 2");
    await mkdir(join(folder, "model"));
    await writeFile(join(folder, "model", "model.safetensors"), "short");
    expect((await failureOf(importTree(store, join(folder, "model")))).code).toBe("input-damaged");
    expect((await failureOf(importFile(store, join(folder, "absent")))).code).toBe("input-missing");
  });
});
