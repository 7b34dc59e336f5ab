import { describe, expect, it } from "vitest";
import { readMetadata } from "../../kernel-lib/src/report/metadata.js";
import { all, claim, code, figureOutput, open, provenance, reportOf, shown, text, words } from "./fixture.js";

const plain = { "text/plain": "claims" };

describe("the claims", () => {
  const recorded = { ...provenance, experiment: "micro-math/quick", seeds: [2], recorded: true };
  const claims = [claim("C10", "holds", 0.124), claim("C2", "contradicted", -0.018, 0.004), claim("C3", "not tested")];
  const cells = [
    text("# Title"),
    code("1", [shown(plain, { kind: "claims", provenance, claims })]),
    code("2", [shown(plain, { kind: "claims", provenance: recorded, claims: [claim("C2", "inconclusive", 0.001)] })]),
    code("3", [shown(plain, { kind: "claims", provenance, claims })]),
  ];

  it("stand at the top, each once a run, with outcome in words, effect, run and a link", async () => {
    const { html, claims: count } = await reportOf(...cells);
    expect(count).toBe(3);
    const document = open(html);
    expect(document.querySelector("main")!.firstElementChild!.id).toBe("claims");
    const bodies = all(document, ".claims tbody");
    expect(bodies.map((body) => words(body.querySelector("th")))).toEqual([
      "C2 What C2 says",
      "C3 What C3 says",
      "C10 What C10 says",
    ]);
    const rows = all(bodies[0]!, "tr").slice(1);
    expect(rows.map((row) => words(row.querySelector(".outcome")))).toEqual(["✗ contradicted", "? inconclusive"]);
    expect(words(rows[0]!.querySelector(".effect"))).toBe("−1.8 [−2.8, −0.8]");
    expect(words(rows[0]!.children[3])).toContain("1 more comparison");
    expect(words(rows[0]!.children[3])).toContain("+0.4 [−0.6, +1.4]");
    expect(rows.map((row) => words(row.children[4]))).toEqual([
      "micro-math/main , seeds 0, 1 details",
      "micro-math/quick , seed 2 recorded run details",
    ]);
    const target = rows[1]!.querySelector("a")!.getAttribute("href")!.slice(1);
    expect(words(document.getElementById(target))).toContain("claims");
    expect(words(all(bodies[1]!, "tr")[1])).toContain("not tested – –");
  });

  it("say what a claim of two parts rests on, what the rest is worth, and what is missing", async () => {
    const [first] = (claim("C5b", "contradicted", 0.03) as { readings: object[] }).readings;
    const readings = [
      { ...first, adjusted: 0.02, p: 0.01, outcome: "contradicted", note: "p = 0.010, Holm 0.020" },
      { ...first, compares: "C - D", adjusted: 0.03, p: 0.03, outcome: "holds" },
      { ...first, compares: "E - F", adjusted: null, p: 0.5, outcome: "inconclusive" },
    ];
    const two = { claim: "C5b", statement: "Two parts", outcome: "contradicted", readings };
    const untested = {
      claim: "C6",
      statement: "Later",
      outcome: "not tested",
      readings: [],
      missing: "needs X: run y",
    };
    const { html } = await reportOf(
      text("# Title"),
      code("1", [shown(plain, { kind: "claims", provenance, claims: [two, untested] })]),
    );
    const [parts, later] = all(open(html), ".claims tbody").map((body) => all(body, "tr").slice(1));
    expect(parts!.map((row) => words(row.children[0]))).toEqual(["✗ contradicted", "✓ holds"]);
    expect(words(parts![0]!.children[3])).toContain("(contradicted) p = 0.010, Holm 0.020");
    expect(words(parts![1]!.children[3])).toContain("1 more comparison, not corrected ? inconclusive E − F");
    expect(parts!.map((row) => words(row.children[4]) !== "")).toEqual([true, false]);
    expect(words(later![0])).toContain("not tested – needs X: run y");
  });

  it("are drawn on one scale: farther is farther from zero, on its own side", async () => {
    const document = open((await reportOf(...cells)).html);
    const places = all(document, ".interval").map((picture) =>
      Number(picture.querySelector("circle")!.getAttribute("cx")),
    );
    const [negative, small, large] = places as [number, number, number];
    expect(negative).toBeLessThan(80);
    expect(small).toBeGreaterThan(80);
    expect(large).toBeGreaterThan(small + 30);
    const ends = all(document, ".interval line").flatMap((line) =>
      ["x1", "x2"].map((end) => Math.abs(Number(line.getAttribute(end)) - 80)),
    );
    expect(Math.max(...ends)).toBe(74);
  });

  it("are left out where no output carries them", async () => {
    expect(open((await reportOf(text("# Title"))).html).getElementById("claims")).toBeNull();
  });
});

