import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { main } from "../../kernel-lib/src/cli/index.js";
import { LabError } from "../../kernel-lib/src/core/index.js";
import { readRun } from "../../kernel-lib/src/experiments/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { temporaryFolder } from "../backends/fixtures.js";
import { small } from "../experiments/fixture.js";
import { type PretendingBackend, pretendingBackend } from "../experiments/pretending-backend.js";

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Shell {
  readonly root: string;
  readonly backend: PretendingBackend;
  ilr(...argv: string[]): Promise<Outcome>;
}

const listeners = { SIGINT: process.listeners("SIGINT"), SIGTERM: process.listeners("SIGTERM") };
afterEach(() => {
  // A command leaves no handlers behind, whatever happened to it.
  expect(process.listeners("SIGINT")).toEqual(listeners.SIGINT);
  expect(process.listeners("SIGTERM")).toEqual(listeners.SIGTERM);
});

/** The command in an empty checkout, with a backend that only pretends. */
async function shell(backend = pretendingBackend(), env: NodeJS.ProcessEnv = {}): Promise<Shell> {
  const root = await temporaryFolder();
  for (const folder of ["results", "notebooks"]) await mkdir(join(root, folder));
  const ilr = async (...argv: string[]): Promise<Outcome> => {
    let [out, err] = ["", ""];
    const keep = (add: (text: string) => void) => ({ write: add });
    const code = await main(argv, {
      stdout: keep((text) => {
        out += text;
      }),
      stderr: keep((text) => {
        err += text;
      }),
      cwd: root,
      env,
      openBackend: () => backend,
    });
    return { code, out, err };
  };
  return { root, backend, ilr };
}

const changes = small.flatMap((change) => ["--set", change]);

describe("bad input", () => {
  const cases: readonly (readonly [string, readonly string[], string, string])[] = [
    ["an unknown command", ["rn"], "unknown command 'rn'", "did you mean run?"],
    ["an unknown option", ["run", "--sed", "1"], "unknown option '--sed'", "did you mean --set?"],
    ["no command", [], "no command was given", "ilr --help"],
    ["an unknown experiment", ["plan", "micro-math/man"], 'there is no experiment "micro-math/man"', "micro-math/main"],
    ["a share of 1.5", ["plan", "micro-math/quick", "--set", "alpha=1.5"], "alpha is 1.5", "<=1"],
    [
      "a number that is text",
      ["plan", "micro-math/quick", "--set", "recipe.dpo.beta=high"],
      'beta is "high"',
      "number",
    ],
    ["an unknown field", ["plan", "micro-math/quick", "--set", "alpa=1"], "unknown field alpa", "did you mean alpha?"],
    ["an unknown path", ["plan", "micro-math/quick", "--set", "recip.dpo.beta=1"], "no field recip", "recipe"],
    [
      "a change without =",
      ["plan", "micro-math/quick", "--set", "alpha"],
      "--set alpha: expected field=value",
      "alpha=0.3",
    ],
    ["seeds that are no numbers", ["plan", "micro-math/quick", "--seeds", "0,x"], '--seeds is "0,x"', "--seeds 0,1,2"],
    ["no rounds", ["run", "micro-math/quick", "--rounds", "0"], '--rounds is "0"', "from 1"],
    ["no workers", ["run", "micro-math/quick", "--workers", "two"], '--workers is "two"', "whole number"],
    ["a pair that does not exist", ["bases", "--pairs", "7"], "pair 7", "0 to 6"],
    ["a config that is not there", ["run", "--config", "nowhere.json"], "cannot read the config", "nowhere.json"],
    ["an unknown key", ["explain", "abc"], 'starts with "abc"', "more digits"],
    ["a run that does not exist", ["results", "micro-math/main"], 'no run of "micro-math/main"', "ilr run"],
    ["a parameter without =", ["notebook", "run", "x.ipynb", "--param", "seeds"], "expected name=value", "seeds=[0,1]"],
    ["a notebook that is not there", ["notebook", "run", "x.ipynb"], "x.ipynb", "error [input-missing]"],
  ];
  it.each(cases)("%s is named, with what is allowed", async (_, argv, problem, hint) => {
    const { ilr, backend } = await shell();
    const { code, err, out } = await ilr(...argv);
    expect(code).toBe(1);
    expect(err).toMatch(/^error \[[a-z-]+\]: /);
    expect(err).toContain(problem);
    expect(err).toContain(hint);
    expect(err).not.toMatch(/^\s+at /m);
    expect(out).toBe("");
    expect(backend.calls).toEqual([]);
  });

  it("shows where it happened when asked to debug", async () => {
    const { ilr } = await shell(pretendingBackend(), { ILR_DEBUG: "1" });
    expect((await ilr("plan", "nothing")).err).toMatch(/^\s+at /m);
  });

  it("outside a checkout says what to do", async () => {
    const { ilr, root } = await shell();
    await rm(join(root, "notebooks"), { recursive: true });
    const { code, err } = await ilr("plan", "micro-math/quick");
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining("ILR_ROOT") });
  });
});

