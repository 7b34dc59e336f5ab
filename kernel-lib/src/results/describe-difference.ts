import type { RunRecord } from "../experiments/index.js";
import { points } from "./format.js";
import { type DifferenceOptions, differenceFrame } from "./frames/index.js";

interface DifferenceRow {
  readonly round: number;
  /** Only where each arm is taken at its own last round. */
  readonly otherRound?: number;
  readonly difference: number;
  readonly differenceLow: number;
  readonly differenceHigh: number;
}

/**
 * How much better one arm is than another at the last round that both have, as a sentence of Markdown: the paired difference in points with its 95 %
 * interval, and what that says. Not corrected for reading several.
 *
 * @throws LabError `name-unknown` for an arm that the run does not have.
 * @example
 * display(markdown(describeDifference(run.record, "ILR (oracle)", "DPO (oracle)")));
 */
export function describeDifference(
  run: RunRecord,
  arm: string,
  other: string,
  options: Omit<DifferenceOptions, "by"> = {},
): string {
  const row = differenceFrame(run, arm, other, options).objects().at(-1) as DifferenceRow | undefined;
  if (row === undefined) return `**${arm}** and **${other}** have no round and seed in common`;
  const { round, otherRound = round, difference, differenceLow, differenceHigh } = row;
  const verdict =
    differenceLow > 0 ? "better" : differenceHigh < 0 ? "worse" : "no difference that this run can tell from none";
  const [value, low, high] = [difference, differenceLow, differenceHigh].map((percent) => points(percent / 100));
  return `**${arm}** against **${other}**${after(round, otherRound)}: ${value} points [${low}, ${high}], ${verdict}`;
}

/** Round 0 is no round: SFT's only point. */
function after(round: number, otherRound: number): string {
  if (round === 0 && otherRound === 0) return "";
  return round === otherRound || otherRound === 0
    ? ` after round ${round}`
    : ` after rounds ${round} and ${otherRound}`;
}
