import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../kernel-lib/src/cli/index.js";
import { formatAmount, formatBytes, formatHours, formatRatio } from "../../kernel-lib/src/cli/plan/amounts.js";
import type { CostRatio, MethodCost, PricedPlan } from "../../kernel-lib/src/experiments/index.js";
import { small } from "../experiments/fixture.js";
import { pretendingBackend } from "../experiments/pretending-backend.js";

/** The command in a checkout of its own, with a backend that only pretends. No plan here runs anything before the run does. */
let root = "";
const backend = pretendingBackend();
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ilr-plan-"));
  for (const folder of ["results", "notebooks"]) await mkdir(join(root, folder));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function ilr(...argv: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(argv, {
    stdout: { write: (text) => void out.push(text) },
    stderr: { write: (text) => void err.push(text) },
    cwd: root,
    env: {},
    openBackend: () => backend,
  });
  return { code, out: out.join(""), err: err.join("") };
}

const changes = [...small, "rounds.ilr=1"].flatMap((change) => ["--set", change]);
const quick = ["plan", "micro-math/quick", ...changes];

describe("amounts", () => {
  it("are written with three digits and a unit", () => {
    expect([0, 7, 999.6, 1000, 123_456, 9.996e5, 1.23e18, undefined, Number.NaN].map(formatAmount)).toEqual(
      "0 7 1.00k 1.00k 123k 1.00M 1.23E - -".split(" "),
    );
    expect([0, 512, 13.5e9, undefined].map(formatBytes)).toEqual(["0 B", "512 B", "13.5 GB", "-"]);
    expect([0, 0.0213, 3.14, 99.6, 1240.2].map(formatHours)).toEqual(["0", "0.021", "3.1", "100", "1,240"]);
    expect([1.8472, 0, Number.POSITIVE_INFINITY, Number.NaN].map(formatRatio)).toEqual(["1.85x", "0x", "-", "-"]);
  });
});

