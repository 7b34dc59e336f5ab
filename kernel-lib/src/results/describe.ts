import type { RunRecord } from "../experiments/index.js";
import { armCurves, heldOutAccuracy, lastPoint } from "./curves.js";
import { duration, percent } from "./format.js";
import { LEVEL, tCritical } from "./statistics/index.js";

/**
 * What a run's intervals are about, as Markdown: one seed's are about its questions, those of several also about other seeds.
 *
 * @example
 * display(markdown(describeIntervals(run.record)));
 */
export function describeIntervals({ points }: RunRecord): string {
  const seeds = [...new Set(points.map(({ seed }) => seed))];
  const questions = [...new Set(points.map(({ testCount }) => testCount.toLocaleString("en")))].join(" or ");
  const [level, many] = [`${100 * LEVEL} %`, tCritical((1 - LEVEL) / 2, Number.POSITIVE_INFINITY).toFixed(1)];
  if (seeds.length === 1) {
    return (
      `Seed ${seeds[0]} only; ${questions} test questions. The ${level} intervals are over its questions (Wilson's for an accuracy, Bonett and Price's ` +
      "for a difference) and say **nothing about other seeds**."
    );
  }
  const critical = tCritical((1 - LEVEL) / 2, seeds.length - 1).toFixed(1);
  return (
    `Seeds ${seeds.join(", ")}; ${questions} test questions each. The ${level} intervals are Student's t over the ${seeds.length} seeds, ${critical} standard errors to ` +
    `either side (with many seeds ${many}), and never shorter than the questions alone make them.`
  );
}

/** What refinement did to the labels, as Markdown: one line an arm, over all its rounds (means over seeds). */
export function describeLabels(run: RunRecord): string {
  const start = armCurves(run).find(({ method }) => method === "weak")?.points[0]?.labelAccuracy;
  const lines = armCurves(run).flatMap((curve) => {
    const { labelAccuracy, round, fixed } = lastPoint(curve);
    if (fixed === null || labelAccuracy === null) return [];
    const sum = (of: "accepted" | "fixed" | "broken"): number =>
      Math.round(curve.points.reduce((total, point) => total + (point[of] ?? 0), 0));
    const rounds = round === 1 ? "1 round" : `${round} rounds`;
    const from = start ? `from ${percent(start.value)} ` : "";
    const counts = `replaced ${sum("accepted")} labels, made ${sum("fixed")} right and ${sum("broken")} wrong`;
    return [`- **${curve.arm}** ${counts} in ${rounds}: correct labels went ${from}to ${percent(labelAccuracy.value)}`];
  });
  return lines.join("\n");
}

/** How good the evaluator was where it was tested and where it was used, as Markdown. */
export function describeEvaluator(run: RunRecord): string {
  const level = heldOutAccuracy(run);
  if (level === null) return "No arm of this run uses a trained evaluator.";
  const lines = armCurves(run)
    .filter(({ description }) => description?.comparisons === "evaluator")
    .flatMap(({ arm, points }) => {
      const met = points.flatMap(({ comparisons }) => (comparisons ? [percent(comparisons.value)] : []));
      return met.length === 0 ? [] : [`- on the pairs that **${arm}** showed it, round by round: ${met.join(", ")}`];
    });
  return [`- on pairs kept back from its training: ${percent(level.value)}`, ...lines].join("\n");
}

/** Where a run's numbers come from, as Markdown: time, machine, versions, base models and the steps' keys. */
export function describeProvenance({ provenance }: RunRecord): string {
  const { experiment, versions, machine, backend, started, ended, wallSeconds, stepSeconds, counts, keys, bases } =
    provenance;
  const { own = [] } = provenance;
  const list = (record: Readonly<Record<string, string>>): string =>
    Object.entries(record)
      .map(
        ([name, value]) =>
          `${name} ${/^((sha256|tree):)?[0-9a-f]{64}$/.test(value) ? `\`${shortKey(value)}\`` : value}`,
      )
      .join(", ");
  return [
    `- **experiment** ${experiment.name}, seeds ${experiment.seeds.join(", ")}`,
    `- **when** ${started} to ${ended}: ${duration(wallSeconds)} of wall time, ${duration(stepSeconds)} of computing by its steps`,
    `- **steps** ${counts.executed} executed, ${counts.cached} from the store`,
    `- **machine** ${machine} (backend: ${backend})`,
    `- **versions** ${list(versions)}`,
    `- **base models** ${list(bases)}`,
    ...own.map(({ kind, name, digest }) => `- **${kind.replace("-", " ")}** "${name}" \`${shortKey(digest)}\``),
    `- **keys** ${keys.length}: ${keys
      .slice(0, 3)
      .map((key) => `\`${shortKey(key)}\``)
      .join(", ")}${keys.length > 3 ? ", ..." : ""}`,
  ].join("\n");
}

function shortKey(key: string): string {
  return key.replace(/^(sha256|tree):/, "").slice(0, 12);
}
