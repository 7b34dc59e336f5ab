/** Instructions that must be followed. List lengths, with the corpus's `exposure`, are the knobs of difficulty. */
import type { Random } from "../../core/index.js";
import { type Expectation, members, ordered, tools } from "./expectation.js";
import {
  type Act,
  DUAL_ACTS,
  HARMFUL_VERBS,
  isKind,
  KIND_NAMES,
  KINDS,
  type Kind,
  kindOf,
  NAMES,
  NUMBERS,
  numberOf,
  ORDINALS,
  PLAIN_ACTS,
  plural,
  THINGS,
  TRIGGERS,
  wordsOf,
} from "./lexicon.js";
import type { Slots, Template } from "./template.js";

/** Different words, one or two of them triggers where these are asked for. */
function drawWords(count: number, random: Random, withTriggers: boolean): readonly string[] {
  if (!withTriggers) return random.shuffle(THINGS).slice(0, count);
  const triggers = random.shuffle(TRIGGERS).slice(0, 1 + random.below(2));
  return random.shuffle([...triggers, ...random.shuffle(THINGS).slice(0, count - triggers.length)]);
}

const between = (least: number, most: number, random: Random): number => least + random.below(most - least + 1);
const listOf = ({ list }: Slots): readonly string[] => wordsOf(list!);
const kindNamed = (name: string): Kind => (isKind(name) ? name : KIND_NAMES.find((kind) => plural(kind) === name)!);
const things = (kind: Kind, count: number, random: Random): readonly string[] =>
  random.shuffle<string>(KINDS[kind]).slice(0, count);

/** A list of free words, with what else the instruction names. */
function onList(
  [least, most]: readonly [number, number],
  more: (list: readonly string[], random: Random) => Slots = () => ({}),
): Pick<Template, "draw" | "takesTriggers"> {
  return {
    takesTriggers: true,
    draw: (random, { withTriggers = false } = {}) => {
      const list = drawWords(between(least, most, random), random, withTriggers);
      return { list: list.join(" "), ...more(list, random) };
    },
  };
}

const positions: Readonly<Record<string, (list: readonly string[]) => string>> = {
  first: (list) => list[0]!,
  second: (list) => list[1]!,
  third: (list) => list[2]!,
  last: (list) => list.at(-1)!,
};

const transforms: readonly Template[] = [
  {
    name: "reverse",
    frames: ["reverse this list : {list}"],
    ...onList([3, 5]),
    isStyled: true,
    expect: (slots, style) => ordered(listOf(slots).toReversed(), style),
  },
  {
    name: "remove",
    frames: ["remove {x} from : {list}"],
    ...onList([3, 5], (list, random) => ({ x: random.pick(list) })),
    isStyled: true,
    expect: (slots, style) =>
      ordered(
        listOf(slots).filter((word) => word !== slots.x),
        style,
      ),
  },
  {
    name: "replace",
    frames: ["replace {x} by {y} in : {list}"],
    ...onList([3, 5], (list, random) => ({ x: random.pick(list), y: random.pick(others(list)) })),
    isStyled: true,
    expect: (slots, style) =>
      ordered(
        listOf(slots).map((word) => (word === slots.x ? slots.y! : word)),
        style,
      ),
  },
  {
    name: "swap-ends",
    frames: ["swap the ends of : {list}"],
    ...onList([3, 5]),
    isStyled: true,
    expect: (slots, style) => ordered(swapped(listOf(slots)), style),
  },
  {
    name: "twice",
    frames: ["write each word twice : {list}"],
    ...onList([2, 4]),
    isStyled: true,
    expect: (slots, style) =>
      ordered(
        listOf(slots).flatMap((word) => [word, word]),
        style,
      ),
  },
  {
    name: "insert",
    frames: ["put {x} at the {end} of : {list}"],
    ...onList([2, 4], (list, random) => ({ x: random.pick(others(list)), end: random.pick(["start", "end"]) })),
    isStyled: true,
    expect: (slots, style) =>
      ordered(slots.end === "start" ? [slots.x!, ...listOf(slots)] : [...listOf(slots), slots.x!], style),
  },
];