describe("help and lists", () => {
  it("are no errors", async () => {
    const { ilr } = await shell();
    expect(await ilr("--help")).toMatchObject({ code: 0, err: "", out: expect.stringContaining("explain") });
    expect(await ilr("run", "--help")).toMatchObject({
      code: 0,
      err: "",
      out: expect.stringContaining("--from-scratch"),
    });
    expect(await ilr("--version")).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(await ilr("experiments")).toMatchObject({ code: 0, out: expect.stringContaining("micro-math/main") });
    expect(await ilr("tasks")).toMatchObject({ code: 0, out: expect.stringMatching(/micro-math +\d+ +\d+ +\d+/) });
  });

  it("print a whole config that can be given back", async () => {
    const { ilr, root } = await shell();
    const shown = await ilr("plan", "micro-math/quick", "--set", "alpha=0.3", "--config");
    expect(JSON.parse(shown.out)).toMatchObject({ name: "micro-math/quick", alpha: 0.3 });
    expect(JSON.parse((await ilr("plan", "--config", "micro-math/quick")).out)).toMatchObject({ alpha: 0.15 });
    await writeFile(join(root, "mine.json"), shown.out);
    const again = await ilr("plan", "--config", "mine.json", "--json", ...changes);
    expect(again).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(again.out)).toMatchObject({ cached: 0, workers: 2 });
  });
});

describe("ilr run", () => {
  it("leaves rows, table and figure, and a second time executes nothing", async () => {
    const { ilr, root, backend } = await shell();
    const first = await ilr("run", "micro-math/quick", ...changes);
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(first.out).toMatch(/^\[\d+\/\d+\] SFT {2}\d/m);
    const folder = join(root, "out", "micro-math", "quick");
    const run = await readRun(folder);
    expect(run.points.map(({ arm }) => arm)).toContain("ILR");
    expect(await readFile(join(folder, "figure.svg"), "utf8")).toContain("<svg");
    expect((await readFile(join(folder, "figure.png"))).subarray(1, 4).toString()).toBe("PNG");
    expect(await readFile(join(folder, "table.md"), "utf8")).toContain("| ILR");

    const calls = backend.calls.length;
    const times = async (): Promise<readonly bigint[]> =>
      Promise.all(
        (await readdir(folder)).sort().map(async (name) => (await stat(join(folder, name), { bigint: true })).mtimeNs),
      );
    const written = await times();
    const second = await ilr("run", "micro-math/quick", ...changes, "--record");
    expect(second.out).toContain("nothing to run");
    expect(second.out).toMatch(/^0 steps executed/m);
    expect(backend.calls).toHaveLength(calls);
    expect((await readRun(join(root, "results", "micro-math", "quick"))).points).toEqual(run.points);
    // The folder had it all: the provenance stays that of the run that computed.
    expect(await times()).toEqual(written);
    await writeFile(
      join(folder, "points.jsonl"),
      (await readFile(join(folder, "points.jsonl"), "utf8")).replace("1", "0"),
    );
    await ilr("run", "micro-math/quick", ...changes);
    expect((await readRun(folder)).points).toEqual(run.points);

    const plan = await ilr("plan", "micro-math/quick", ...changes);
    expect(plan.out).toContain("nothing to run");
    const listed = await ilr("results");
    expect(listed.out.match(/micro-math\/quick/g)!.length).toBeGreaterThanOrEqual(4);
    expect((await ilr("results", "micro-math/quick")).out).toContain("Naive ILR");
    expect((await ilr("verify")).code).toBe(0);
    const key = /in store {2}([0-9a-f]{12})/.exec(plan.out)![1]!;
    expect((await ilr("explain", key)).out).toContain("would not run");
  });

  it("cancelled by Ctrl-C keeps finished steps, says so, and exits with 130", async () => {
    let interrupt = true;
    const backend = pretendingBackend(async ({ step, signal }) => {
      if (!interrupt || step.verb !== "dpo") return;
      interrupt = false;
      process.emit("SIGINT");
      if (signal?.aborted) throw new LabError("cancelled", "the step was cancelled");
    });
    const { ilr } = await shell(backend);
    const stopped = await ilr("run", "micro-math/quick", ...changes);
    expect(stopped.code).toBe(130);
    expect(stopped.err).toMatch(/^error \[cancelled\]/);
    expect(stopped.out).toContain("finished steps are kept");
    // A step that was on its way to the backend when the signal came still reaches this one, which does not look at the signal.
    await setTimeout(500);
    const before = backend.calls.length;
    expect(before).toBeGreaterThan(0);
    const resumed = await ilr("run", "micro-math/quick", ...changes);
    expect(resumed.code).toBe(0);
    const [, executed, cached] = /^(\d+) steps executed, (\d+) shared/m.exec(resumed.out)!;
    expect(Number(executed)).toBe(backend.calls.length - before);
    expect(Number(cached)).toBeGreaterThanOrEqual(before);
  });

  it("with a failing step says which, where its log is, and exits with 1", async () => {
    const backend = pretendingBackend(async ({ step }) => {
      if (step.verb === "evaluator") throw new LabError("training-diverged", "the loss is NaN", { hint: "lower lr" });
    });
    const { ilr } = await shell(backend);
    const { code, err } = await ilr("run", "micro-math/quick", ...changes);
    const calls = backend.calls.length;
    await setTimeout(500);
    // Nothing goes on behind the message.
    expect(backend.calls.length).toBeLessThanOrEqual(calls + 1);
    expect(code).toBe(1);
    expect(err).toContain("error [training-diverged]: evaluator: the loss is NaN");
    expect(err).toMatch(/hint: lower lr; log: /);
  });
});