describe("how a figure was made", () => {
  it("is said below it: experiment, seeds, machine, time, versions and keys", async () => {
    const document = open((await reportOf(code("1", [figureOutput({ kind: "figure", provenance })]))).html);
    const fold = document.querySelector("figure details.made")!;
    expect(fold.hasAttribute("open")).toBe(false);
    expect(all(fold, "dl > div").map(words)).toEqual([
      "Experiment micro-math/main Main comparison",
      "Seeds 0, 1",
      "Run 23 November 2026, 06:59 UTC to 23 November 2026, 07:01 UTC",
      "Machine a machine, 2 cores (backend: embedded)",
      "Steps 3 executed, 204 from the store",
      "Versions ilr-lab 0.1.0, engine a1a1a1a1a1a1",
      "Keys 2 steps; ilr explain takes a key 0f0f0f0f0f0f 1e1e1e1e1e1e",
    ]);
    expect(all(fold, ".keys code").map(words)).toEqual(["0f0f0f0f0f0f", "1e1e1e1e1e1e"]);
    expect(fold.querySelector(".warn")).toBeNull();
  });

  it("warns of recorded runs, before the fold is opened and in it", async () => {
    const document = open(
      (await reportOf(code("1", [figureOutput({ provenance: { ...provenance, recorded: true } })]))).html,
    );
    expect(words(document.querySelector("figcaption > p"))).toBe("Figure 1 Test accuracy recorded run");
    expect(words(document.querySelector(".made .warn"))).toContain("Drawn from a recorded run.");
  });

  it("lists the same keys once", async () => {
    const own = { kind: "figure", provenance };
    const document = open((await reportOf(code("1", [figureOutput(own)]), code("2", [figureOutput(own)]))).html);
    expect(all(document, ".keys")).toHaveLength(1);
    expect(words(all(document, ".made")[1])).toContain("2 steps, the same as of Figure 1");
  });
});

describe("metadata that is not what it should be", () => {
  const malformed: readonly (readonly [string, unknown, string])[] = [
    ["a text", "figure", "it is not an object"],
    ["a list", [1], "it is not an object"],
    ["an unknown kind", { kind: "movie" }, "kind:"],
    ["seeds that are text", { provenance: { ...provenance, seeds: ["0"] } }, "provenance.seeds.0:"],
    ["a key that is a path", { provenance: { ...provenance, keys: ["../../x"] } }, "provenance.keys.0:"],
    ["a time that is none", { provenance: { ...provenance, ended: "yesterday" } }, "provenance.ended:"],
    ["no machine", { provenance: { ...provenance, machine: undefined } }, "provenance.machine:"],
    ["an effect that is no number", { claims: [claim("C1", "holds", Number.NaN)] }, "claims.0.readings.0.difference"],
    ["an unknown outcome", { claims: [claim("C1", "proven", 0.1)] }, "claims.0.outcome:"],
  ];

  it.each(malformed)("%s: is left out with a note, and the rest is shown", async (_name, own, fault) => {
    const { html, warnings } = await reportOf(text("# Title"), code("1", [figureOutput(own)]));
    const document = open(html);
    expect(document.querySelector("figure img")).not.toBeNull();
    expect(words(document.querySelector(".output > .warn"))).toContain(fault);
    expect(warnings).toEqual([expect.stringContaining(`Title: metadata of an output was not understood (${fault}`)]);
  });

  it("leaves its sound fields usable", () => {
    const {
      kind,
      provenance: own,
      problems,
    } = readMetadata({ "ilr-lab": { kind: "figure", provenance: { ...provenance, seeds: 1 } } });
    expect([kind, own, problems.length]).toEqual(["figure", undefined, 1]);
  });

  it("is no matter where there is none, or somebody else's", () => {
    for (const metadata of [undefined, null, {}, { "image/png": { width: 1 } }])
      expect(readMetadata(metadata)).toEqual({ problems: [] });
  });
});
