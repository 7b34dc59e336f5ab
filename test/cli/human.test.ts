import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { small } from "../experiments/fixture.js";
import { ilrIn, type Outcome } from "./command.js";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ilr-human-cli-"));
  for (const folder of ["results", "notebooks"]) await mkdir(join(root, folder));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const arms = [
  { name: "SFT", method: "sft" },
  { name: "ILR (human)", method: "ilr", comparisons: "human" },
];
const size = [...small, `arms=${JSON.stringify(arms)}`].flatMap((field) => ["--set", field]);
const ilr = (...argv: string[]): Promise<Outcome> => ilrIn(root, {}, ...argv);

describe("ilr human", () => {
  it("has a simulated person answer, keeps the session, and does not ask again", async () => {
    const asked = [
      "human",
      "micro-math/quick",
      ...size,
      "--simulate",
      "accuracy=0.9,ms=1",
      "--limit",
      "5",
      "--session",
      "s.jsonl",
    ];
    const first = await ilr(...asked);
    expect(first.code, first.err).toBe(0);
    expect(first.out).toContain("took the left answer");
    const lines = await readFile(join(root, "s.jsonl"), "utf8");
    expect(lines.split("\n").length).toBeGreaterThan(5);
    const second = await ilr(...asked);
    expect(await readFile(join(root, "s.jsonl"), "utf8")).toBe(lines);
    expect(second.code).toBe(0);
    const alone = await ilr(
      "run",
      "micro-math/quick",
      ...size,
      "--set",
      "human.comparisonsPerRound=5",
      "--session",
      "s.jsonl",
    );
    expect(alone.code, alone.err).toBe(0);
    expect(alone.out).toContain("0 steps executed");
  });

  it("says what to do where there is nobody, no session, or nothing to ask", async () => {
    const nobody = await ilr("run", "micro-math/quick", ...size);
    expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining("error [input-missing]") });
    expect(nobody.err).toContain("ilr human micro-math/quick --session FILE");
    const absent = await ilr("run", "micro-math/quick", ...size, "--session", "none.jsonl");
    expect(absent.err).toContain("error [input-missing]: there is no session");
    const pointless = await ilr("human", "micro-math/quick");
    expect(pointless.err).toContain("error [config-invalid]: micro-math/quick asks nobody");
    const odd = await ilr("human", "micro-math/quick", ...size, "--simulate", "acuracy=1");
    expect(odd.err).toContain("did you mean accuracy?");
    for (const wrong of [
      ["--seconds", "0"],
      ["--limit", "0"],
      ["--port", "-1"],
    ])
      expect((await ilr("human", "micro-math/quick", ...size, ...wrong)).err).toContain("error [config-invalid]");
  });
});
