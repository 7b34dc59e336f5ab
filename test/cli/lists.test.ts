import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { main } from "../../kernel-lib/src/cli/index.js";
import { families, presetByName, presets, type RunProvenance } from "../../kernel-lib/src/experiments/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { taskNames } from "../../kernel-lib/src/tasks/index.js";
import { temporaryFolder } from "../backends/fixtures.js";
import { pretendingBackend } from "../experiments/pretending-backend.js";

let root: string;
beforeEach(async () => {
  root = await temporaryFolder();
  for (const folder of ["results", "notebooks"]) await mkdir(join(root, folder));
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function ilr(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  let [out, err] = ["", ""];
  const keep = (write: (text: string) => void) => ({ write });
  const code = await main(argv, {
    stdout: keep((text) => {
      out += text;
    }),
    stderr: keep((text) => {
      err += text;
    }),
    cwd: root,
    env,
    openBackend: () => pretendingBackend(),
  });
  return { code, out, err };
}

interface Row {
  readonly experiment: string;
  readonly profile: string;
  readonly name: string;
  readonly paper: string | null;
  readonly runs: readonly string[];
  readonly steps?: { readonly stored: number; readonly all: number };
  readonly needs: readonly string[];
}
async function rows(env: NodeJS.ProcessEnv = {}): Promise<readonly Row[]> {
  return JSON.parse((await ilr(["list", "--json"], env)).out) as readonly Row[];
}
const rowOf = (all: readonly Row[], name: string): Row => all.find((row) => row.name === name)!;

describe("ilr list", () => {
  it("has every config once, by family and profile, with what of the paper it is", async () => {
    const all = await rows();
    expect(all.map(({ name }) => name).sort()).toEqual([...presets.keys()].sort());
    for (const { experiment, profile, name } of all) expect(presetByName(experiment, profile).name).toBe(name);
    expect(rowOf(all, "gsm8k/main@paper-70b").paper).toBe("Fig. 4 (GSM8K, 70B)");
    const { out } = await ilr(["list"]);
    expect(out.trim().split("\n")).toHaveLength(presets.size + 1);
    expect(out).toMatch(
      /^gsm8k\/main +paper +Fig\. 4 \(GSM8K, 7B\) +mistral-7b <- gemma-2b +5 +needs data of gsm8k, GPU \(13 GiB of weights\), 2 licences$/m,
    );
    expect(out).toMatch(/^micro-math\/quick +micro .* ready$/m);
    expect(await ilr(["experiments"])).toEqual({ code: 0, out, err: "" });
  });

  it("says what each needs from what it is made of", async () => {
    const all = await rows();
    const needs = (name: string): readonly string[] => rowOf(all, name).needs;
    expect(needs("micro-math/main")).toEqual([]);
    expect(needs("gsm8k/main@small")).toEqual(["data of gsm8k", "GPU (0.3 GiB of weights)"]);
    expect(needs("saferpaca/main@small")).toContain("a key in OPENAI_API_KEY");
    expect(needs("saferpaca/human@paper")).toContain("people");
    expect(needs("gsm8k/main@paper")).toContain("licence of google/gemma-2b");
    const withKey = await rows({ OPENAI_API_KEY: "secret" });
    expect(rowOf(withKey, "saferpaca/main@small").needs).not.toContain("a key in OPENAI_API_KEY");
    expect(JSON.stringify(withKey)).not.toContain("secret");
    expect(all.filter((row) => row.needs.includes("people")).map(({ name }) => name)).toEqual([
      "saferpaca/human@paper",
      "micro-math/human",
    ]);
  });

  it("says where runs of it are, and how many of their steps the store has", async () => {
    const keys = ["0".repeat(64), "1".repeat(64)];
    const run = async (folder: string, name: string): Promise<void> => {
      await mkdir(join(root, folder), { recursive: true });
      const provenance: Partial<RunProvenance> = {
        experiment: { ...presetByName("micro-math/quick"), name } as never,
        keys,
      };
      await writeFile(join(root, folder, "provenance.json"), JSON.stringify(provenance));
    };
    await run("results/micro-math/quick", "micro-math/quick");
    await run("out/mine", "micro-math/quick");
    await run("out/other", "my/own");
    const before = rowOf(await rows(), "micro-math/quick");
    expect(before).toMatchObject({ runs: ["results/micro-math/quick", "out/mine"] });
    expect(before).not.toHaveProperty("steps");
    await openStore(join(root, ".ilr", "store"));
    const all = await rows();
    expect(rowOf(all, "micro-math/quick").steps).toEqual({ stored: 0, all: 2 });
    expect(all.filter((row) => row.runs.length > 0).map(({ name }) => name)).toEqual(["micro-math/quick"]);
    expect((await ilr(["list"])).out).toContain(
      "recorded in results/micro-math/quick, out/mine; 0 of 2 steps in store",
    );
  });

  it("prints Table 1", async () => {
    const { out } = await ilr(["list", "--table1"]);
    expect(out).toMatch(/^saferpaca +4 +32 +512 +0\.15$/m);
    expect(out).toMatch(/^meta-llama\/Meta-Llama-3-70B +1e-4 +adafactor$/m);
    expect(JSON.parse((await ilr(["list", "--table1", "--json"])).out)).toHaveProperty("tasks");
  });
});

it("ilr tasks has a row for every task, with the sizes that are expected where the data is not here", async () => {
  const { out, code } = await ilr(["tasks"]);
  expect(code).toBe(0);
  expect(out.split("\n\n")[0]!.split("\n")).toHaveLength(taskNames.length + 1);
  expect(out).toMatch(/^micro-math +\d+ +\d+ +\d+$/m);
  expect(out).toMatch(/^saferpaca +\d+ +\d+ +578$/m);
  expect(out).toMatch(/^bird +\d+ +\d+ +1405$/m);
  expect(out).toContain("expected");
});

describe("ilr diff-preset", () => {
  it("shows the fields that differ, between names and between profiles", async () => {
    const { out, code } = await ilr(["diff-preset", "gsm8k/main@paper", "gsm8k/main@paper-70b"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^field +gsm8k\/main@paper +gsm8k\/main@paper-70b$/m);
    expect(out).toMatch(/^recipe\.student\.optimizer\.name +adamw +adafactor$/m);
    expect(out).not.toContain("recipe.student.epochs");
    const sized = await ilr(["diff-preset", "gsm8k/ora", "gsm8k/corora", "--profile", "paper"]);
    expect(sized.out.trim().split("\n").slice(1)).toEqual([
      expect.stringMatching(/^demonstrations +weak +correct-weak$/),
    ]);
    expect((await ilr(["diff-preset", "gsm8k/main", "micro-math/main"])).out).toBe("no difference\n");
    const json = await ilr(["diff-preset", "gsm8k/ora@paper", "gsm8k/corora@paper", "--json"]);
    expect(JSON.parse(json.out)).toEqual([{ path: "demonstrations", a: "weak", b: "correct-weak" }]);
  });

  it("names what it does not know", async () => {
    expect((await ilr(["diff-preset", "gsm8k/main", "gsm8k/mian"])).err).toContain('did you mean "gsm8k/main"?');
    expect((await ilr(["diff-preset", "gsm8k/main"])).code).toBe(1);
  });
});

describe("an experiment on the command line", () => {
  const config = async (
    ...argv: readonly string[]
  ): Promise<{ name: string; alpha: number; arms: readonly unknown[] }> => {
    const { out, err } = await ilr(["plan", ...argv, "--config"]);
    expect(err).toBe("");
    return JSON.parse(out) as { name: string; alpha: number; arms: readonly unknown[] };
  };

  it("has a profile, by option or in its name, and the issue's spelling", async () => {
    expect((await config("gsm8k/main")).name).toBe("micro-math/main");
    expect((await config("gsm8k/main", "--profile", "paper")).name).toBe("gsm8k/main@paper");
    expect((await config("gsm8k-ilr@paper")).arms).toHaveLength(2);
    expect((await ilr(["plan", "gsm8k/main", "--profile", "papr", "--config"])).err).toContain('did you mean "paper"?');
  });

  it("is a file, which --set and --rounds change further", async () => {
    await writeFile(join(root, "mine.yaml"), "extends: gsm8k/main\nprofile: paper\nalpha: 0.3\n");
    expect(await config("mine.yaml")).toMatchObject({ name: "mine", alpha: 0.3, rounds: { ilr: 6, dpo: 6 } });
    const more = await config("mine.yaml", "--profile", "small", "--set", "arms[SFT].name=Student", "--rounds", "1");
    expect(more).toMatchObject({ bases: { strong: { name: "smollm2-135m" } }, rounds: { ilr: 1, dpo: 1 } });
    expect(more.arms[0]).toMatchObject({ name: "Student" });
    await writeFile(join(root, "bad.yaml"), "extends: gsm8k/main\narms:\n  - name: a\n    methd: sft\n");
    const { err, code } = await ilr(["plan", "bad.yaml"]);
    expect({ err, code }).toEqual({
      code: 1,
      err: expect.stringMatching(/bad\.yaml:4:5: unknown field arms\.0\.methd\nhint: did you mean method\?/),
    });
    expect((await ilr(["plan", "mine.yaml", "--config", "bad.yaml"])).err).toContain("two config files");
    expect((await ilr(["plan", "nowhere.yaml"])).err).toContain("error [input-missing]");
  });
});

it("every family has a name that the command knows", () => {
  for (const { name, profiles } of families) for (const profile of profiles.keys()) presetByName(name, profile);
});