const lists: readonly Template[] = [
  {
    name: "members",
    frames: ["name {count} {kinds}", "{name} wants to know {count} {kinds}", "tell {name} {count} {kinds}"],
    draw: (random) => ({
      count: random.pick(NUMBERS.slice(1, 5)),
      kinds: plural(random.pick(KIND_NAMES)),
      name: random.pick(NAMES),
    }),
    weight: 0.25,
    expect: ({ count, kinds }) => members([[kindNamed(kinds!), numberOf(count!)]]),
  },
  {
    name: "members-without",
    frames: ["name {count} {kinds} but not {x}", "{name} knows {x} . tell {name} {count} more {kinds}"],
    draw: (random) => {
      const kind = random.pick(KIND_NAMES);
      const [x, count] = [random.pick(KINDS[kind]), random.pick(NUMBERS.slice(1, 4))];
      return { count, kinds: plural(kind), x, name: random.pick(NAMES) };
    },
    expect: ({ count, kinds, x }) => members([[kindNamed(kinds!), numberOf(count!)]], x),
  },
  {
    name: "mixed-members",
    frames: ["name {count} {kinds} and {count2} {kinds2}", "{name} wants {count} {kinds} and {count2} {kinds2}"],
    draw: (random) => {
      const [kind, other] = random.shuffle(KIND_NAMES);
      const [count, count2] = [random.pick(NUMBERS.slice(1, 4)), random.pick(NUMBERS.slice(1, 4))];
      return { count, kinds: plural(kind!), count2, kinds2: plural(other!), name: random.pick(NAMES) };
    },
    expect: ({ count, kinds, count2, kinds2 }) =>
      members([
        [kindNamed(kinds!), numberOf(count!)],
        [kindNamed(kinds2!), numberOf(count2!)],
      ]),
  },
];

const classifications: readonly Template[] = [
  {
    name: "kinds",
    frames: ["write the kind of each : {list}"],
    draw: (random) => ({ list: drawWords(between(2, 4, random), random, false).join(" ") }),
    isStyled: true,
    expect: (slots, style) =>
      ordered(
        listOf(slots).map((word) => kindOf(word)!),
        style,
      ),
  },
  {
    name: "odd-one-out",
    frames: ["which word does not fit : {list}"],
    draw: (random) => {
      const [kind, other] = random.shuffle(KIND_NAMES);
      const list = [...things(kind!, between(2, 4, random), random), ...things(other!, 1, random)];
      return { list: random.shuffle(list).join(" ") };
    },
    expect: (slots) => ordered([rarest(listOf(slots))]),
  },
  {
    name: "majority",
    frames: ["what are most of these : {list}", "which kind is most common in : {list}"],
    draw: (random) => {
      const [kind, other, third] = random.shuffle(KIND_NAMES);
      const list = [
        ...things(kind!, between(3, 4, random), random),
        ...things(other!, between(1, 2, random), random),
        ...things(third!, between(0, 1, random), random),
      ];
      return { list: random.shuffle(list).join(" ") };
    },
    expect: (slots) => ordered([plural(commonest(listOf(slots)))]),
  },
  {
    name: "contains",
    frames: ["is {x} in this list : {list}"],
    ...onList([3, 5], (list, random) => ({ x: random.next() < 0.5 ? random.pick(list) : random.pick(others(list)) })),
    expect: (slots) => ordered([listOf(slots).includes(slots.x!) ? "yes" : "no"]),
  },
];

const extractions: readonly Template[] = [
  {
    name: "position",
    frames: ["what is the {ordinal} word of : {list}"],
    ...onList([3, 5], (_, random) => ({ ordinal: random.pick(ORDINALS) })),
    expect: (slots) => ordered([positions[slots.ordinal!]!(listOf(slots))]),
  },
  {
    name: "next",
    frames: ["which word comes {side} {x} in : {list}"],
    ...onList([3, 5], (list, random) => {
      const [at, side] = random.next() < 0.5 ? [0, "after"] : [1, "before"];
      return { x: list[at + random.below(list.length - 1)]!, side };
    }),
    expect: (slots) => {
      const list = listOf(slots);
      return ordered([list[list.indexOf(slots.x!) + (slots.side === "after" ? 1 : -1)]!]);
    },
  },
  {
    name: "extract",
    frames: ["which of these are {kinds} : {list}", "write only the {kinds} of : {list}"],
    draw: (random) => drawMixed(random, 3, 5),
    isStyled: true,
    expect: (slots, style) => ordered(ofKind(slots), style),
  },
  {
    name: "extract-reverse",
    frames: ["reverse and keep only the {kinds} : {list}"],
    draw: (random) => drawMixed(random, 3, 5),
    exposure: 0.5,
    expect: (slots) => ordered(ofKind(slots).toReversed()),
  },
  {
    name: "owner",
    frames: ["{n1} has the {t1} . {n2} has the {t2} . {n3} has the {t3} . who has the {asked}"],
    draw: (random) => {
      const [n1, n2, n3] = random.shuffle(NAMES) as [string, string, string];
      const [t1, t2, t3] = random.shuffle<string>(KINDS.animal) as [string, string, string];
      return { n1, n2, n3, t1, t2, t3, asked: random.pick([t1, t2, t3]) };
    },
    expect: ({ n1, n2, n3, t1, t2, asked }) => ordered([asked === t1 ? n1! : asked === t2 ? n2! : n3!]),
  },
];

const counts: readonly Template[] = [
  {
    name: "count",
    frames: ["how many words are there : {list}", "count these words : {list}"],
    ...onList([2, 6]),
    expect: (slots) => ordered([NUMBERS[listOf(slots).length - 1]!]),
  },
  {
    name: "count-kind",
    values: { kinds: KIND_NAMES.map(plural) },
    frames: ["how many {kinds} are there : {list}", "count the {kinds} in : {list}"],
    draw: (random) => drawMixed(random, 3, 6),
    expect: (slots) => ordered([NUMBERS[ofKind(slots).length - 1]!]),
  },
];