describe("ilr plan", () => {
  it("lists steps with tokens, operations and disk, what arms share, and that speeds are assumed", async () => {
    const { code, out, err } = await ilr(...quick);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [header, ...lines] = out.split("\n");
    expect(header).toMatch(/^state +key +verb +step +arms +parameters +rows +tokens +FLOPs +time +disk$/);
    expect(lines.find((line) => line.includes("weak labels"))).toMatch(
      /^to run .*sample +weak labels +all .* read \+ .* made/,
    );
    expect(lines.find((line) => line.startsWith("sft"))).toContain("assumed 80 GFLOP/s a worker");
    expect(out).toMatch(/ILR round 1: half model 1 +sft +ILR, Naive ILR +1 +1/);
    expect(out).toMatch(/sharing: \d+ of \d+ steps need not run, \d+ of \d+ training runs/);
    expect(out).toContain("disk: about");
    expect(backend.calls).toEqual([]);
  });

  it("prices for a device, and says what of that is assumed", async () => {
    const { out } = await ilr(...quick, "--device", "rtx-4090");
    expect(out).toContain("assumed 30 % of 165 TFLOP/s (NVIDIA GeForce RTX 4090)");
    expect(out).toContain("rtx-4090: at least 1 at once");
    expect(out).not.toContain("measured");
    const plan = JSON.parse((await ilr(...quick, "--device", "h100", "--json")).out) as PricedPlan;
    expect(plan.device).toBe("h100");
    expect(plan.steps.every(({ accelerators }) => accelerators === 1)).toBe(true);
  });

  it("tells what methods take, in text and as JSON", async () => {
    const compared = [
      { name: "ILR", method: "ilr", comparisons: "oracle" },
      { name: "DPO", method: "dpo", comparisons: "oracle" },
      { name: "DPO by chance", method: "dpo", comparisons: "random" },
    ];
    const asked = [...quick, "--set", `arms=${JSON.stringify(compared)}`, "--by", "method"];
    const { out } = await ilr(...asked);
    expect(out).toMatch(/^ILR +before +\d/m);
    expect(out).toMatch(/^ +round 1 +\d/m);
    expect(out).toMatch(/^ILR \/ DPO +a round +[\d.]+x/m);
    expect(out).not.toContain("ILR / DPO by chance");
    const { costs, ratios } = JSON.parse((await ilr(...asked, "--json")).out) as {
      readonly costs: readonly MethodCost[];
      readonly ratios: readonly CostRatio[];
    };
    expect(costs.map(({ arm }) => arm.name)).toEqual(["ILR", "DPO", "DPO by chance"]);
    const [ilrCost, dpoCost] = costs as [MethodCost, MethodCost, MethodCost];
    expect(ratios).toHaveLength(1);
    expect(ratios[0]!.round.flops).toBeCloseTo(ilrCost.rounds[0]!.flops / dpoCost.rounds[0]!.flops);
    expect(ratios[0]!.total.trained).toBeCloseTo(ilrCost.total.tokens.trained / dpoCost.total.tokens.trained);
    const none = await ilr(...quick, "--set", `arms=${JSON.stringify(compared.slice(0, 1))}`, "--by", "method");
    expect(none.out).toContain("no arm of ILR and one of DPO");
  });

  it("prints the whole matrix without data, network or GPU, shared steps once", async () => {
    const { code, out, err } = await ilr("plan", "--all", "--profile", "paper");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const header = out.split("\n")[0]!;
    for (const name of ["steps", "shared", "FLOPs", "h100 h", "a100-80gb h", "h200 h", "rtx-4090 h", "disk", "fetch"]) {
      expect(header).toContain(name);
    }
    expect(out).toMatch(/^gsm8k\/main@paper +\d+/m);
    expect(out).toMatch(/^all, shared steps once +\d+/m);
    expect(out).toMatch(/assumed utilisation: .*sft 30 %.*no measurement/);
    type Row = { readonly name: string; readonly cost: { readonly steps: number; readonly flops: number } };
    const { rows, refused } = JSON.parse((await ilr("plan", "--all", "--profile", "paper", "--json")).out) as {
      readonly rows: readonly Row[];
      readonly refused: readonly { readonly experiment: string; readonly why: string }[];
    };
    const [all, single] = [rows.at(-1)!, rows.slice(0, -1)];
    expect(single.length).toBeGreaterThan(5);
    for (const of of [(row: Row) => row.cost.steps, (row: Row) => row.cost.flops]) {
      expect(of(all)).toBeLessThan(single.reduce((sum, row) => sum + of(row), 0));
      expect(of(all)).toBeGreaterThanOrEqual(Math.max(...single.map(of)));
    }
    // People do not answer to a command.
    for (const { experiment, why } of refused) expect([experiment, why.length > 10]).toEqual([experiment, true]);
    expect(rows.map(({ name }) => name)).not.toContain("saferpaca/human@paper");
  }, 20_000);

  it("says what it cannot do", async () => {
    const cases: readonly (readonly [readonly string[], string, string])[] = [
      [[...quick, "--device", "h10"], 'no device "h10"', "did you mean h100?"],
      [["plan", "--all", "--profile", "papr"], 'no profile "papr"', "paper"],
      [["plan", "--all", "micro-math/quick"], "--all with the experiment", "--help"],
      [["plan", "--all", "--seeds", "0"], "--all with changes", "--help"],
      [[...quick, "--by", "arm"], "arm", "method"],
      [[...quick, "--actual", "nowhere"], "no recorded run", "ilr run"],
      [["plan"], "no experiment was named", "ilr"],
    ];
    for (const [argv, problem, hint] of cases) {
      const { code, err, out } = await ilr(...argv);
      expect([argv, code, out]).toEqual([argv, 1, ""]);
      expect(err).toContain(problem);
      expect(err).toContain(hint);
    }
    expect((await ilr(...quick, "--actual")).out).toContain("No step of this experiment is in the store");
  });

  it("after a run holds what was planned against what it took", async () => {
    expect((await ilr("run", "micro-math/quick", ...changes)).code).toBe(0);
    const { code, out } = await ilr(...quick, "--actual");
    expect(code).toBe(0);
    expect(out).toMatch(/^all steps +\d+ /m);
    expect(out).toMatch(/^Naive ILR +\d+ /m);
    expect(out).toContain("Not recorded: operations");
    const { all, missing } = JSON.parse((await ilr(...quick, "--actual", "--json")).out);
    expect(missing).toBe(0);
    expect(all.actual.steps).toBe(backend.calls.length);
    const other = await ilr(...quick, "--rounds", "2", "--actual", join(root, "out", "micro-math", "quick"));
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining("another config") });
  }, 60_000);
});
