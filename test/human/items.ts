import { seededRandom } from "../../kernel-lib/src/core/index.js";
import { type GoldPair, type Judgement, type Sitting, sittingOf } from "../../kernel-lib/src/human/index.js";

/** A sitting of `count` pairs; b is right in about half of them, and a in the others. */
export function sitting(count: number, { gold = 0, round = 1, name = "ILR round 1" } = {}): Sitting {
  const pairs = Array.from({ length: count }, (_, i) => {
    const truth = seededRandom("truth", i).next() < 0.5 ? ("a" as const) : ("b" as const);
    return { questionId: `q${i}`, question: `Question ${i}?`, a: `label ${i}`, b: `proposal ${i}`, truth };
  });
  return sittingOf(pairs, goldOf(gold), { name, seed: 0, round, goldShare: count === 0 ? 0 : gold / count });
}

/** Gold pairs whose better answer is now the first, now the second. */
export function goldOf(count: number): GoldPair[] {
  return Array.from({ length: count }, (_, i) => {
    const better = i % 2 === 0 ? ("a" as const) : ("b" as const);
    return { questionId: `g${i}`, question: `Known ${i}?`, a: `one ${i}`, b: `two ${i}`, better, evaluator: 0.75 };
  });
}

/** A judgement with fields of its own. */
export function judgement(i: number, fields: Partial<Judgement> = {}): Judgement {
  const hex = (n: number): string => n.toString(16).padStart(64, "0");
  return {
    ...{ pair: hex(i), questionId: `q${i}`, a: hex(1000 + i), b: hex(2000 + i), left: "a", verdict: "accept" },
    ...{ responseMs: 1000 + i, clockMs: 10_000, gold: null, sitting: "ILR round 1", person: "ann" },
    at: new Date(1e12 + i).toISOString(),
    ...fields,
  };
}
