import type { Arm, Experiment, RunRecord } from "../experiments/index.js";
import {
  type ArmCurve,
  accuracyBesideSft,
  armCurves,
  type CurvePoint,
  type Interval,
  lastPoint,
  sftCurve,
} from "../results/index.js";
import { type CurvePlace, percentages, referenceLevel } from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";
import { heading, intervalBars } from "./heading.js";
import { changesOf, looksFor, methodName, type Seen } from "./looks.js";
import { missingArms } from "./missing-arms.js";
import { methodLine } from "./theme.js";

export interface BetaOptions {
  /** Default: each arm's last. */
  readonly round?: number;
}

/**
 * What regularisation buys DPO (figure 3a): test accuracy over beta, a curve for each source of comparisons, with 95 %
 * intervals of the paired difference to SFT, which is a line across.
 *
 * @throws LabError `input-missing` for a run in which no source has DPO at two values of beta, or without SFT, or without the round.
 * @example
 * display(dpoOverBeta(run, { round: 1 }));
 */
export function dpoOverBeta(run: RunRecord, { round }: BetaOptions = {}): Figure {
  const { experiment } = run.provenance;
  const sources = sweeps(armCurves(run), experiment, round);
  const sft = sftCurve(run);
  if (sources.length === 0 || sft === undefined) {
    const at = round === undefined ? "" : ` in round ${round}`;
    throw missingArms(run, `SFT, and DPO at two values of beta or more${at}`, ({ arms }) => isSweep(arms));
  }
  const look = looksFor(sources);
  const drawn = accuracyBesideSft(run);
  const betas = [...new Set(sources.flatMap(({ dots }) => dots.map(({ beta }) => beta)))].sort((a, b) => a - b);
  const ends = [betas[0]! / 1.8, betas.at(-1)! * 1.8] as const;
  return {
    data: [
      referenceLevel(sft.arm, 100 * lastPoint(sft).accuracy.value, { ends }),
      ...sources.map((source, index) =>
        sourceTrace(source, { index, count: sources.length, style: look(source.name) }, drawn),
      ),
    ],
    layout: {
      title: heading(
        `DPO over beta, by comparisons${roundsText(sources)}`,
        run,
        `${intervalBars} of the difference to SFT`,
      ),
      height: 460,
      xaxis: {
        title: { text: "beta (strength of the KL anchor)" },
        ...{ type: "log", tickvals: betas, ticktext: betas.map(String), range: ends.map(Math.log10) },
      },
      yaxis: { title: { text: "test accuracy (%)" } },
    },
  };
}

/** DPO with one source of comparisons at several values of beta. */
interface Sweep extends Seen {
  readonly dots: readonly { readonly beta: number; readonly point: CurvePoint }[];
}

/** Arms that differ in beta only, by what they have in common; those with other changes are curves of their own. */
function sweeps(curves: readonly ArmCurve[], experiment: Experiment, round: number | undefined): readonly Sweep[] {
  const groups = new Map<string, Sweep>();
  for (const { description, method, points } of curves) {
    if (method !== "dpo" || description === undefined) continue;
    const point = round === undefined ? points.at(-1) : points.find((candidate) => candidate.round === round);
    if (point === undefined) continue;
    const source = withoutBeta(description);
    const { name } = source;
    const beta = description.beta ?? experiment.recipe.dpo.beta;
    const dots = [...(groups.get(name)?.dots ?? []), { beta, point }].sort((a, b) => a.beta - b.beta);
    groups.set(name, { name, description: source, dots });
  }
  return [...groups.values()].filter(({ dots }) => new Set(dots.map(({ beta }) => beta)).size > 1);
}

/** An arm without its beta, named by its source and what else it changes. */
function withoutBeta({ beta, ...arm }: Arm): Arm {
  const text = Object.entries(changesOf(arm)).map(([field, value]) => `${field} ${plain(value)}`);
  return { ...arm, name: [methodName(arm), ...text].join(", ") };
}

/** A field's value as people would say it. */
function plain(value: unknown): string {
  return typeof value === "object" && value !== null ? Object.entries(value).flat().join(" ") : String(value);
}

/** Whether some arms of a config are DPO at several values of beta. */
function isSweep(arms: readonly Pick<Arm, "method" | "beta">[]): boolean {
  return new Set(arms.flatMap(({ method, beta }) => (method === "dpo" && beta !== undefined ? [beta] : []))).size > 1;
}

/** Sources stand side by side at each beta: intervals do not cover each other. */
function sourceTrace(
  { name, dots }: Sweep,
  { index, count, style }: CurvePlace,
  drawn: (point: CurvePoint) => Interval,
): Trace {
  const shift = 1.06 ** (index - (count - 1) / 2);
  const x = dots.map(({ beta }) => beta * shift);
  const y = dots.map(({ point }) => percentages(drawn(point)));
  const text = dots.map(({ beta }) => `beta ${beta}`);
  return { ...methodLine(name, x, y, style), text, hovertemplate: "%{text}: %{y:.1f}" };
}

function roundsText(sources: readonly Sweep[]): string {
  const rounds = [...new Set(sources.flatMap(({ dots }) => dots.map(({ point }) => point.round)))];
  return rounds.length === 1 ? `, round ${rounds[0]}` : ", last round";
}
