import type { Arm, RunRecord } from "../experiments/index.js";
import { type ArmCurve, accuracyBesideSft, armCurves, lastPoint, sftCurve } from "../results/index.js";
import { besideSftBars } from "./beside-sft.js";
import { percentages } from "./curve-traces.js";
import type { Figure, Layout, Trace } from "./figure.js";
import { heading } from "./heading.js";
import { changesOf, looksFor, methodName, sourceName } from "./looks.js";
import { missingArms } from "./missing-arms.js";
import { methodLine } from "./theme.js";

/**
 * SFT, DPO and ILR by how good the demonstrations are and how good the comparisons are (`ora`, `corora`): test accuracy at the last round
 * with 95 % intervals of the difference to SFT (of SFT itself: of its accuracy). A condition that several runs have is that of the run with the most seeds.
 *
 * @param runs such as the records of micro-math/main, micro-math/ora and micro-math/corora.
 * @throws LabError `input-missing` where no run has SFT, and ILR or DPO.
 * @example
 * display(supervisionQuality([main.record, ora.record, corora.record]));
 */
export function supervisionQuality(runs: readonly RunRecord[]): Figure {
  const conditions = distinct(runs.flatMap(conditionsOf));
  if (conditions.length === 0) {
    const has = ({ arms }: { readonly arms: readonly Pick<Arm, "comparisons">[] }): boolean =>
      arms.some(({ comparisons }) => comparisons === "oracle");
    throw missingArms(runs[0]!, "SFT, and ILR or DPO by source of comparisons", has);
  }
  const used = [...new Set(conditions.map(({ run }) => run))];
  return {
    data: methodTraces(conditions),
    layout: {
      title: heading("SFT, DPO and ILR by quality of supervision, last round", used, besideSftBars(used[0]!)),
      height: 480,
      xaxis: {
        title: { text: "demonstrations (correct ones), comparisons" },
        ...{ tickvals: conditions.map((_, i) => i), ticktext: conditions.map(tickText), tickfont: { size: 12 } },
        ...{ range: [-0.5, conditions.length - 0.5], tickangle: 0, showgrid: false },
      },
      yaxis: { title: { text: "test accuracy (%)" } },
      shapes: conditions.slice(1).map((_, i) => separator(i + 0.5)),
    },
  };
}

/** One quality of demonstrations and of comparisons, and what was trained on them. */
interface Condition {
  readonly run: RunRecord;
  readonly demonstrations: RunRecord["provenance"]["experiment"]["demonstrations"];
  readonly comparisons: NonNullable<Arm["comparisons"]>;
  readonly curves: readonly ArmCurve[];
}

const demonstrationOrder = ["weak", "human", "correct-weak"] as const;

function conditionsOf(run: RunRecord): readonly Condition[] {
  const { demonstrations = "weak" } = run.provenance.experiment;
  const sft = sftCurve(run);
  if (sft === undefined) return [];
  const bySource = new Map<string, Condition>();
  for (const curve of armCurves(run)) {
    const { method, description } = curve;
    if (method !== "ilr" && method !== "dpo") continue;
    // Arms that change anything else are other figures' matter.
    if (!description?.comparisons || Object.keys(changesOf(description)).length > 0) continue;
    const { comparisons } = description;
    const key = JSON.stringify(comparisons);
    const curves = bySource.get(key)?.curves ?? [sft];
    bySource.set(key, { run, demonstrations, comparisons, curves: [...curves, curve] });
  }
  return [...bySource.values()];
}

/** Each condition once, from the worst supervision to the best. */
function distinct(conditions: readonly Condition[]): readonly Condition[] {
  const seeds = ({ run }: Condition): number => run.provenance.experiment.seeds.length;
  const best = new Map<string, Condition>();
  for (const condition of conditions) {
    const key = JSON.stringify([condition.demonstrations, condition.comparisons]);
    const known = best.get(key);
    if (known === undefined || seeds(condition) > seeds(known)) best.set(key, condition);
  }
  const place = ({ demonstrations }: Condition): number => demonstrationOrder.indexOf(demonstrations);
  return [...best.values()].sort((a, b) => place(a) - place(b) || reliability(a) - reliability(b));
}

/** For the order of conditions only: sources that ask a model or people stand between chance and what is known by construction. */
function reliability({ comparisons }: Condition): number {
  if (typeof comparisons === "object") return "own" in comparisons ? 0.9 : 1 + comparisons.noisyOracle;
  return ["random", "evaluator", "judge", "human"].indexOf(comparisons) / 4 + (comparisons === "oracle" ? 3.25 : 0);
}

/** Where a method stands in a condition. */
const shifts = { sft: -0.22, dpo: 0, ilr: 0.22 } as const;

/** A trace for each method and source, with a point in each condition that has it. */
function methodTraces(conditions: readonly Condition[]): readonly Trace[] {
  const dots = conditions.flatMap(({ run, curves, comparisons }, i) =>
    curves.flatMap((curve) => {
      const { method } = curve;
      if (method !== "sft" && method !== "dpo" && method !== "ilr") return [];
      const name = methodName(method === "sft" ? { method } : { method, comparisons });
      const description = curve.description && { ...curve.description, name };
      return [{ name, description, x: i + shifts[method], y: percentages(accuracyBesideSft(run)(lastPoint(curve))) }];
    }),
  );
  const names = [...new Set(dots.map(({ name }) => name))];
  const look = looksFor(dots);
  return names.map((name) => {
    const own = dots.filter((dot) => dot.name === name);
    const line = methodLine(
      name,
      own.map(({ x }) => x),
      own.map(({ y }) => y),
      look(name),
    );
    return { ...line, mode: "markers", hovertemplate: "%{y:.1f}" };
  });
}

function tickText({ run, demonstrations, comparisons }: Condition): string {
  const weak = armCurves(run).find(({ method }) => method === "weak");
  const share = weak && lastPoint(weak).labelAccuracy?.value;
  const known = demonstrations === "correct-weak" ? 1 : demonstrations === "weak" ? share : undefined;
  const words = { weak: "weak", "correct-weak": "correct", human: "people's" } as const;
  const quality = known === undefined ? "" : `(${(100 * known).toFixed(0)} %)`;
  const source = sourceName(comparisons).replace("noisy oracle", "noisy").replaceAll(", ", "<br>");
  return [words[demonstrations], quality, source].join("<br>");
}

function separator(x: number): Layout {
  return { type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line: { color: "#D0D0D0", width: 1 } };
}
