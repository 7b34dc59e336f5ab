import fc from "fast-check";
import { expect, it } from "vitest";
import { replaceAll } from "../../kernel-lib/src/methods/index.js";
import { inputFor, labelCases, labFor, refinedBy } from "./label-cases.js";

it("every well-formed proposal takes its label's place, whatever alpha and the truth; the other labels stay", async () => {
  await fc.assert(
    fc.asyncProperty(labelCases, async (cases) => {
      const lab = await labFor(cases.length);
      const input = inputFor(lab, cases);
      const { before, after, records } = await refinedBy(lab, replaceAll, input);
      const proposals = lab.runner.rowsOf(input.proposals);
      expect(after.map(({ answer }) => answer)).toEqual(
        cases.map(({ proposal }, i) => (proposal === "malformed" ? before[i]!.answer : proposals[i]!.answer)),
      );
      expect(records.map(({ accepted }) => accepted)).toEqual(cases.map(({ proposal }) => proposal !== "malformed"));
      expect(records.every(({ score }) => score === null)).toBe(true);
    }),
    { numRuns: 40 },
  );
});
