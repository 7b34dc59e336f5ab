import type { Arm, RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves, type CurvePoint, lastPoint, pairedDifference } from "./curves.js";
import type { Interval } from "./statistics/index.js";

export type Outcome = "holds" | "contradicted" | "inconclusive";

/** One comparison of two arms that bears on a claim. */
export interface Reading {
  /** Such as "ILR (evaluator) - DPO (evaluator), round 3". */
  readonly compares: string;
  /** Paired difference in test accuracy, share of questions. */
  readonly difference: Interval;
  /** What the claim says about the difference. */
  readonly expects: Expectation;
  readonly outcome: Outcome;
}

/** `positive` and `negative`: the difference has this sign. `no-gain`: the first is not better than the second by `margin` or more. */
export type Expectation = "positive" | "negative" | "no-gain";

/** What a run says about a claim of the paper. */
export interface Verdict {
  readonly claim: string;
  readonly statement: string;
  /**
   * That of the first reading, the one that is nearest to the paper's own comparison; `not tested` where the run lacks the arms. Arms with parts of
   * the user's own come last and decide nothing: the paper claims nothing about them.
   */
  readonly outcome: Outcome | "not tested";
  readonly readings: readonly Reading[];
}

export interface VerdictOptions {
  /** Smallest gain that would count as an improvement, as a share: "fails to improve" holds only below it. Default: 0.02, 2 points. */
  readonly margin?: number;
}

interface Contrast {
  readonly first: ArmCurve | undefined;
  readonly second: ArmCurve | undefined;
  readonly expects: Expectation;
}

interface Claim {
  readonly claim: string;
  readonly statement: string;
  readonly contrasts: (curves: Curves) => readonly Contrast[];
}

/**
 * Short readings of the paper's claims C1 to C5 from paired 95 % intervals, without correction for reading several of them.
 *
 * @example
 * for (const { claim, outcome } of verdicts(run)) console.log(claim, outcome);
 */
export function verdicts(run: RunRecord, { margin = 0.02 }: VerdictOptions = {}): readonly Verdict[] {
  const curves = new Curves(armCurves(run));
  return claims.map(({ claim, statement, contrasts }) => {
    const all = contrasts(curves);
    const read = (some: readonly Contrast[]): Reading[] =>
      some.flatMap((contrast) => readingOf(contrast, margin) ?? []);
    const ofThePaper = read(all.filter((contrast) => !hasOwnParts(contrast)));
    const readings = [...ofThePaper, ...read(all.filter(hasOwnParts))];
    return { claim, statement, outcome: ofThePaper[0]?.outcome ?? "not tested", readings };
  });
}

/**
 * What an interval says about an expectation.
 *
 * @param margin for `no-gain`: the smallest gain that would count.
 * @example
 * outcomeOf("no-gain", { value: -0.01, low: -0.03, high: 0.01 }, 0.02); // "holds"
 */
export function outcomeOf(expects: Expectation, { low, high }: Interval, margin: number): Outcome {
  if (expects === "negative") return outcomeOf("positive", { value: 0, low: -high, high: -low }, margin);
  if (expects === "positive") return low > 0 ? "holds" : high < 0 ? "contradicted" : "inconclusive";
  return low > 0 ? "contradicted" : high < margin ? "holds" : "inconclusive";
}

/** Finds arms by what they are, not by what they are called. */
class Curves {
  constructor(private readonly all: readonly ArmCurve[]) {}

  of(method: ArmCurve["method"]): ArmCurve | undefined {
    return this.all.find((curve) => curve.method === method);
  }

  /** Arms of a method whose comparisons satisfy a condition; those without fidelity overrides first. */
  judgedBy(method: "ilr" | "dpo", accepts: (comparisons: NonNullable<Arm["comparisons"]>) => boolean): ArmCurve[] {
    const fits = ({ description }: ArmCurve): boolean =>
      description?.comparisons !== undefined && accepts(description.comparisons);
    const matching = this.all.filter((curve) => curve.method === method && fits(curve));
    return [...matching].sort((a, b) => Number(isOverridden(a)) - Number(isOverridden(b)));
  }

