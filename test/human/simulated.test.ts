import { describe, expect, it } from "vitest";
import {
  type Judgement,
  memorySession,
  parseSimulatedUser,
  peopleOf,
  type SimulatedUser,
  type Sitting,
  simulatedUser,
} from "../../kernel-lib/src/human/index.js";
import { expectShare } from "../methods/intervals.js";
import { judgement, sitting } from "./items.js";

const asking = { experiment: "tiny", seed: 0 };
async function answers(user: SimulatedUser, asked: Sitting, clockMs = 10_000): Promise<readonly Judgement[]> {
  const people = peopleOf(memorySession(), { respondent: simulatedUser(user), clockMs });
  return (await people.seat(asking).judge(asked))!;
}
/** Judgements with the truth of their items. */
async function graded(user: SimulatedUser, count: number): Promise<readonly (Judgement & { right: boolean })[]> {
  const asked = sitting(count);
  const said = await answers(user, asked);
  return said.map((one, i) => ({ ...one, right: (one.verdict === "accept") === (asked.items[i]!.truth === "b") }));
}
const shareOf = <T>(rows: readonly T[], holds: (row: T) => boolean): number => rows.filter(holds).length / rows.length;
const slow = { ms: 1 } as const; // nobody runs out of time

describe("a simulated user", () => {
  it("is right as often as it should be", async () => {
    for (const accuracy of [0, 0.5, 0.8, 1]) {
      const rows = await graded({ accuracy, ...slow }, 2000);
      expectShare(rows.filter(({ right }) => right).length, 2000, accuracy);
    }
  });

  it("tires down to chance, pair by pair", async () => {
    const rows = await graded({ accuracy: 0.9, fatigue: 0.0004, ...slow }, 3000);
    const thirds = [0, 1, 2].map((third) =>
      shareOf(rows.slice(1000 * third, 1000 * (third + 1)), ({ right }) => right),
    );
    // Means of max(0.5, 0.9 - 0.0004 i) over each third.
    for (const [third, expected] of [0.7, 0.5, 0.5].entries()) {
      expectShare(Math.round(1000 * thirds[third]!), 1000, expected);
    }
  });

  it("takes the left answer as often as its bias says, and no oftener without one", async () => {
    const left = ({ verdict, left: side }: Judgement): boolean => (verdict === "accept") === (side === "b");
    for (const bias of [0, 0.3]) {
      const rows = await graded({ accuracy: 1, bias, ...slow }, 2000);
      expectShare(rows.filter(left).length, 2000, 0.5 + bias / 2);
    }
  });

  it("is unsure, or late, where it should be", async () => {
    const unsure = await graded({ unsure: 0.25, ...slow }, 2000);
    expectShare(unsure.filter(({ verdict }) => verdict === "unsure").length, 2000, 0.25);
    // Half of the answers are later than the median.
    const late = (await answers({ ms: 5000 }, sitting(2000), 5000)).filter(({ verdict }) => verdict === "timeout");
    expectShare(late.length, 2000, 0.5);
    for (const { responseMs } of late) expect(responseMs).toBe(5000);
  });

  it("says of equals what it is: a coin, or honest", async () => {
    const { items, ...rest } = sitting(1000);
    const ties = { ...rest, items: items.map((item) => ({ ...item, truth: "tie" as const })) };
    const honest = await answers({ accuracy: 1, honest: 1, ...slow }, ties);
    expect(new Set(honest.map(({ verdict }) => verdict))).toEqual(new Set(["unsure"]));
    const coin = await answers({ accuracy: 1, ...slow }, ties);
    expectShare(coin.filter(({ verdict }) => verdict === "accept").length, 1000, 0.5);
  });

  it("answers the same when it is cut off and goes on", async () => {
    const user = { accuracy: 0.7, fatigue: 0.002, bias: 0.1, unsure: 0.05 };
    const asked = sitting(100, { gold: 20 });
    const now = (): Date => new Date(0);
    const whole = memorySession();
    await peopleOf(whole, { respondent: simulatedUser(user), now })
      .seat(asking)
      .judge(asked);
    const cut = memorySession();
    for (const one of whole.judgements().slice(0, 37)) await cut.add(one);
    await peopleOf(cut, { respondent: simulatedUser(user), now })
      .seat(asking)
      .judge(asked);
    expect(cut.judgements()).toEqual(whole.judgements());
    const other = await answers({ ...user, seed: 1 }, asked);
    expect(other.map(({ verdict }) => verdict)).not.toEqual(whole.judgements().map(({ verdict }) => verdict));
  });

  it("is read from text, and refused where it makes no sense", () => {
    expect(parseSimulatedUser("accuracy=0.8, fatigue=0.001")).toEqual({ accuracy: 0.8, fatigue: 0.001 });
    expect(parseSimulatedUser("")).toEqual({});
    const fails = (text: string): unknown => {
      try {
        return simulatedUser(parseSimulatedUser(text));
      } catch (error) {
        return error;
      }
    };
    expect(fails("acuracy=0.8")).toMatchObject({ code: "config-invalid", hint: "did you mean accuracy?" });
    for (const text of ["accuracy=", "accuracy=much", "accuracy=1.2", "bias=-0.1", "0.8"])
      expect(fails(text)).toMatchObject({ code: "config-invalid" });
  });
});

