/** What the rules ask of an answer to one instruction, and answers that have all of it. */
import type { Random } from "../../core/index.js";
import { KINDS, type Kind, wordsOf } from "./lexicon.js";

/** Something that an answer has or has not. */
export interface Constraint {
  readonly name: string;
  /** @param content the answer's words without marks and fillers. @param words all of them. */
  readonly isMet: (content: readonly string[], words: readonly string[]) => boolean;
}

export interface Expectation {
  readonly constraints: readonly Constraint[];
  /** Words of the shortest answer that does everything; what is longer is padding. */
  readonly length: number;
  /** An answer with full marks; where several are possible, one of them at random. */
  readonly gold: (random: Random) => string;
}

/** How a list is to be written. */
export type Style = "plain" | "commas" | "done";

/** Words that say nothing by themselves: they make an answer longer, and neither right nor wrong. */
const FILLERS: ReadonlySet<string> = new Set([
  ...[
    ",",
    ".",
    ":",
    "a",
    "the",
    "it",
    "is",
    "use",
    "and",
    "so",
    "answer",
    "was",
    "they",
    "said",
    "well",
    "just",
    "would",
  ],
  ...["be", "that", "done"],
]);

/** The words of an answer that say something. */
export function contentOf(words: readonly string[]): readonly string[] {
  return words.filter((word) => !FILLERS.has(word));
}

const nothingElse = (wanted: readonly string[]): Constraint => ({
  name: "nothing else",
  isMet: (content) => isWithin(content, wanted),
});

const complete = (wanted: readonly string[]): Constraint => ({
  name: "complete",
  isMet: (content) => isWithin(wanted, content),
});

const inOrder = (wanted: readonly string[]): Constraint => ({
  name: "in order",
  isMet: (content) => content.length === wanted.length && content.every((word, i) => word === wanted[i]),
});

const styles: Readonly<Record<Style, readonly Constraint[]>> = {
  plain: [],
  commas: [{ name: "commas between", isMet: hasCommasBetween }],
  done: [{ name: "ends with done", isMet: (_, words) => words.at(-1) === "done" }],
};

/** Exactly these words, in this order. */
export function ordered(wanted: readonly string[], style: Style = "plain"): Expectation {
  const answer = written(wanted, style);
  return {
    constraints: [nothingElse(wanted), complete(wanted), inOrder(wanted), ...styles[style]],
    length: wordsOf(answer).length,
    gold: () => answer,
  };
}

/** What is used for something, in any order. */
export function tools(wanted: readonly string[]): Expectation {
  return {
    constraints: [nothingElse(wanted), complete(wanted)],
    length: 2 * wanted.length + 1,
    gold: (random) => `use ${random.shuffle(wanted).join(" and ")} .`,
  };
}

/** So many different things of each kind, in any order and without one of them. */
export function members(wanted: readonly (readonly [Kind, number])[], without?: string): Expectation {
  const countOf = (content: readonly string[], kind: Kind): number =>
    content.filter((word) => (KINDS[kind] as readonly string[]).includes(word)).length;
  const total = wanted.reduce((sum, [, count]) => sum + count, 0);
  const drawn = (kind: Kind, count: number, random: Random): readonly string[] =>
    random.shuffle((KINDS[kind] as readonly string[]).filter((word) => word !== without)).slice(0, count);
  return {
    constraints: [
      { name: "as many as asked", isMet: (content) => content.length === total },
      { name: "of the kind", isMet: (content) => wanted.every(([kind, count]) => countOf(content, kind) === count) },
      { name: "different", isMet: (content) => content.length > 0 && new Set(content).size === content.length },
      ...(without === undefined
        ? []
        : [
            {
              name: "without",
              isMet: (content: readonly string[]) => content.length > 0 && !content.includes(without),
            },
          ]),
    ],
    length: total,
    gold: (random) => wanted.flatMap(([kind, count]) => drawn(kind, count, random)).join(" "),
  };
}

function written(words: readonly string[], style: Style): string {
  if (style === "commas") return words.join(" , ");
  return style === "done" ? [...words, "done"].join(" ") : words.join(" ");
}

/** A comma between every two words, and nowhere else. */
function hasCommasBetween(content: readonly string[], words: readonly string[]): boolean {
  return content.length > 0 && words.join(" ").startsWith(content.join(" , ")) && commas(words) === content.length - 1;
}

function commas(words: readonly string[]): number {
  return words.filter((word) => word === ",").length;
}

/** Whether every word of `part` is one of `whole`, as often at most. */
function isWithin(part: readonly string[], whole: readonly string[]): boolean {
  const left = [...whole];
  return part.every((word) => {
    const at = left.indexOf(word);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}
