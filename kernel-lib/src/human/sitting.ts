import { seededRandom, sha256 } from "../core/index.js";
import { type Compared, type Judgement, pairDigest } from "./judgement.js";

/** A pair for a person to compare. */
export interface Item extends Compared {
  readonly pair: string;
  readonly questionId: string;
  /** Which answer stands left; drawn, and the same whenever the pair is shown. */
  readonly left: "a" | "b";
  readonly gold: Judgement["gold"];
  /** Which answer is better, for respondents who are told: simulated ones. */
  readonly truth?: "a" | "b" | "tie" | undefined;
}

/** A pair whose truth is known, to find out how often a person is right. */
export interface GoldPair extends Compared {
  readonly questionId: string;
  readonly better: "a" | "b";
  /** The evaluator's belief that b is better. */
  readonly evaluator: number | null;
}

/** What one arm asks in one round. */
export interface Sitting {
  /** Such as "ILR (human) round 1". */
  readonly name: string;
  readonly seed: number;
  readonly round: number;
  readonly items: readonly Item[];
}

export interface SittingOptions {
  readonly name: string;
  readonly seed: number;
  readonly round: number;
  /** Gold pairs for each pair that is asked for its own sake. */
  readonly goldShare: number;
}

/** The items of a sitting: the pairs that are asked for, in an order of chance, and among them gold pairs that nothing tells from the others. */
export function sittingOf(
  pairs: readonly (Compared & { readonly questionId: string; readonly truth?: Item["truth"] })[],
  gold: readonly GoldPair[],
  { name, seed, round, goldShare }: SittingOptions,
): Sitting {
  const random = seededRandom("human/sitting", seed, round, name);
  const drawn = random.shuffle(gold).slice(0, Math.round(goldShare * pairs.length));
  const asked = pairs.map((pair): Item => ({ ...pair, ...shown(pair), gold: null }));
  const known = drawn.map(({ better, evaluator, ...pair }): Item => {
    return { ...pair, ...shown(pair), gold: { better, evaluator }, truth: better };
  });
  const items = new Map(random.shuffle([...asked, ...known]).map((item) => [item.pair, item]));
  return { name, seed, round, items: [...items.values()] };
}

function shown(pair: Compared): Pick<Item, "pair" | "left"> {
  const digest = pairDigest(pair);
  // By the texts and not by their places, so that a pair looks the same whoever asks for it.
  const firstLeft = seededRandom("human/left", digest).next() < 0.5;
  return { pair: digest, left: firstLeft === pair.a < pair.b ? "a" : "b" };
}

/** What an item and an answer to it come to, as a line of a session. */
export function judgementOf(
  { pair, questionId, a, b, left, gold }: Item,
  answer: Pick<Judgement, "verdict" | "responseMs" | "clockMs" | "sitting" | "person" | "at">,
): Judgement {
  return { pair, questionId, a: sha256(a), b: sha256(b), left, gold, ...answer };
}
