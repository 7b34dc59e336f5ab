import { describe, expect, it } from "vitest";
import {
  type Asked,
  memorySession,
  peopleOf,
  type Session,
  type SimulatedUser,
  simulatedUser,
} from "../../kernel-lib/src/human/index.js";
import {
  type AnswerPair,
  type ComparisonSource,
  type HumanOptions,
  human,
  oracle,
  type ScoredPair,
} from "../../kernel-lib/src/methods/index.js";
import { goldOf } from "../human/items.js";
import { right, type TinyLab, tinyLab, wrong } from "./tiny-setting.js";

const seatOf = (session: Session, user?: SimulatedUser): Asked =>
  peopleOf(session, { ...(user && { respondent: simulatedUser({ ms: 1, ...user }) }) }).seat({
    experiment: "tiny",
    seed: 0,
  });
const perfect = { accuracy: 1, honest: 1 };

/** Pairs of every kind: which is right, both, none, the same text, the same answer in other words. */
function pairsOf({ ids }: TinyLab): readonly AnswerPair[] {
  return ids.flatMap((id) => {
    const texts: readonly (readonly [string, string])[] = [
      [right(id), wrong(id)],
      [wrong(id), right(id)],
      [wrong(id), wrong(id, "other", 1)],
      [right(id), right(id, "other")],
      [wrong(id), wrong(id)],
    ];
    return texts.map(([a, b], i) => ({ id: `${id}/${i}`, questionId: id, a, b }));
  });
}
async function score(
  { runner, setting }: TinyLab,
  source: ComparisonSource,
  pairs: readonly AnswerPair[],
  round = 1,
): Promise<readonly ScoredPair[]> {
  return runner.rowsOf(
    await source.score(setting, runner.put(pairs), { label: `ILR round ${round}: comparisons`, round }),
  );
}
const sourceOf = (asked: Asked, options: HumanOptions = {}): ComparisonSource => human(asked, options);

describe("comparisons by people", () => {
  it("are the oracle's when the person knows everything", async () => {
    const lab = await tinyLab();
    const pairs = pairsOf(lab);
    const said = await score(lab, sourceOf(seatOf(memorySession(), perfect)), pairs);
    expect(said).toEqual(await score(lab, oracle, pairs));
    expect(new Set(said.map((row) => row.score))).toEqual(new Set([0, 0.5, 1]));
  });

  it("are asked for where answers disagree, each pair once, whichever way round it stands", async () => {
    const lab = await tinyLab();
    const session = memorySession();
    const pairs = pairsOf(lab).slice(0, 5);
    const turned = pairs.map(({ id, a, b, ...pair }) => ({ ...pair, id: `${id}/turned`, a: b, b: a }));
    const said = await score(lab, sourceOf(seatOf(session, { accuracy: 0.7 })), [...pairs, ...turned]);
    // Right against wrong (twice the same pair), and two different mistakes.
    expect(session.judgements()).toHaveLength(2);
    for (const [i] of pairs.entries()) expect(said[i + 5]!.score).toBe(1 - said[i]!.score);
  });

  it("leave what is above the round's number of pairs at no preference", async () => {
    const lab = await tinyLab();
    const session = memorySession();
    const source = sourceOf(seatOf(session, { accuracy: 1 }), { perRound: 7 });
    const said = await score(
      lab,
      source,
      pairsOf(lab).filter((_, i) => i % 5 === 0),
    );
    expect(said.filter((row) => row.score !== 0.5)).toHaveLength(7);
    expect(session.judgements()).toHaveLength(7);
    // Another round draws anew; what it draws again is not asked again.
    await score(
      lab,
      source,
      pairsOf(lab).filter((_, i) => i % 5 === 0),
      2,
    );
    expect(session.judgements().length).toBeGreaterThan(7);
    expect(session.judgements().length).toBeLessThanOrEqual(14);
  });

  it("mix in gold pairs, which count for the person and for no label", async () => {
    const lab = await tinyLab();
    const session = memorySession();
    const gold = async () => lab.runner.put(goldOf(10));
    const pairs = pairsOf(lab).filter((_, i) => i % 5 === 0);
    const with_ = await score(lab, sourceOf(seatOf(session, { accuracy: 1 }), { gold, goldShare: 0.25 }), pairs);
    expect(session.judgements().filter((one) => one.gold !== null)).toHaveLength(Math.round(0.25 * pairs.length));
    expect(with_).toEqual(await score(lab, sourceOf(seatOf(memorySession(), { accuracy: 1 })), pairs));
  });

  it("are read from a session alone, and asked for by name where it lacks them", async () => {
    const lab = await tinyLab();
    const session = memorySession();
    const pairs = pairsOf(lab);
    const made = await score(lab, sourceOf(seatOf(session, { accuracy: 0.6, unsure: 0.2 })), pairs);
    expect(await score(lab, sourceOf(seatOf(session)), pairs)).toEqual(made);
    await expect(score(lab, sourceOf(seatOf(memorySession())), pairs)).rejects.toMatchObject({
      code: "input-missing",
      message: expect.stringContaining(`ILR round 1: ${session.judgements().length} of`),
    });
  });

  it("never tell people of flesh and blood what is right", async () => {
    const lab = await tinyLab();
    const truths: unknown[] = [];
    const people = peopleOf(memorySession(), {
      respondent: {
        answer: async (_, { remaining, answered }) => {
          for (const item of remaining) {
            if (item.gold === null) truths.push(item.truth);
            await answered(item, { verdict: "unsure", responseMs: 1 });
          }
        },
      },
    });
    await score(lab, sourceOf(people.seat({ experiment: "tiny", seed: 0 })), pairsOf(lab));
    expect(new Set(truths)).toEqual(new Set([undefined]));
  });
});
