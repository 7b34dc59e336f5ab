import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { LabError } from "../../kernel-lib/src/core/index.js";
import { isConfigFile, readConfigFile } from "../../kernel-lib/src/experiments/config/file.js";
import { type Experiment, parseExperiment, parseLocated } from "../../kernel-lib/src/experiments/config.js";
import { presetByName, presets } from "../../kernel-lib/src/experiments/presets/index.js";
import { temporaryFolder } from "../backends/fixtures.js";

async function written(text: string, kind = "yaml"): Promise<string> {
  const path = join(await temporaryFolder(), `config.${kind}`);
  await writeFile(path, text);
  return path;
}
async function experimentOf(path: string, options?: Parameters<typeof readConfigFile>[1]): Promise<Experiment> {
  const { input, locate } = await readConfigFile(path, options);
  return parseLocated(input, locate);
}
async function problem(text: string, kind?: string): Promise<LabError> {
  const error = await experimentOf(await written(text, kind)).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(LabError);
  return error as LabError;
}
/** The message without the folder. */
const said = ({ message }: LabError): string => message.replace(/\S*\/(?=config\.)/g, "");

describe("a config file", () => {
  it.each([...presets.keys()])("with all of %s in YAML or JSON is that experiment", async (name) => {
    const preset = presetByName(name);
    const expected = parseExperiment(preset);
    expect(await experimentOf(await written(stringify(preset, { aliasDuplicateObjects: false })))).toEqual(expected);
    expect(await experimentOf(await written(stringify(preset)))).toEqual(expected);
    expect(await experimentOf(await written(JSON.stringify(expected, null, "\t"), "json"))).toEqual(expected);
  });

  it("changes fields of the experiment that it extends, and has a name of its own", async () => {
    const path = await written("extends: gsm8k/main\nprofile: paper\nrecipe:\n  dpo: { beta: 0.5 }\nseeds: [1, 2]\n");
    const { name, seeds, recipe } = await experimentOf(path);
    const paper = parseExperiment(presetByName("gsm8k/main@paper"));
    expect(name).toBe("config");
    expect(seeds).toEqual([1, 2]);
    expect(recipe).toEqual({ ...paper.recipe, dpo: { ...paper.recipe.dpo, beta: 0.5 } });
    expect((await experimentOf(await written("extends: gsm8k/main@paper\nname: mine/one\n"))).name).toBe("mine/one");
  });

  it("takes the profile of the command line before its own, and the smallest without any", async () => {
    const path = await written("extends: gsm8k/main\nprofile: paper\n");
    expect((await experimentOf(path, { profile: "small" })).bases.strong.name).toBe("smollm2-135m");
    expect((await experimentOf(await written("extends: gsm8k/main\n"))).task).toBe("micro-math");
  });

  it("lies over an experiment that was named elsewhere", async () => {
    const onto = presetByName("micro-math/quick");
    const changed = await experimentOf(await written('{"alpha": 0.3, "limit": {"test": 5}}', "json"), { onto });
    expect(changed).toEqual({ ...parseExperiment(onto), alpha: 0.3, limit: { ...onto.limit, test: 5 } });
  });

  it("removes with null what the experiment has", async () => {
    const { limit, recipe } = await experimentOf(
      await written("extends: gsm8k/main@paper\nrecipe: { student: { lora: null } }\nlimit: null\n"),
    );
    expect({ limit, lora: recipe.student.lora }).toEqual({ limit: {}, lora: undefined });
    expect(recipe.weak.lora).toBeDefined();
  });

  it("is told from the name of an experiment by its ending", () => {
    expect(["my.yaml", "a/b.YML", "x.json"].map(isConfigFile)).toEqual([true, true, true]);
    expect(["gsm8k/main", "gsm8k/main@paper", "yaml"].map(isConfigFile)).toEqual([false, false, false]);
  });
});

