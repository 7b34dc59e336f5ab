import { LabError } from "../../core/index.js";
import type { RunRecord } from "../../experiments/index.js";
import { armCurves } from "../curves.js";
import { holm } from "../statistics/index.js";
import { ArmsOfRun } from "./arms.js";
import type { Claim, Contrast, Outcome } from "./claim.js";
import { missingFor } from "./missing.js";
import { decided, type Measured, measured, type Reading } from "./reading.js";
import { claims } from "./table.js";

/** What runs say about a claim of the paper. */
export interface Verdict {
  readonly claim: string;
  readonly statement: string;
  /** What the paper says, in our words, and where. */
  readonly paper: string;
  readonly source: string;
  /**
   * Holds if all primary readings do, contradicted if one is; `not tested` where the runs lack the arms. Each primary reading is decided
   * with all primary readings of all claims allowed for (Holm).
   */
  readonly outcome: Outcome | "not tested";
  /** The primary ones, nearest to the paper's own comparison, then others that bear on the claim, without correction. */
  readonly readings: readonly Reading[];
  /** Where it was not tested: what that would take. */
  readonly missing: string | null;
}

/** The readings of a claim in some runs, before it is known how many are taken together. */
interface Evidence {
  readonly claim: Claim;
  readonly primary: readonly Measured[];
  readonly also: readonly Measured[];
}

const known = new WeakMap<RunRecord, readonly Verdict[]>();

/**
 * The paper's claims C1 to C5 by what one run shows, or several together. With several, each claim is read from the first that has its
 * arms, for each task; what the others say about it is listed after that.
 *
 * @param runs the records of one experiment, or of several, such as the main one and the sweep over beta that C5b needs.
 * @throws LabError `input-missing` without a run.
 * @example
 * for (const { claim, outcome } of verdicts([main.record, sweep.record])) console.log(claim, outcome);
 */
export function verdicts(runs: RunRecord | readonly RunRecord[]): readonly Verdict[] {
  if (!("points" in runs)) return verdictsOf(runs);
  const before = known.get(runs) ?? verdictsOf([runs]);
  known.set(runs, before);
  return [...before];
}

function verdictsOf(all: readonly RunRecord[]): readonly Verdict[] {
  if (all.length === 0) throw new LabError("input-missing", "there is no run to read the claims from");
  const evidence = claims.map((claim) => evidenceFor(claim, all));
  const family = evidence.flatMap(({ primary }) => primary);
  const adjusted = holm(family.map(({ p }) => p));
  const levels = new Map(family.map((reading, i) => [reading, adjusted[i]!]));
  const named = (reading: Reading): Reading =>
    all.length === 1 ? reading : { ...reading, compares: `${reading.compares} (${reading.run})` };
  return evidence.map(({ claim, primary, also }) => {
    const { claim: name, statement, paper, source } = claim;
    const deciding = primary.map((reading) => decided(reading, levels.get(reading)));
    return {
      ...{ claim: name, statement, paper, source },
      outcome: together(deciding.map(({ outcome }) => outcome)),
      readings: [...deciding, ...also.map((reading) => decided(reading))].map(named),
      missing: deciding.length === 0 ? missingFor(claim, all[0]!) : null,
    };
  });
}

/** Every comparison that bears on a claim in a run, each once. */
export function claimContrasts(run: RunRecord): readonly Contrast[] {
  const arms = armsOf(run);
  const all = claims.flatMap((claim) => [...claim.primary(arms), ...claim.also(arms)]);
  return [...new Map(all.map((contrast) => [`${contrast.first}\n${contrast.second}`, contrast])).values()];
}

function evidenceFor(claim: Claim, runs: readonly RunRecord[]): Evidence {
  const tasks = new Set<string>();
  const primary: Measured[] = [];
  const also: Measured[] = [];
  for (const run of runs) {
    const { task } = run.provenance.experiment;
    const arms = armsOf(run);
    const contrasts = claim.primary(arms);
    const measurable = readingsOf(run, contrasts);
    // Half a conjunction decides nothing.
    const own = measurable.length === contrasts.length ? measurable : [];
    const isFirst = own.length > 0 && !tasks.has(task);
    if (isFirst) tasks.add(task);
    (isFirst ? primary : also).push(...own);
    also.push(...readingsOf(run, claim.also(arms)));
  }
  const seen = new Set(primary.map(identity));
  return {
    claim,
    primary,
    also: also.filter((reading) => !seen.has(identity(reading)) && seen.add(identity(reading))),
  };
}

function readingsOf(run: RunRecord, contrasts: readonly Contrast[]): readonly Measured[] {
  return contrasts.flatMap((contrast) => measured(run, contrast) ?? []);
}

/** Runs that share arms (SFT, an arm at the usual beta) show the same comparison; it is said once. */
function identity({ compares, difference, seeds }: Measured): string {
  return JSON.stringify([compares, difference, seeds]);
}

function armsOf(run: RunRecord): ArmsOfRun {
  return new ArmsOfRun(armCurves(run), run.provenance.experiment);
}

function together(outcomes: readonly Outcome[]): Verdict["outcome"] {
  if (outcomes.length === 0) return "not tested";
  if (outcomes.includes("contradicted")) return "contradicted";
  return outcomes.every((outcome) => outcome === "holds") ? "holds" : "inconclusive";
}
