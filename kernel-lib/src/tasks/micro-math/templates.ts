/**
 * The story templates. THE DIFFICULTY KNOBS ARE HERE: which templates exist (every split is balanced over them), the
 * ranges that their numbers are drawn from, and how often the pretraining corpus shows each (`exposure`).
 *
 * Numbers are drawn uniformly from their ranges, and again until every value of the plan is in VALUE_RANGE; so wide
 * ranges mean two-digit carries and borrows, narrow ones mean easy arithmetic. Slots: {N} {M} {L} are different
 * names, {O} {P} different things, {gain} {loss} verbs, single lower-case letters numbers. Two numbers are never adjacent, because decoding joins
 * adjacent digits.
 */
import { type Formula, formulaOf, type PlanStep, parsePlan } from "./plan.js";

type Range = readonly [least: number, most: number];

export interface Template {
  readonly name: string;
  readonly question: string;
  /** The question's text and, between any two pieces of it, the name of a slot. */
  readonly parts: readonly string[];
  readonly plan: readonly PlanStep[];
  /** The plan, with the numbers in the order of `ranges`. */
  readonly formula: Formula;
  readonly ranges: ReadonlyMap<string, Range>;
  /** Relative frequency in the pretraining corpus. Confusable templates are rare there, so that weak models mix up their plans. */
  readonly exposure: number;
}

function template(
  name: string,
  question: string,
  plan: string,
  ranges: Readonly<Record<string, Range>>,
  exposure = 1,
): Template {
  const steps = parsePlan(plan);
  return {
    ...{ name, question, parts: question.split(/\{(\w+)\}/), plan: steps, exposure },
    ranges: new Map(Object.entries(ranges)),
    formula: formulaOf(steps, Object.keys(ranges)),
  };
}

/** All templates, from chains over comparisons, shares and containers to prices and rates. */
export const TEMPLATES: readonly Template[] = [
  template(
    "gain-loss",
    "{N} has {a} {O} . {N} {gain} {b} more and {loss} {c} . how many {O} does {N} have now ?",
    "a + b = x ; x - c = y",
    { a: [10, 70], b: [5, 40], c: [5, 40] },
  ),
  template(
    "loss-gain-gain",
    "{N} has {a} {O} . {N} {loss} {b} , {gain} {c} and then {gain} {d} more . how many {O} now ?",
    "a - b = x ; x + c = y ; y + d = z",
    { a: [20, 80], b: [5, 50], c: [5, 30], d: [5, 30] },
  ),
  template(
    "twice-total",
    "{N} has {a} {O} . {M} has twice as many {O} as {N} . how many {O} in all ?",
    "a * 2 = x ; a + x = y",
    {
      a: [3, 33],
    },
  ),
  template(
    "times-total",
    "{N} has {a} {O} . {M} has {k} times as many {O} as {N} . how many {O} in all ?",
    "a * k = x ; a + x = y",
    { a: [3, 20], k: [3, 6] },
  ),
  template(
    "more-total",
    "{N} has {a} {O} . {M} has {b} more than {N} . how many {O} in all ?",
    "a + b = x ; a + x = y",
    {
      a: [5, 45],
      b: [3, 40],
    },
  ),
  template(
    "fewer-total",
    "{N} has {a} {O} . {M} has {b} fewer than {N} . how many {O} in all ?",
    "a - b = x ; a + x = y",
    {
      a: [10, 65],
      b: [3, 50],
    },
  ),
  template(
    "more-than-other",
    "{N} has {a} {O} . that is {b} more than {M} has . how many {O} in all ?",
    "a - b = x ; a + x = y",
    { a: [10, 65], b: [3, 50] },
    0.5,
  ),
  template(
    "fewer-than-other",
    "{N} has {a} {O} . that is {b} fewer than {M} has . how many {O} in all ?",
    "a + b = x ; a + x = y",
    { a: [5, 45], b: [3, 40] },
    0.5,
  ),
  template(
    "share",
    "{N} has {a} {O} and {gain} {b} more . {k} friends share them . how many {O} for each ?",
    "a + b = x ; x / k = y",
    { a: [5, 60], b: [5, 40], k: [2, 9] },
  ),
  template(
    "pack-rest",
    "{N} has {a} {O} , {loss} {b} and packs the rest in {k} bags . how many {O} in each ?",
    "a - b = x ; x / k = y",
    { a: [20, 99], b: [5, 60], k: [2, 9] },
  ),
  template(
    "bags-and-more",
    "{N} has {k} bags of {a} {O} and {b} more . how many {O} in all ?",
    "k * a = x ; x + b = y",
    { k: [2, 9], a: [3, 20], b: [3, 40] },
  ),
  template(
    "bags-and-boxes",
    "{N} has {k} bags of {a} {O} and {j} boxes of {b} {O} . how many {O} in all ?",
    "k * a = x ; j * b = y ; x + y = z",
    { k: [2, 9], a: [3, 15], j: [2, 9], b: [3, 15] },
  ),
  template(
    "bags-minus-boxes",
    "{N} has {k} bags of {a} {O} and {j} boxes of {b} {O} . how many more {O} in bags than in boxes ?",
    "k * a = x ; j * b = y ; x - y = z",
    { k: [2, 9], a: [3, 15], j: [2, 9], b: [3, 15] },
    0.5,
  ),
  template(
    "change",
    "{O} cost {a} each . {N} buys {k} and pays {c} . how much change does {N} get ?",
    "k * a = x ; c - x = y",
    {
      a: [3, 15],
      k: [2, 9],
      c: [20, 99],
    },
  ),
  template(
    "change-two",
    "{O} cost {a} each and {P} cost {b} . {N} buys {k} {O} and {j} {P} and pays {c} . how much change ?",
    "k * a = x ; j * b = y ; x + y = z ; c - z = w",
    { a: [3, 12], k: [2, 6], b: [3, 12], j: [2, 6], c: [30, 99] },
  ),
  template(
    "half-then-find",
    "{N} has {a} {O} , {loss} half of them and then {gain} {b} . how many {O} now ?",
    "a / 2 = x ; x + b = y",
    { a: [10, 98], b: [5, 60] },
  ),
  template(
    "find-then-half",
    "{N} has {a} {O} , {gain} {b} and then {loss} half of them . how many {O} now ?",
    "a + b = x ; x / 2 = y",
    { a: [10, 80], b: [5, 60] },
    0.5,
  ),
  template("rate", "{N} puts {a} {O} in {k} bags . how many {O} are in {j} such bags ?", "a / k = x ; x * j = y", {
    a: [10, 99],
    k: [2, 9],
    j: [2, 9],
  }),
  template(
    "three-people",
    "{N} has {a} {O} . {M} has twice as many as {N} . {L} has {b} more than {M} . how many {O} in all ?",
    "a * 2 = x ; x + b = y ; a + x = z ; z + y = w",
    { a: [3, 18], b: [3, 20] },
  ),
  template(
    "need-more",
    "{N} needs {a} {O} and has {k} bags of {b} . how many more {O} does {N} need ?",
    "k * b = x ; a - x = y",
    { a: [20, 99], k: [2, 9], b: [3, 15] },
    0.5,
  ),
];