describe("a sitting", () => {
  it("mixes gold pairs in, in an order of chance that is always the same", () => {
    const [one, again] = [sitting(50, { gold: 10 }), sitting(50, { gold: 10 })];
    expect(again).toEqual(one);
    expect(one.items.filter(({ gold }) => gold !== null)).toHaveLength(10);
    expect(one.items.map(({ questionId }) => questionId)).not.toEqual(sitting(50).items.map((item) => item.questionId));
    const sides = sitting(1000).items.filter(({ left }) => left === "b").length;
    expectShare(sides, 1000, 0.5);
    expect(sitting(50, { round: 2 }).items.map(({ pair }) => pair)).not.toEqual(
      sitting(50).items.map(({ pair }) => pair),
    );
  });
});

describe("a session without a respondent", () => {
  it("says how many judgements are missing, and how to come by them", async () => {
    const session = memorySession({ person: "ann" });
    const asked = sitting(5);
    await session.add(judgement(0, { pair: asked.items[0]!.pair }));
    await expect(
      peopleOf(session).seat({ experiment: "micro-math/human", seed: 3 }).judge(asked),
    ).rejects.toMatchObject({
      code: "input-missing",
      message: expect.stringContaining("4 of 5 pairs"),
      hint: expect.stringContaining("ilr human micro-math/human --seeds 0 --session"),
    });
  });
});

describe("arms that ask the same person", () => {
  it("take turns by round and place, however fast they are", async () => {
    const order = async (delays: readonly (readonly number[])[]): Promise<readonly string[]> => {
      const said: string[] = [];
      const people = peopleOf(memorySession(), {
        respondent: {
          answer: async ({ name }, { remaining, answered }) => {
            said.push(name);
            for (const item of remaining) await answered(item, { verdict: "accept", responseMs: 1 });
          },
        },
      });
      const seats = delays.map(() => people.seat(asking));
      await Promise.all(
        delays.map(async (waits, arm) => {
          for (const [i, wait] of waits.entries()) {
            await new Promise((resolve) => setTimeout(resolve, wait));
            await seats[arm]!.judge(sitting(1 + arm, { round: i + 1, name: `${"ABC"[arm]}${i + 1}` }));
          }
          seats[arm]!.leave();
        }),
      );
      return said;
    };
    // Pairs that were judged before are not asked again: only the first of each arm's sittings has any.
    const fast = await order([[0, 0], [0, 0], [0]]);
    expect(await order([[60, 0], [0, 0], [30]])).toEqual(fast);
    expect(await order([[0, 60], [30, 0], [0]])).toEqual(fast);
    expect(fast).toEqual(["A1", "B1", "C1"]);
  });
});
