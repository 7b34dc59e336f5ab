import { type Digest, digestOf, LabError } from "../core/index.js";
import type { Judgement } from "./judgement.js";
import type { Session } from "./session.js";
import { type Item, judgementOf, type Sitting } from "./sitting.js";
import { type Turn, turns } from "./turns.js";

/** What somebody answered, and how long it took. */
export type Answer = Pick<Judgement, "verdict" | "responseMs">;

/** Who answers: a person at a page, or a simulated one. */
export interface Respondent {
  /** For provenance; undefined for people of flesh and blood. */
  readonly simulated?: Readonly<Record<string, number | string>>;
  /** Is told which answer is better, in order to be wrong as often as it should. Default: false. */
  readonly seesTruth?: boolean;
  /**
   * Answers the items that are left of a sitting, one after the other, and resolves after the last.
   *
   * @throws LabError `cancelled` when the person is gone for good.
   */
  answer(sitting: Sitting, options: AnswerOptions): Promise<void>;
}

export interface AnswerOptions {
  /** The items without a judgement, in the sitting's order. */
  readonly remaining: readonly Item[];
  /** Time for each, in ms. */
  readonly clockMs: number;
  /** To be called with each answer; resolves when it is kept. */
  readonly answered: (item: Item, answer: Answer) => Promise<void>;
}

/** Which arm of which experiment wants to know. */
export interface Asking {
  readonly experiment: string;
  readonly seed: number;
}

/** Whom one arm asks. */
export interface Asked {
  readonly seesTruth: boolean;
  /**
   * Judgements of every item of a sitting, in their order; those that the session has are not asked for again. Undefined in a plan.
   *
   * @throws LabError `input-missing` where some have no judgement and nobody is there to make one.
   */
  judge(sitting: Sitting): Promise<readonly Judgement[] | undefined>;
  /** The arm asks no more. */
  leave(): void;
}

/** The people of a run. */
export interface People {
  readonly session: Session | undefined;
  readonly simulated?: Respondent["simulated"];
  /** Arms take their seats in the experiment's order before the first of them asks. */
  seat(asking: Asking): Asked;
}

export interface PeopleOptions {
  /** Who answers what the session does not. Default: nobody. */
  readonly respondent?: Respondent | undefined;
  /** Time for each pair, in ms. Default: 10 s. */
  readonly clockMs?: number;
  readonly now?: () => Date;
}

export const CLOCK_MS = 10_000;

/**
 * A person for a run: a session, and whoever adds to it.
 *
 * @example
 * await runExperiment(experiment, { store, results, people: peopleOf(await readSession("ann.jsonl")) });
 */
export function peopleOf(session: Session, options: PeopleOptions = {}): People {
  const { respondent, clockMs = CLOCK_MS, now = () => new Date() } = options;
  const queue = turns();
  const ask = async (sitting: Sitting, asking: Asking): Promise<readonly Judgement[]> => {
    const remaining = sitting.items.filter(({ pair }) => session.find(pair) === undefined);
    if (remaining.length > 0 && respondent === undefined) throw unanswered(sitting, remaining.length, session, asking);
    if (remaining.length > 0) {
      const answered = (item: Item, answer: Answer): Promise<void> => {
        const { person } = session;
        const at = now().toISOString();
        return session.add(judgementOf(item, { ...answer, clockMs, person, at, sitting: sitting.name }));
      };
      await respondent!.answer(sitting, { remaining, clockMs, answered });
    }
    return sitting.items.map(({ pair }) => session.find(pair)!);
  };
  return {
    session,
    ...(respondent?.simulated && { simulated: respondent.simulated }),
    seat: (asking): Asked => {
      const turn: Turn = queue.seat();
      return {
        seesTruth: respondent?.seesTruth ?? false,
        judge: (sitting) => turn.take(sitting.round, () => ask(sitting, asking)),
        leave: turn.leave,
      };
    },
  };
}

/** For plans, which ask nobody. */
export const plannedPeople: People = {
  session: undefined,
  seat: () => ({ seesTruth: false, judge: async () => undefined, leave: () => {} }),
};

/** What scores depend on: pairs and what was said of them, and nothing of when, how fast or by whom. */
export function judgementsDigest(judgements: readonly Judgement[]): Digest {
  return digestOf(judgements.map((judgement) => [judgement.pair, judgement.b, judgement.verdict]));
}

function unanswered(
  { name, items, seed }: Sitting,
  missing: number,
  { path }: Session,
  { experiment }: Asking,
): LabError {
  const place = path ?? "session.jsonl";
  return new LabError("input-missing", `${name}: ${missing} of ${items.length} pairs have no judgement in ${place}`, {
    hint: `ilr human ${experiment} --seeds ${seed} --session ${place} asks for them, and the run goes on where it stopped`,
  });
}
