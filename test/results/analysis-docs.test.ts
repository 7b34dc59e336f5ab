import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { op } from "arquero";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { writeRun } from "../../kernel-lib/src/experiments/index.js";
import * as kit from "../../kernel-lib/src/index.js";
import { frames, recordTables } from "../../kernel-lib/src/results/index.js";
import { smallExperiment } from "../experiments/fixture.js";
import { pretendingBackend } from "../experiments/pretending-backend.js";

const text = await readFile(join(import.meta.dirname, "..", "..", "docs", "analysis.md"), "utf8");
const examples = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);
const arms = [
  { name: "SFT", method: "sft" },
  { name: "ILR (evaluator)", method: "ilr", comparisons: "evaluator" },
  { name: "DPO (evaluator)", method: "dpo", comparisons: "evaluator" },
];

let root: string;

/** A checkout with one recorded run, whose examples are in its store. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ilr-docs-"));
  const project = {
    root,
    results: join(root, "results"),
    store: join(root, ".ilr", "store"),
    data: join(root, "data"),
  };
  await mkdir(join(root, "notebooks"));
  const experiment = smallExperiment("name=micro-math/main", `arms=${JSON.stringify(arms)}`);
  const { record } = await kit.lab.run(experiment, { project, backend: pretendingBackend(), progress: false });
  await writeRun(join(project.results, "micro-math", "main"), record);
  vi.stubEnv("ILR_ROOT", root);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

describe("docs/analysis.md", () => {
  it("has examples, and lists every frame and every table of records", () => {
    expect(examples.length).toBeGreaterThan(5);
    const [, frameTable = "", recordTable = ""] = text.split(/^\| (?:frame|table) \|.*$/m);
    const listed = (part: string): string[] => [...part.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!);
    expect(listed(frameTable)).toEqual(Object.keys(frames));
    expect(listed(recordTable)).toEqual(Object.keys(recordTables));
  });

  it.each(examples)("runs: %s", async (code) => {
    const shown: string[] = [];
    const scope = {
      ...kit,
      op,
      display: (value: unknown) => {
        const before = process.stdout.write;
        process.stdout.write = ((chunk: string) => shown.push(chunk)) as never;
        try {
          kit.display(value);
        } finally {
          process.stdout.write = before;
        }
      },
      console: { ...console, log: (...values: unknown[]) => void shown.push(values.join(" ")) },
    };
    const log = vi.spyOn(console, "log").mockImplementation((...values) => void shown.push(values.join(" ")));
    const here = process.cwd();
    const body = ts.transpileModule(`export default async () => {\n${code}\n};`, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    }).outputText;
    const module = { exports: {} as { default: () => Promise<void> } };
    try {
      process.chdir(root);
      new Function("exports", ...Object.keys(scope), body)(module.exports, ...Object.values(scope));
      await module.exports.default();
    } finally {
      process.chdir(here);
      log.mockRestore();
    }
    expect(shown.length).toBeGreaterThan(0);
    for (const output of shown) expect(output).toMatch(/\S/);
  });
});