describe("ilr gc", () => {
  it("keeps what recorded runs reach, and removes the rest once it is old", async () => {
    const { ilr, root } = await shell();
    await ilr("run", "micro-math/quick", ...changes);
    const reported = await ilr("gc", "--dry-run");
    expect(reported).toMatchObject({ code: 0, out: expect.stringContaining("for 1 recorded runs") });
    expect(reported.out).toContain("would remove 0 records");
    // Seen from a time when nothing is new any more.
    const later = { clock: () => Date.now() + 10 * 86_400_000 };
    const store = await openStore(join(root, ".ilr", "store"), later);
    const { keys } = (await readRun(join(root, "out", "micro-math", "quick"))).provenance;
    const report = await store.gc({ keep: keys, dryRun: true });
    expect(report.removedRecords).toEqual([]);
    expect((await store.gc({ keep: [], dryRun: true })).removedRecords.length).toBeGreaterThan(keys.length / 2);
  });
});

describe("ilr bases", () => {
  it("records base models that the next run uses", async () => {
    const { ilr, root, backend } = await shell();
    const { out, code } = await ilr("bases", "micro-math/quick", "--pairs", "0", "--record");
    expect(code).toBe(0);
    expect(out).toContain("micro-math-weak (0): 10 parameters, loss 0.500");
    const folder = join(root, "results", "bases", "micro-math-strong-0");
    const provenance = JSON.parse(await readFile(join(folder, "provenance.json"), "utf8")) as { ref: string };
    expect(provenance).toMatchObject({ name: "micro-math-strong", pair: 0, finalLoss: 0.5 });
    expect(backend.calls).toEqual(["pretrain", "pretrain"]);

    const run = await ilr("run", "micro-math/quick", ...changes);
    expect(run.code).toBe(0);
    expect(backend.calls.filter((verb) => verb === "pretrain")).toHaveLength(2);
    expect(Object.values((await readRun(join(root, "out", "micro-math", "quick"))).provenance.bases)).toContain(
      provenance.ref,
    );
    // Recording again replaces the folder.
    expect((await ilr("bases", "micro-math/quick", "--pairs", "0", "--record")).code).toBe(0);
    expect(backend.calls.filter((verb) => verb === "pretrain")).toHaveLength(2);

    await writeFile(join(folder, "model", "config.json"), "{}");
    const damaged = await ilr("run", "micro-math/quick", ...changes);
    expect(damaged.err).toContain("error [input-damaged]");
  });
});
