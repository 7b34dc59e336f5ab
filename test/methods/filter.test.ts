import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dropDoubtful, ilr, keepAgreed, noisyOracle, refineByComparison } from "../../kernel-lib/src/methods/index.js";
import { inputFor, isDispute, labelCases, labFor, refinedBy, scoredBy } from "./label-cases.js";
import { asReleased, labelsOf, right, tinyLab, wrong } from "./tiny-setting.js";

const percent = fc.integer({ min: 0, max: 100 });
const idsOf = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map(({ id }) => id);

describe("a filter", () => {
  it("adds nothing and changes nothing: what is left is some of the labels, in order, and never none", async () => {
    await fc.assert(
      fc.asyncProperty(labelCases, percent, async (cases, p) => {
        const lab = await labFor(cases.length);
        for (const refine of [dropDoubtful(noisyOracle(0.75), p / 100), keepAgreed]) {
          const { before, after, records } = await refinedBy(lab, refine, inputFor(lab, cases));
          const kept = new Set(idsOf(after));
          expect(after).toEqual(before.filter(({ id }) => kept.has(id)));
          expect(after.length).toBeGreaterThan(0);
          expect(idsOf(records)).toEqual(idsOf(before));
          expect(records.some(({ accepted }) => accepted)).toBe(false);
          expect(idsOf(records.filter(({ dropped }) => !dropped))).toEqual(idsOf(after));
        }
      }),
      { numRuns: 40 },
    );
  });

  it("over rounds shrinks: what was dropped stays out, and the half models never see it again", async () => {
    const lab = await tinyLab();
    const { runner, setting, ids } = lab;
    const labels = runner.put(labelsOf(ids, (id, i) => (i % 2 ? right : wrong)(id, "weak", 0)));
    let left = new Set(ids);
    let dropped = 0;
    for await (const { round, labels: kept, records } of ilr(setting, labels, {
      refine: dropDoubtful(noisyOracle(0.9), 0.2),
      rounds: 3,
      name: "Filter",
    })) {
      expect(new Set(idsOf(runner.rowsOf(records)))).toEqual(left);
      const asked = runner.callsOf("sample", new RegExp(`^Filter round ${round}: half model`));
      expect(new Set(asked.flatMap(({ rows }) => idsOf(rows.prompts as { id: string }[])))).toEqual(left);
      dropped += left.size - runner.rowsOf(kept).length;
      left = new Set(idsOf(runner.rowsOf(kept)));
    }
    expect(dropped).toBeGreaterThan(3);
    expect(left.size).toBe(ids.length - dropped);
  });
});

describe("dropping doubtful labels", () => {
  it("takes out exactly the labels that ILR replaces by the same comparisons, whatever the flags", async () => {
    const scores = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 60, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(labelCases, scores, percent, fc.constantFrom({}, asReleased), async (cases, grid, p, flags) => {
        const lab = await labFor(cases.length, flags);
        const scoreOf = new Map(lab.ids.map((id, i) => [id, grid[i]! / 1000]));
        const source = scoredBy(lab.runner, (id) => scoreOf.get(id)!);
        const replaced = await refinedBy(lab, refineByComparison(source, p / 100), inputFor(lab, cases));
        const filtered = await refinedBy(lab, dropDoubtful(source, p / 100), inputFor(lab, cases));
        const expected = idsOf(replaced.records.filter(({ accepted }) => accepted));
        const all = expected.length === cases.length;
        expect(idsOf(filtered.records.filter(({ dropped }) => dropped))).toEqual(all ? [] : expected);
        expect(filtered.records.map(({ score }) => score)).toEqual(replaced.records.map(({ score }) => score));
      }),
      { numRuns: 60 },
    );
  });
});

describe("keeping what is agreed on", () => {
  it("drops every label that its proposal contradicts or that has a malformed one, and asks nobody", async () => {
    await fc.assert(
      fc.asyncProperty(labelCases, async (cases) => {
        const lab = await labFor(cases.length);
        const { after, records } = await refinedBy(lab, keepAgreed, inputFor(lab, cases));
        const agreed = lab.ids.filter((_, i) => cases[i]!.proposal !== "malformed" && !isDispute(cases[i]!));
        expect(idsOf(after)).toEqual(agreed.length > 0 ? agreed : lab.ids);
        expect(records.every(({ score }) => score === null)).toBe(true);
        expect(lab.runner.callsOf("score")).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it("leaves the labels as they are where they agree with no proposal", async () => {
    const lab = await labFor(4);
    const cases = Array.from({ length: 4 }, () => ({ label: "slip", proposal: "right" }) as const);
    const { before, after, records } = await refinedBy(lab, keepAgreed, inputFor(lab, cases));
    expect(after).toEqual(before);
    expect(records.filter(({ dropped }) => dropped)).toEqual([]);
  });
});
