/** `ilr record` and `ilr verify results`, with a backend that only pretends. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { recordSeeds } from "../../kernel-lib/src/cli/commands/record.js";
import { main } from "../../kernel-lib/src/cli/index.js";
import type { CliContext } from "../../kernel-lib/src/cli/surroundings.js";
import { readRun } from "../../kernel-lib/src/experiments/index.js";
import { small, smallExperiment } from "../experiments/fixture.js";
import { type PretendingBackend, pretendingBackend } from "../experiments/pretending-backend.js";

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

interface Shell {
  readonly root: string;
  readonly backend: PretendingBackend;
  readonly context: CliContext;
  ilr(...argv: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
}

async function shell(): Promise<Shell> {
  const root = await mkdtemp(join(tmpdir(), "ilr-record-"));
  folders.push(root);
  for (const folder of ["results", "notebooks"]) await mkdir(join(root, folder));
  const backend = pretendingBackend();
  const deaf = { write: () => {} };
  const context = { stdout: deaf, stderr: deaf, cwd: root, env: {}, openBackend: () => backend };
  const ilr: Shell["ilr"] = async (...argv) => {
    let [out, err] = ["", ""];
    const keep = (add: (text: string) => void) => ({ write: add });
    const stdout = keep((text) => {
      out += text;
    });
    const stderr = keep((text) => {
      err += text;
    });
    const code = await main(argv, { ...context, stdout, stderr });
    return { code, out, err };
  };
  return { root, backend, context, ilr };
}

const changes = small.flatMap((change) => ["--set", change]);

let shared: Promise<Shell> | undefined;

/** A checkout with one recorded run. */
async function recorded(): Promise<Shell> {
  const made = await shell();
  expect(await made.ilr("run", "micro-math/quick", ...changes, "--record")).toMatchObject({ code: 0 });
  return made;
}

describe("ilr verify results", () => {
  it("computes a recorded point again, with nothing from the store, and finds it the same", async () => {
    shared ??= recorded();
    const { ilr, backend } = await shared;
    const before = backend.calls.length;
    const verified = await ilr("verify", "results", "micro-math/quick", "--arm", "ILR", "--round", "2");
    expect(verified).toMatchObject({ code: 0, err: "" });
    expect(verified.out).toMatch(/identical: all 8 test questions and every number/);
    expect(verified.out).toMatch(/testAccuracy +\S+ +\S+ +same/);
    expect(backend.calls.slice(before)).toContain("evaluator");
    expect(backend.calls.slice(before)).not.toContain("dpo");
  });

  it("says which numbers differ, and fails", async () => {
    const { ilr, root } = await recorded();
    const path = join(root, "results", "micro-math", "quick", "points.jsonl");
    const rows = (await readFile(path, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const sft = rows.find(({ arm }) => arm === "SFT");
    sft.correct = sft.correct.replace(/^./, (bit: string) => (bit === "1" ? "0" : "1"));
    sft.testAccuracy += 0.125;
    await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const verified = await ilr("verify", "results", "micro-math/quick");
    expect(verified.code).toBe(1);
    expect(verified.out).toMatch(/testAccuracy .* differs/);
    expect(verified.err).toMatch(/1 of 8 test questions differ, test accuracy by -12\.50 points/);
    expect(await ilr("verify", "results", "micro-math/quick", "--tolerance", "13")).toMatchObject({ code: 0 });
  });

  it.each([
    [["verify", "result"], /does not know "result"/, /store or results/],
    [["verify", "results", "micro-math/quik"], /no run "micro-math\/quik"/, /did you mean "micro-math\/quick"/],
    [["verify", "results", "micro-math/quick", "--arm", "IRL"], /has no IRL/, /did you mean "ILR"/],
    [["verify", "results", "micro-math/quick", "--arm", "ILR", "--round", "7"], /round 7/, /seed 0 round 1/],
  ])("refuses %j", async (argv, message, hint) => {
    shared ??= recorded();
    const { ilr } = await shared;
    const { code, err } = await ilr(...argv);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).toMatch(hint);
  });
});

describe("ilr record", () => {
  it("lists what results/ should hold, and what of it is there", async () => {
    const { ilr } = await shell();
    const { code, out } = await ilr("record", "--list");
    expect(code).toBe(0);
    expect(out).toMatch(/^micro-math\/main: seeds 0, 1, 2, 4, 5: not recorded$/m);
    expect(await ilr("record", "micro-math/mian")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/did you mean "micro-math\/main"/),
    });
  });

  it("records seed by seed, and computes nothing twice", async () => {
    const { root, backend, context } = await shell();
    let out = "";
    const keep = {
      write: (text: string) => {
        out += text;
      },
    };
    const record = (): Promise<void> => recordSeeds({ ...context, stdout: keep }, smallExperiment(), [0, 1]);
    await record();
    expect(out.match(/seeds [01, ]+ recorded/g)).toEqual(["seeds 0 recorded", "seeds 0, 1 recorded"]);
    const { points, provenance } = await readRun(join(root, "results", "micro-math", "quick"));
    expect(provenance.experiment.seeds).toEqual([0, 1]);
    expect(new Set(points.map(({ seed }) => seed)).size).toBe(2);
    const before = backend.calls.length;
    await record();
    expect(backend.calls.length).toBe(before);
  });
});
