import { LabError, type Random, seededRandom } from "../../core/index.js";
import { replaceLabels } from "../change-labels.js";
import type { ComparisonSource, ScoredPair } from "../comparisons/index.js";
import { findDisputes } from "../disputes.js";
import type { Refine } from "../refinement.js";
import { codeOf, frozen, type OwnCode, type OwnParameters } from "./code.js";
import { returned, threw } from "./faults.js";

/** A label and the proposal that disagrees with it, as a refinement rule of your own sees them. */
export interface Dispute {
  /** Of the question. */
  readonly id: string;
  readonly question: string;
  readonly label: string;
  readonly proposal: string;
  /** The source's belief that the proposal is better, 0 to 1. */
  readonly score: number;
}

/** What a refinement rule decides by. */
export interface Disputes {
  /** Every label that a well-formed proposal disagrees with, in the order of the labels. */
  readonly pairs: readonly Dispute[];
  /** How many labels there are, with those that nothing disagrees with. */
  readonly total: number;
  /** The arm's or the experiment's share of labels that the paper's rule would replace at most. */
  readonly alpha: number;
  /** From 1. */
  readonly round: number;
  /** Chance that comes out the same for the same seed and round. */
  readonly random: Random;
}

/** A refinement rule of your own. */
export interface RefinementRule {
  readonly kind: "refinement-rule";
  readonly name: string;
  readonly code: OwnCode;
  /** Ids of the labels to be replaced; checked. */
  choose(disputes: Disputes): Promise<readonly string[]>;
}

/**
 * A refinement rule of your own: which of the disputed labels are replaced by their proposals. It stands in place of the paper's "score above
 * max(0.5, threshold), at most a share alpha"; nothing caps what it replaces.
 *
 * Stored by text and parameters, as `comparisonSource`.
 *
 * @param name for figures and messages.
 * @param choose returns ids of `pairs`.
 * @throws LabError `config-invalid` for a function whose text does not tell all that it depends on. Running it: `method-failed` when it throws,
 * or returns anything else.
 * @example
 * const bold = refinementRule("accept above 0.8", ({ pairs }) => pairs.filter(({ score }) => score > 0.8).map(({ id }) => id));
 * const run = await lab.run("micro-math/quick", { methods: [ilr.with({ refine: bold })] });
 */
export function refinementRule<P extends OwnParameters = Readonly<Record<never, never>>>(
  name: string,
  choose: (disputes: Disputes, parameters: Readonly<P>) => Iterable<string> | Promise<Iterable<string>>,
  options: { readonly parameters?: P } = {},
): RefinementRule {
  const what = `refinement rule ${JSON.stringify(name)}`;
  const given = options.parameters ?? ({} as P);
  const code = codeOf(what, choose, given);
  const parameters = frozen(given);
  return {
    ...{ kind: "refinement-rule", name, code },
    choose: async (disputes) => {
      const where = `round ${disputes.round}`;
      let chosen: unknown;
      try {
        chosen = await choose(disputes, parameters);
      } catch (error) {
        throw threw(what, where, error);
      }
      return checked(what, where, chosen, disputes);
    },
  };
}

/** A rule for a plan, which decides nothing: what would be computed has the key that the real one gives it. */
export function plannedRule(name: string, digest: string): RefinementRule {
  const choose = (): never => {
    throw new LabError("internal", `a plan asked refinement rule ${JSON.stringify(name)}`);
  };
  return { kind: "refinement-rule", name, code: { source: "", parameters: {}, digest }, choose };
}

function checked(what: string, where: string, chosen: unknown, { pairs }: Disputes): readonly string[] {
  const expected = "ids of pairs, each once";
  if (typeof chosen !== "object" || chosen === null || !(Symbol.iterator in chosen)) {
    throw returned(what, where, chosen, `a list of ${expected}`);
  }
  const ids = [...(chosen as Iterable<unknown>)];
  const known = new Set<unknown>(pairs.map(({ id }) => id));
  const unknown = ids.find((id) => !known.has(id));
  if (ids.some((id) => !known.has(id))) {
    throw returned(
      what,
      `${where}, which has ${pairs.length} disputes`,
      unknown,
      `${expected}; this is the id of none`,
    );
  }
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw returned(what, where, [twice, twice], expected);
  return ids as readonly string[];
}

/** ILR's refinement by a rule of your own: the source compares where proposal and label disagree, and the rule decides. */
export function refineByRule(comparisons: ComparisonSource, rule: RefinementRule, share?: number): Refine {
  return async (setting, input) => {
    const { seed, recipe } = setting;
    const { round, label } = input;
    const alpha = share ?? recipe.alpha;
    const disputes = await findDisputes(setting, input);
    const scored = await comparisons.score(setting, disputes, { label: `${label}: comparisons`, round });
    return replaceLabels(setting, input, {
      ...{ name: "ilr/refine-by-rule", params: { code: rule.code.digest, alpha, seed }, scored, costly: true },
      choose: ({ scored: pairs, labels, questions }) => {
        const disputeOf = ({ id, a, b, score }: ScoredPair): Dispute => {
          return { id, question: questions.get(id)!, label: a, proposal: b, score };
        };
        const random = seededRandom("ilr/refine-by-rule", seed, round);
        return rule.choose({ pairs: pairs.map(disputeOf), total: labels.length, alpha, round, random });
      },
    });
  };
}