  /** The evaluator's arms first, as in the paper, then synthetic sources from the best to the worst, then the user's own. */
  unreliable(method: "ilr" | "dpo"): ArmCurve[] {
    const noise = ({ description }: ArmCurve): number => accuracyOf(description?.comparisons) ?? -1;
    const synthetic = this.judgedBy(
      method,
      (comparisons) => typeof comparisons === "object" && (accuracyOf(comparisons) ?? 0) < 1,
    );
    return [
      ...this.judgedBy(method, (comparisons) => comparisons === "evaluator"),
      ...synthetic.sort((a, b) => noise(b) - noise(a)),
    ];
  }
}

const isOverridden = ({ description }: ArmCurve): boolean => description?.fidelity !== undefined;

/** Of a noisy oracle; undefined for other sources, with the user's own among them. */
const accuracyOf = (comparisons: Arm["comparisons"]): number | undefined =>
  typeof comparisons === "object" && "noisyOracle" in comparisons ? comparisons.noisyOracle : undefined;

/** An arm that compares, refines or learns by something of the user's. */
const hasOwnPart = ({ description }: ArmCurve): boolean =>
  [description?.comparisons, description?.refine, description?.loss].some(
    (part) => typeof part === "object" && !("noisyOracle" in part),
  );

const hasOwnParts = (contrast: Contrast): boolean =>
  [contrast.first, contrast.second].some((curve) => curve !== undefined && hasOwnPart(curve));

const sameSource = (a: ArmCurve, b: ArmCurve): boolean =>
  JSON.stringify(a.description?.comparisons) === JSON.stringify(b.description?.comparisons);

const claims: readonly Claim[] = [
  {
    claim: "C1",
    statement: "SFT on unreliable demonstrations still works: the student beats its supervisor",
    contrasts: (curves) => [{ first: curves.of("sft"), second: curves.of("weak"), expects: "positive" }],
  },
  {
    claim: "C2",
    statement: "DPO on unreliable comparisons fails to improve on SFT",
    contrasts: (curves) =>
      curves.unreliable("dpo").map((first) => ({ first, second: curves.of("sft"), expects: "no-gain" })),
  },
  {
    claim: "C3",
    statement: "ILR beats DPO under unreliable supervision",
    contrasts: (curves) =>
      curves.unreliable("ilr").flatMap((first) =>
        curves
          .unreliable("dpo")
          .filter((second) => sameSource(first, second))
          .map((second): Contrast => ({ first, second, expects: "positive" })),
      ),
  },
  {
    claim: "C4",
    statement: "Naive ILR, which replaces labels without comparing, degrades",
    contrasts: (curves) => [
      { first: curves.of("naive-ilr"), second: curves.of("sft"), expects: "negative" },
      ...curves
        .unreliable("ilr")
        .map((first): Contrast => ({ first, second: curves.of("naive-ilr"), expects: "positive" })),
    ],
  },
  {
    claim: "C5",
    statement:
      "With reliable comparisons DPO recovers: it improves on SFT (what regularisation does needs a sweep of beta)",
    contrasts: (curves) =>
      curves
        .judgedBy("dpo", (comparisons) => comparisons === "oracle")
        .flatMap((first): Contrast[] => [
          { first, second: curves.of("sft"), expects: "positive" },
          ...curves.unreliable("dpo").map((second): Contrast => ({ first, second, expects: "positive" })),
        ]),
  },
];

function readingOf({ first, second, expects }: Contrast, margin: number): Reading | undefined {
  if (first === undefined || second === undefined) return undefined;
  const [a, b] = sameRound(first, second);
  const difference = pairedDifference(a, b);
  if (difference === null) return undefined;
  const rounds = a.round === b.round || b.round === 0 ? `round ${a.round}` : `rounds ${a.round} and ${b.round}`;
  return {
    compares: `${first.arm} - ${second.arm}${a.round > 0 ? `, ${rounds}` : ""}`,
    ...{ difference, expects, outcome: outcomeOf(expects, difference, margin) },
  };
}

/** The last round that both curves have; curves without rounds (SFT, the supervisor) have only round 0. */
function sameRound(first: ArmCurve, second: ArmCurve): readonly [CurvePoint, CurvePoint] {
  const common = first.points.filter(({ round }) => second.points.some((point) => point.round === round)).at(-1);
  if (common === undefined) return [lastPoint(first), lastPoint(second)];
  return [common, second.points.find(({ round }) => round === common.round)!];
}