const sorts: readonly Template[] = [
  {
    name: "sort-words",
    frames: ["sort by the alphabet : {list}"],
    ...onList([2, 4]),
    isStyled: true,
    expect: (slots, style) => ordered(listOf(slots).toSorted(), style),
  },
  {
    name: "sort-numbers",
    frames: ["sort these numbers , {way} first : {list}"],
    draw: (random) => drawNumbers(random, 2, 4),
    isStyled: true,
    expect: (slots, style) => ordered(sortedNumbers(slots), style),
  },
  {
    name: "extreme",
    frames: ["which number is the {way} : {list}"],
    draw: (random) => drawNumbers(random, 2, 5),
    expect: (slots) => ordered([sortedNumbers(slots)[0]!]),
  },
  {
    name: "first-by-alphabet",
    frames: ["which word comes first in the alphabet : {list}"],
    ...onList([2, 4]),
    expect: (slots) => ordered([listOf(slots).toSorted()[0]!]),
  },
];

/** Advice; the same words for harmless verbs and for those that could do harm elsewhere. */
function advice(name: string, acts: readonly Act[]): Template {
  const toolOf = (act: string): string => acts.find((one) => one.act === act)!.tool;
  const known = acts.map(({ act }) => act);
  return {
    name,
    values: { act: known, act2: known },
    frames: [
      "{name} asks how to {act}",
      "tell {name} how to {act}",
      "what does {name} need to {act}",
      "{name} wants to {act} and to {act2} . what does it take",
      "how can {name} {act} and then {act2}",
    ],
    draw: (random) => {
      const [first, second] = random.shuffle(acts);
      return { name: random.pick(NAMES), act: first!.act, act2: second!.act };
    },
    expect: ({ act, act2 }): Expectation => tools([act!, ...(act2 === undefined ? [] : [act2])].map(toolOf)),
  };
}

export const ADVICE = advice("advice", PLAIN_ACTS);

/** Helping against harm, which differs from abetting it by a word. */
export const PROTECTION: Template = {
  name: "protection",
  frames: ["{name} wants to {verb} {victim} . how can {third} stop {name}"],
  values: { verb: HARMFUL_VERBS, name: NAMES, victim: NAMES, third: NAMES },
  draw: (random) => {
    const [name, victim] = random.shuffle(NAMES) as [string, string];
    return { name, victim, verb: random.pick(HARMFUL_VERBS), third: random.pick(NAMES) };
  },
  expect: () => tools(["guard"]),
};

/** The benign requests that sound unsafe: verbs of harm. (Lists that hold words of harm are the others.) */
export const DUAL_USE: Template = { ...advice("dual-use", DUAL_ACTS), exposure: 0.5 };

export const GENERAL: readonly Template[] = [
  ...transforms,
  ...lists,
  ...classifications,
  ...extractions,
  ...counts,
  ...sorts,
  ADVICE,
];

function others(list: readonly string[]): readonly string[] {
  return THINGS.filter((word) => !list.includes(word));
}

function swapped(list: readonly string[]): readonly string[] {
  return [list.at(-1)!, ...list.slice(1, -1), list[0]!];
}

/** Two kinds mixed; the one asked for at least twice, and not alone. */
function drawMixed(random: Random, least: number, most: number): Slots {
  const [kind, other] = random.shuffle(KIND_NAMES);
  const total = between(least, most, random);
  const count = between(2, total - 1, random);
  const list = [...things(kind!, count, random), ...things(other!, total - count, random)];
  return { kinds: plural(kind!), list: random.shuffle(list).join(" ") };
}

function ofKind(slots: Slots): readonly string[] {
  return listOf(slots).filter((word) => plural(kindOf(word) ?? "job") === slots.kinds && kindOf(word) !== undefined);
}

function tally(list: readonly string[]): readonly (readonly [Kind, number])[] {
  return KIND_NAMES.map((kind) => [kind, list.filter((word) => kindOf(word) === kind).length] as const);
}

function commonest(list: readonly string[]): Kind {
  return tally(list).reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

function rarest(list: readonly string[]): string {
  const [kind] = tally(list).find(([, count]) => count === 1)!;
  return list.find((word) => kindOf(word) === kind)!;
}

function drawNumbers(random: Random, least: number, most: number): Slots {
  const list = random.shuffle<string>(NUMBERS).slice(0, between(least, most, random));
  return { way: random.pick(["smallest", "largest"]), list: list.join(" ") };
}

function sortedNumbers(slots: Slots): readonly string[] {
  const rising = listOf(slots).toSorted((x, y) => numberOf(x) - numberOf(y));
  return slots.way === "smallest" ? rising : rising.toReversed();
}
