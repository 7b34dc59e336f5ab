import { LabError } from "../core/index.js";

export interface AbsentOptions {
  /** Share of the verdicts that may be absent, 0 to 1. Default: 0.02, which moves a mean win probability by a point at most. */
  readonly maxAbsent?: number;
  /** Told how many are. Default: process warnings. */
  readonly warn?: (message: string) => void;
}

/**
 * Verdicts for those who need a number: an absent one counts as 0.5, no preference, and is said aloud.
 *
 * @throws LabError `unreachable` where too many are absent.
 */
export function withoutAbsent(
  verdicts: readonly (number | undefined)[],
  { maxAbsent = 0.02, warn = (message) => process.emitWarning(message, "JudgeWarning") }: AbsentOptions = {},
): readonly number[] {
  const absent = verdicts.filter((verdict) => verdict === undefined).length;
  if (absent > maxAbsent * verdicts.length) {
    const allowed = `at most ${maxAbsent * 100} % may be absent`;
    throw new LabError(
      "unreachable",
      `the judge gave no verdict on ${absent} of ${verdicts.length} pairs; ${allowed}`,
      {
        hint: "its answers are in the store, in answers/judge: choose another judge or prompt, or raise maxAbsent",
      },
    );
  }
  if (absent > 0) warn(`the judge gave no verdict on ${absent} of ${verdicts.length} pairs; they count as 0.5`);
  return verdicts.map((verdict) => verdict ?? 0.5);
}
