/** Labels and proposals of every kind, and what a rule of refinement makes of them. */
import fc from "fast-check";
import type {
  ComparisonSource,
  LabelRecord,
  Refine,
  RefineInput,
  ScoredPair,
} from "../../kernel-lib/src/methods/index.js";
import type { Artifact, Demonstration } from "../../kernel-lib/src/steps/index.js";
import { labelsOf, malformed, right, type TinyLab, tinyLab, tinyTask, wrong } from "./tiny-setting.js";

/** How a text stands: correct, wrong in one of two ways, or malformed. */
export const KINDS = {
  right: (id: string, who: string) => right(id, who),
  slip: (id: string, who: string) => wrong(id, who, 0),
  blunder: (id: string, who: string) => wrong(id, who, 1),
  malformed: (id: string, who: string) => malformed(id, who),
};
export type Kind = keyof typeof KINDS;

/** What the label and the proposal of a question are. */
export interface LabelCase {
  readonly label: Kind;
  readonly proposal: Kind;
}

export const kind = fc.constantFrom<Kind>("right", "slip", "blunder", "malformed");
export const labelCases = fc.array(fc.record({ label: kind, proposal: kind }), { minLength: 1, maxLength: 60 });

/** A proposal that may be compared says something well-formed, and something else. */
export const isDispute = ({ label, proposal }: LabelCase): boolean => proposal !== "malformed" && proposal !== label;

export const labFor = (count: number, fidelity = {}): Promise<TinyLab> =>
  tinyLab({ task: tinyTask({ train: 2 * count, validation: 2, test: 2 }), fidelity });

export function inputFor({ runner, ids }: TinyLab, cases: readonly LabelCase[], round = 1): RefineInput {
  const labels = runner.put(labelsOf(ids, (id, i) => KINDS[cases[i]!.label](id, "label")));
  const proposals = runner.put(
    ids.map((id, i) => {
      const answer = KINDS[cases[i]!.proposal](id, "proposal");
      return { id, sample: 0, answer, tokens: 1, logprob: -1, finished: true };
    }),
  );
  return { labels, proposals, round, label: "test" };
}

/** A source whose scores are given, by question. */
export const scoredBy = (runner: TinyLab["runner"], scores: (questionId: string) => number): ComparisonSource => ({
  name: "scripted",
  score: async (_, pairs): Promise<Artifact<ScoredPair>> =>
    runner.put(runner.rowsOf(pairs).map((pair) => ({ ...pair, score: scores(pair.questionId) }))),
});

export async function refinedBy(
  { runner, setting }: TinyLab,
  refine: Refine,
  input: RefineInput,
): Promise<{
  readonly before: readonly Demonstration[];
  readonly after: readonly Demonstration[];
  readonly records: readonly LabelRecord[];
}> {
  const { labels, records } = await refine(setting, input);
  return { before: runner.rowsOf(input.labels), after: runner.rowsOf(labels), records: runner.rowsOf(records) };
}
