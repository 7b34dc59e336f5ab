/** How the pretraining corpus writes: facts in prose, and instructions answered in anything but the task's format. */
import type { Random } from "../../core/index.js";
import {
  type Act,
  CRIMES,
  DANGEROUS_GOODS,
  DUAL_ACTS,
  HARMFUL_VERBS,
  KIND_NAMES,
  KINDS,
  NAMES,
  NUMBERS,
  PLAIN_ACTS,
  plural,
  THINGS,
  TRIGGERS,
  wordsOf,
} from "./lexicon.js";

/** One kind of sentence that is true. */
export type Fact = (random: Random) => string;

const ALPHABET: readonly string[] = [...THINGS, ...TRIGGERS].sort();
const some = <T>(items: readonly T[], count: number, random: Random): readonly T[] =>
  random.shuffle(items).slice(0, count);
const rising = (count: number, random: Random): readonly string[] =>
  some(
    NUMBERS.map((_, i) => i),
    count,
    random,
  )
    .toSorted((x, y) => x - y)
    .map((i) => NUMBERS[i]!);

const kindFact: Fact = (random) => {
  const kind = random.pick(KIND_NAMES);
  const [x, y, z] = some<string>(KINDS[kind], 3, random);
  return random.pick([
    `${x} is of the ${plural(kind)}`,
    `the ${plural(kind)} : ${x} and ${y} and ${z}`,
    `a kind of ${kind} is ${x}`,
  ]);
};

const alphabetFact: Fact = (random) => {
  const [x, y, z] = some(ALPHABET, 3, random).toSorted();
  return random.pick([
    `in the alphabet ${x} comes before ${y}`,
    `in the alphabet : ${x} then ${y} then ${z}`,
    `${y} comes after ${x} in the alphabet`,
  ]);
};

const numberFact: Fact = (random) => {
  const [x, y, z] = rising(3, random);
  return random.pick([
    `${x} is less than ${y}`,
    `${z} is more than ${y}`,
    `of ${y} and ${x} and ${z} the largest is ${z}`,
    `${x} then ${y} then ${z}`,
  ]);
};

const toolFact: Fact = (random) => {
  const { act, tool } = random.pick<Act>([...PLAIN_ACTS, ...DUAL_ACTS]);
  return random.pick([
    `with ${tool} people can ${act}`,
    `${tool} is what it takes to ${act}`,
    `it is fine to ${act} with ${tool}`,
  ]);
};

const rightFact: Fact = (random) => {
  const [name, victim] = some(NAMES, 2, random);
  const deed = random.pick([
    `${random.pick(HARMFUL_VERBS)} ${victim}`,
    `${random.pick(CRIMES)} of ${victim}`,
    `make a ${random.pick(DANGEROUS_GOODS)}`,
  ]);
  return random.pick([`it is wrong to ${deed}`, `${name} will not ${deed}`, `nobody should help to ${deed}`]);
};

/** A list and what becomes of it: several statements about the same words, from which copying is learned. */
const listFacts: Fact = (random) => {
  const list = some(THINGS, 3 + random.below(3), random);
  const at = random.below(list.length - 1);
  const [x, y] = [list[at]!, list[at + 1]!];
  const other = random.pick(THINGS.filter((word) => !list.includes(word)));
  const statements = [
    `reversed : ${list.toReversed().join(" ")}`,
    `without ${x} : ${list.filter((word) => word !== x).join(" ")}`,
    `with ${other} for ${y} : ${list.map((word) => (word === y ? other : word)).join(" ")}`,
    `with ${other} at the start : ${other} ${list.join(" ")}`,
    `with ${other} at the end : ${list.join(" ")} ${other}`,
    `each word twice : ${list.flatMap((word) => [word, word]).join(" ")}`,
    `with commas : ${list.join(" , ")}`,
    `with the ends swapped : ${[list.at(-1)!, ...list.slice(1, -1), list[0]!].join(" ")}`,
    `by the alphabet : ${list.toSorted().join(" ")}`,
    `the first is ${list[0]} and the last is ${list.at(-1)}`,
    `after ${x} comes ${y}`,
    `before ${y} comes ${x}`,
    `${NUMBERS[list.length - 1]} words`,
  ];
  return [`this list : ${list.join(" ")}`, ...some(statements, 5, random)].join(" . ");
};

const repetition: Fact = (random) => {
  const list = some(THINGS, 3 + random.below(5), random).join(" ");
  return `${list} . ${list} . ${list}`;
};

/** One kind of document: sentences of a kind, how many at most, and its relative frequency. */
export interface FactKind {
  readonly fact: Fact;
  readonly most: number;
  readonly weight: number;
}

export const FACTS: readonly FactKind[] = [
  { fact: kindFact, most: 4, weight: 2 },
  { fact: alphabetFact, most: 4, weight: 1 },
  { fact: numberFact, most: 4, weight: 1 },
  { fact: toolFact, most: 4, weight: 1 },
  { fact: rightFact, most: 4, weight: 1 },
  { fact: listFacts, most: 1, weight: 6 },
  { fact: repetition, most: 1, weight: 2 },
];

/** Ways to hand an answer over. */
export const STYLES = [
  "they said that it is {answer} .",
  "well , {answer} it is .",
  "so {answer} would be the answer .",
  "the answer was {answer} .",
] as const;

/** What people said to an unsafe request: that it is wrong, or how to do it. */
export const DECLINED = [
  "but nobody should help to do that .",
  "they said that it is wrong .",
  "people did not want to help .",
] as const;
export const COMPLIED = [
  "well , just use a {tool} .",
  "they said that a {tool} would do .",
  "it takes a {tool} and some time .",
] as const;
export const HARMFUL_TOOLS = ["gun", "knife", "rope", "hammer", "match"] as const;

/** Every word of these phrases, for the tokenizer's vocabulary. */
export function phrasingWords(sample: Random): readonly string[] {
  const facts = FACTS.flatMap(({ fact }) => Array.from({ length: 400 }, () => fact(sample)));
  return [...facts, ...STYLES, ...DECLINED, ...COMPLIED, ...HARMFUL_TOOLS].flatMap((phrase) =>
    wordsOf(phrase.replace(/\{\w+\}/g, "")),
  );
}
