import type { ArmsOfRun } from "./arms.js";
import type { Claim, Contrast, Expectation } from "./claim.js";

/** Claims C1 to C5 of the paper's abstract; C5 has two halves. Criteria are the same for all runs and were never fitted to one. */
export const claims: readonly Claim[] = [
  {
    claim: "C1",
    statement: "SFT on unreliable demonstrations still works: the student beats its supervisor",
    paper: "supervised fine-tuning keeps some effectiveness when its demonstrations are unreliable",
    source: "abstract",
    needs: "SFT and its weak supervisor",
    primary: weakly((arms) => against(one(arms.of("sft")), arms.of("weak"), "positive")),
    also: () => [],
  },
  {
    claim: "C2",
    statement: "DPO on unreliable comparisons fails to improve on SFT",
    paper: "DPO with unreliable comparisons does not improve the model beyond SFT",
    source: "abstract, Fig. 4",
    needs: "DPO with an evaluator's or a noisy oracle's comparisons, and SFT",
    primary: weakly((arms) => against(arms.unreliable("dpo").slice(0, 1), arms.of("sft"), "no-gain")),
    also: weakly((arms) =>
      against([...arms.unreliable("dpo").slice(1), ...arms.own("dpo")], arms.of("sft"), "no-gain"),
    ),
  },
  {
    claim: "C3",
    statement: "ILR beats DPO under unreliable supervision",
    paper:
      "SFT and ILR outperform SFT and DPO under unreliable supervision, in math, coding and safe instruction following",
    source: "abstract, Fig. 4",
    needs: "ILR and DPO with the same fallible comparisons",
    primary: weakly((arms) => ahead(arms.unreliablePairs().slice(0, 1))),
    also: weakly((arms) => ahead([...arms.unreliablePairs().slice(1), ...arms.ownPairs()])),
  },
  {
    claim: "C4",
    statement: "Naive ILR, which replaces labels without comparing, degrades",
    paper:
      "replacing labels by proposals without comparing them degrades the model: comparisons are what makes ILR work",
    source: "Sec. 5.2",
    needs: "naive ILR and SFT",
    primary: weakly((arms) => against(one(arms.of("naive-ilr")), arms.of("sft"), "negative")),
    also: weakly((arms) => against([...arms.unreliable("ilr"), ...arms.own("ilr")], arms.of("naive-ilr"), "positive")),
  },
  {
    claim: "C5a",
    statement: "With reliable comparisons DPO recovers: it improves on SFT",
    paper: "DPO becomes effective again when comparisons (or demonstrations, too) are reliable",
    source: "abstract, Fig. 3a",
    needs: "DPO with the oracle's comparisons, and SFT",
    primary: weakly((arms) => against(arms.reliable("dpo").slice(0, 1), arms.of("sft"), "positive")),
    also: (arms) => {
      const [oracle, ...others] = arms.reliable("dpo");
      if (!arms.demonstrationsAreUnreliable) return against(one(oracle), arms.of("sft"), "positive");
      return [
        ...against(others, arms.of("sft"), "positive"),
        ...[...arms.unreliable("dpo"), ...arms.own("dpo")].flatMap((second) =>
          against(one(oracle), second, "positive"),
        ),
      ];
    },
  },
  {
    claim: "C5b",
    statement:
      "Under unreliable comparisons regularisation only trades collapse for no gain: with the smallest beta DPO falls below SFT, with the largest it does not improve on it",
    paper: "a stronger KL anchor keeps DPO on unreliable comparisons from collapsing, but buys no improvement",
    source: "abstract, Fig. 3a, 3b",
    needs: "DPO with fallible comparisons at two values of beta or more, and SFT",
    primary: weakly((arms) => {
      const sweep = arms.byBeta();
      if (sweep.length < 2) return [];
      return [
        ...against(sweep.slice(0, 1), arms.of("sft"), "negative"),
        ...against(sweep.slice(-1), arms.of("sft"), "no-gain"),
      ];
    }),
    also: weakly((arms) => against(arms.byBeta().slice(1, -1), arms.of("sft"), "no-gain")),
  },
];

/** Contrasts of claims about unreliable demonstrations: none in a run whose labels are all correct, or people's. */
function weakly(contrasts: (arms: ArmsOfRun) => readonly Contrast[]): Claim["primary"] {
  return (arms) => (arms.demonstrationsAreUnreliable ? contrasts(arms) : []);
}

function ahead(pairs: readonly (readonly [string, string])[]): readonly Contrast[] {
  return pairs.map(([first, second]) => ({ first, second, expects: "positive" }));
}

function against(firsts: readonly string[], second: string | undefined, expects: Expectation): readonly Contrast[] {
  return second === undefined ? [] : firsts.map((first) => ({ first, second, expects }));
}

function one(arm: string | undefined): readonly string[] {
  return arm === undefined ? [] : [arm];
}
