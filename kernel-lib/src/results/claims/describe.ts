import { effect, pValue } from "../format.js";
import { outcomeOf } from "./claim.js";
import type { Reading } from "./reading.js";
import type { Verdict } from "./verdicts.js";

/**
 * Verdicts as Markdown: what each claim says, how it came out, the differences behind it, and the rules by which they were read.
 *
 * @example
 * display(markdown(describeVerdicts(run.verdicts())));
 */
export function describeVerdicts(verdicts: readonly Verdict[]): string {
  const sections = verdicts.map(({ claim, statement, outcome, readings, missing }) => {
    const [first, ...others] = [...(missing === null ? [] : [`It ${missing}`]), ...readings.map(sentence)];
    const lines = [`${statement}. ${first}`, ...others.map((text) => `  - ${text}`)];
    return `- **${claim}: ${outcome}.** ${lines.join("\n")}`;
  });
  return [...sections, "", `*${verdictNote(verdicts)}*`].join("\n");
}

/** Verdicts as a Markdown table of primary readings, for READMEs. */
export function verdictsTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.flatMap(({ claim, statement, outcome, readings, missing }) => {
    const primary = readings.filter(isPrimary);
    const label = `**${claim}** ${statement}`;
    if (primary.length === 0) return [[label, outcome, missing ?? "", "", ""]];
    return primary.map((reading, i) => [
      ...(i === 0 ? [label, `**${outcome}**`] : ["", ""]),
      `${reading.compares}${primary.length > 1 ? `: ${reading.outcome}` : ""}`,
      effect(reading.difference),
      `${pValue(reading.p)} (${pValue(reading.adjusted!)})`,
    ]);
  });
  return textColumns([["claim", "outcome", "comparison", "points", "p (Holm)"], ...rows]);
}

/** A Markdown table of sentences: not padded, all columns to the left. For numbers there is `markdownTable`. */
export function textColumns([header, ...rows]: readonly (readonly string[])[]): string {
  const lines = [header!, header!.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");
}

/** The rules, as far as these verdicts used them. */
export function verdictNote(verdicts: readonly Verdict[]): string {
  const readings = verdicts.flatMap((verdict) => verdict.readings);
  const family = readings.filter(isPrimary).length;
  const hasSeveralSeeds = readings.some(({ seeds }) => seeds > 1);
  const correction = `by p-values that allow for all ${family} that decide a claim (Holm)`;
  return [
    `Paired differences in test accuracy, in points, with 95 % intervals${hasSeveralSeeds ? " (Student's t over seeds)" : ""}.`,
    ...(family === 0
      ? []
      : [`A claim's outcome is that of its first comparison${family > 1 ? `, ${correction}` : ""}.`]),
    ...(readings.every(isPrimary) ? [] : ['Comparisons marked "also" are not corrected and decide nothing.']),
    ...(verdicts.some((verdict) => verdict.readings.filter(isPrimary).length > 1)
      ? ["A claim with several parts holds if all of them do and is contradicted if one is."]
      : []),
    ...(readings.some(({ seeds }) => seeds === 1)
      ? ["With one seed an outcome is about that seed's models: it says nothing about other seeds."]
      : []),
  ].join(" ");
}

/** What it would take to see 2 points in four studies of five; empty for a reading that is not inconclusive. */
export function describePower({ power, questions, seeds }: Pick<Reading, "power" | "questions" | "seeds">): string {
  if (power === null) return "";
  const count = (value: number): string => value.toLocaleString("en");
  if (seeds === 1) {
    const needed = power.questionsNeeded === null ? "no number of" : `about ${count(power.questionsNeeded)}`;
    return `${needed} questions, for this seed's models only`;
  }
  const needed = power.seedsNeeded === null ? "more than 1,000" : `about ${count(power.seedsNeeded)}`;
  return `${needed} seeds of ${count(questions)} questions`;
}

/** Whether a reading decides its claim. */
export function isPrimary({ adjusted }: Pick<Reading, "adjusted">): boolean {
  return adjusted !== null;
}

/**
 * What needs to be said beside a difference: its p-values, where its outcome would be another one without correction, and what it would
 * take to see a gain.
 */
export function readingNote(reading: Reading): string {
  const { p, adjusted, outcome, expects, difference } = reading;
  const value = pValue(p);
  const tested = `p ${value.startsWith("<") ? value : `= ${value}`}`;
  if (adjusted === null) return tested;
  const alone = outcomeOf(expects, difference);
  return [
    `${tested}, Holm ${pValue(adjusted)}`,
    ...(alone === outcome ? [] : [`by itself: ${alone}`]),
    ...(reading.power === null ? [] : [`to see 2 points takes ${describePower(reading)}`]),
  ].join("; ");
}

function sentence(reading: Reading): string {
  const { compares, difference, outcome } = reading;
  const text = `${compares}: ${effect(difference).replace(" [", " points [")} (${readingNote(reading)})`;
  return isPrimary(reading) ? text : `also: ${text}: ${outcome}`;
}