describe("a wrong config file says where", () => {
  it.each([
    ["extends: gsm8k/main\nalhpa: 1\n", "config.yaml:2:1: unknown field alhpa"],
    ["extends: gsm8k/main\nrecipe:\n  dpo:\n    betta: 1\n", "config.yaml:4:5: unknown field recipe.dpo.betta"],
    ["extends: gsm8k/main\nalpha: 1.5\n", "config.yaml:2:1: alpha is 1.5: Too big"],
    ["extends: gsm8k/main\narms:\n- name: x\n  method: rlhf\n", 'config.yaml:4:3: arms.0.method is "rlhf": '],
    ["extends: gsm8k/main\nseeds:\n  - 0\n  - -1\n", "config.yaml:4:5: seeds.1 is -1: "],
    ["extends: gsm8k/main\nalpha: .nan\n", "config.yaml:2:1: alpha is NaN: "],
    ["extends: gsm8k/mian\n", 'config.yaml:1:1: there is no experiment "gsm8k/mian"'],
    ["alpha: 1\nextends: gsm8k/main\nprofile: papr\n", 'config.yaml:2:1: gsm8k/main has no profile "papr"'],
    ["extends: [gsm8k/main]\n", "config.yaml:1:1: extends: expected the name"],
    ["alpha: 0.3\nprofile: paper\n", "config.yaml:2:1: profile: it belongs to extends"],
    ["alpha: 0.3\nalpha: 0.4\n", "config.yaml:2:1: Map keys must be unique"],
    ["alpha: [0.3\nbeta: {\n", /^config\.yaml:\d+:\d+: /],
    ["alpha: *nothing\n", /^config\.yaml:?.*nothing/],
    ["- a\n- b\n", "config.yaml holds no fields"],
    ["just text", "config.yaml holds no fields"],
    ["", "config.yaml holds no fields"],
    ["title: x\n", "config.yaml:1:1: name is missing"],
  ])("%j", async (text, message) => {
    const error = await problem(text);
    if (typeof message === "string") expect(said(error).slice(0, message.length)).toBe(message);
    else expect(said(error)).toMatch(message);
  });

  it("in JSON too, with tabs or without", async () => {
    expect(said(await problem('{\n  "extends": "gsm8k/main",\n  "alhpa": 1\n}', "json"))).toBe(
      "config.json:3:3: unknown field alhpa",
    );
    expect(said(await problem('{\n\t"extends": "gsm8k/main",\n\t"alhpa": 1\n}', "json"))).toMatch(
      /^config\.json.*unknown field alhpa$/,
    );
    expect(said(await problem('{"alpha": 1,\n "beta" 2}', "json"))).toMatch(/^config\.json:2:\d+: /);
  });

  it("without repeating what may be a key", async () => {
    for (const text of ["judge: sk-0123\n", "judge: { sk-0123\n", "judge: { model: m, apiKeyVariable: 'sk-0123' }\n"]) {
      const { message, hint } = await problem(`extends: gsm8k/main\n${text}`);
      expect(`${message}${hint}`).not.toContain("sk-0123");
    }
  });

  it("or that it is not there, or no config at all", async () => {
    const folder = await temporaryFolder();
    await expect(readConfigFile(join(folder, "nowhere.yaml"))).rejects.toMatchObject({ code: "input-missing" });
    await expect(readConfigFile(folder)).rejects.toMatchObject({ code: "input-missing" });
    const large = await written(`title: ${"x".repeat(2 << 20)}`);
    await expect(readConfigFile(large)).rejects.toMatchObject({ code: "input-damaged" });
    const laughs = [
      "a0: &a0 [lol]",
      ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`)}]`),
    ];
    expect((await problem(laughs.join("\n"))).code).toMatch(/input-damaged|config-invalid/);
  });
});

it("any text is a config or an error of ours", async () => {
  const line = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      "extends: gsm8k/main",
      "__proto__: { x: 1 }",
      "alpha: 0.2",
      "arms:",
      "  - name: x",
      "<<: *a",
      "a: &a {b: *a}",
      "? [1]",
      "---",
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 6 }), fc.constantFrom("yaml", "json"), async (lines, kind) => {
      const error = await experimentOf(await written(lines.join("\n"), kind)).catch((caught: unknown) => caught);
      if (error instanceof Error) expect(error).toBeInstanceOf(LabError);
      expect(({} as { x?: number }).x).toBeUndefined();
    }),
    { numRuns: 200, seed: 1 },
  );
});
