/** What a session says of the person who answered, beside the evaluator and the truth on the same gold pairs. */
import type { Judgement } from "../human/index.js";
import { percent } from "./format.js";
import { type Interval, wilsonInterval } from "./statistics/index.js";

/** A person as a session shows them. Shares are 0 to 1; null where there is nothing to count. */
export interface PersonSummary {
  readonly person: string;
  /** Pairs that were asked for their own sake, and gold pairs among them. */
  readonly asked: number;
  readonly gold: number;
  /** Of the gold pairs with a preference, those where it was the right one (Wilson's interval). */
  readonly accuracy: Interval | null;
  /** The evaluator's on the same gold pairs. The oracle is right on all of them: that is what gold means. */
  readonly evaluatorAccuracy: Interval | null;
  /** The person's in the first and in the second half of each sitting, taken together: between sittings there are pauses. */
  readonly accuracyByHalf: readonly [Interval | null, Interval | null];
  /** Median response time in ms of answers that were given, and in each half. */
  readonly responseMs: number | null;
  readonly responseMsByHalf: readonly [number | null, number | null];
  /** Of all pairs those where the person was unsure, and those where time ran out. */
  readonly unsure: number | null;
  readonly timeouts: number | null;
  /** Of the preferences those for the left answer: 0.5 without a bias, because sides are drawn. */
  readonly left: Interval | null;
}

/**
 * What a person's judgements say of the person.
 *
 * @example
 * const session = await readSession("ann.jsonl");
 * personSummary(session.judgements()).accuracy; // { value: 0.83, low: 0.69, high: 0.92 }
 */
export function personSummary(judgements: readonly Judgement[]): PersonSummary {
  const gold = judgements.filter(isGold);
  const halves = halvesOf(judgements);
  const preferences = judgements.filter(isPreference);
  const count = (verdict: Judgement["verdict"]): number | null =>
    judgements.length === 0 ? null : judgements.filter((one) => one.verdict === verdict).length / judgements.length;
  const wasLeft = ({ verdict, left }: Judgement): boolean => (verdict === "accept") === (left === "b");
  // The evaluator abstains nowhere: it is asked about the pairs on which the person had a preference.
  const shared = gold.filter(isPreference).filter(({ gold: { evaluator } }) => evaluator !== null);
  return {
    person: judgements[0]?.person ?? "nobody",
    asked: judgements.length - gold.length,
    gold: gold.length,
    accuracy: accuracyOf(judgements),
    evaluatorAccuracy: share(shared, ({ gold: { better, evaluator } }) => evaluator! > 0.5 === (better === "b")),
    accuracyByHalf: [accuracyOf(halves[0]), accuracyOf(halves[1])],
    responseMs: medianMs(judgements),
    responseMsByHalf: [medianMs(halves[0]), medianMs(halves[1])],
    unsure: count("unsure"),
    timeouts: count("timeout"),
    left: share(preferences, wasLeft),
  };
}

/** The same as rows of words, for a page or a terminal. */
export function personRows(judgements: readonly Judgement[]): readonly {
  readonly what: string;
  readonly value: string;
  readonly note: string;
}[] {
  const summary = personSummary(judgements);
  const { accuracy, evaluatorAccuracy, accuracyByHalf, responseMs, responseMsByHalf, unsure, timeouts, left } = summary;
  const seconds = (ms: number | null): string => (ms === null ? "-" : `${(ms / 1000).toFixed(1)} s`);
  const shareOf = (value: number | null): string => (value === null ? "-" : percent(value));
  const halves = (of: (half: 0 | 1) => string): string => `${of(0)}, then ${of(1)}`;
  return [
    {
      what: "pairs answered",
      value: String(summary.asked),
      note: `and ${summary.gold} gold pairs, whose truth is known`,
    },
    {
      what: "right on gold pairs",
      value: withInterval(accuracy),
      note: "where you had a preference; 95 % interval (Wilson)",
    },
    {
      what: "the evaluator, on the same",
      value: withInterval(evaluatorAccuracy),
      note: "the model that stands in for people",
    },
    {
      what: "the oracle, on the same",
      value: accuracy === null ? "-" : percent(1),
      note: "by construction: gold is what it knows",
    },
    {
      what: "right, by time",
      value: halves((half) => shareOf(accuracyByHalf[half]?.value ?? null)),
      note: "first and second half of a sitting: does it tire you?",
    },
    {
      what: "response time",
      value: seconds(responseMs),
      note: `median; ${halves((half) => seconds(responseMsByHalf[half]))}`,
    },
    { what: "unsure", value: shareOf(unsure), note: "counted as no preference" },
    { what: "time ran out", value: shareOf(timeouts), note: "counted as no preference" },
    { what: "took the left answer", value: withInterval(left), note: "sides are drawn: far from 50 % is a bias" },
  ];
}

/**
 * What a session says of the person, as Markdown.
 *
 * @example
 * display(markdown(describePerson(session.judgements())));
 */
export function describePerson(judgements: readonly Judgement[]): string {
  if (judgements.length === 0) return "Nobody has answered yet.";
  const { person } = personSummary(judgements);
  const rows = personRows(judgements).map(({ what, value, note }) => `| ${what} | ${value} | ${note} |`);
  // An alias is whatever somebody typed.
  const alias = person.replace(/[^\p{L}\p{N} _-]/gu, "");
  return [`| | ${alias} | |`, "|---|---|---|", ...rows].join("\n");
}

function halvesOf(judgements: readonly Judgement[]): readonly [readonly Judgement[], readonly Judgement[]] {
  const sittings = new Map<string, Judgement[]>();
  for (const one of judgements) sittings.set(one.sitting, [...(sittings.get(one.sitting) ?? []), one]);
  const all = [...sittings.values()];
  const middle = ({ length }: readonly Judgement[]): number => Math.ceil(length / 2);
  return [all.flatMap((rows) => rows.slice(0, middle(rows))), all.flatMap((rows) => rows.slice(middle(rows)))];
}

type Gold = Judgement & { readonly gold: NonNullable<Judgement["gold"]> };

function isGold(judgement: Judgement): judgement is Gold {
  return judgement.gold !== null;
}

function isPreference({ verdict }: Judgement): boolean {
  return verdict === "accept" || verdict === "reject";
}

function accuracyOf(judgements: readonly Judgement[]): Interval | null {
  return share(judgements.filter(isGold).filter(isPreference), (one) => {
    return (one.verdict === "accept") === (one.gold.better === "b");
  });
}

function share<T>(rows: readonly T[], holds: (row: T) => boolean): Interval | null {
  return rows.length === 0 ? null : wilsonInterval(rows.filter(holds).length / rows.length, rows.length);
}

function medianMs(judgements: readonly Judgement[]): number | null {
  const times = judgements.filter(({ verdict }) => verdict !== "timeout").map(({ responseMs }) => responseMs);
  if (times.length === 0) return null;
  const sorted = times.sort((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function withInterval(interval: Interval | null): string {
  if (interval === null) return "-";
  const { value, low, high } = interval;
  return `${percent(value)} (${percent(low)} to ${percent(high)})`;
}
