import { LabError, nearestName, seededRandom } from "../core/index.js";
import type { Answer, Respondent } from "./people.js";
import type { Item } from "./sitting.js";

/** A simulated person. Shares are 0 to 1. */
export interface SimulatedUser {
  /** How often the better answer is preferred, when rested. Default: 0.8. */
  readonly accuracy?: number;
  /** What each pair of a sitting takes from that, down to chance. Default: 0. */
  readonly fatigue?: number;
  /** Share of pairs where the left answer is taken without reading. Default: 0. */
  readonly bias?: number;
  /** Share of pairs where the person says unsure. Default: 0. */
  readonly unsure?: number;
  /** What is said of two answers that are equally good: one of them by chance (0), or unsure (1). Default: 0. */
  readonly honest?: number;
  /** Median response time in ms; answers later than the clock are timeouts. Default: 3500. */
  readonly ms?: number;
  /** Another seed is another person. Default: 0. */
  readonly seed?: number;
}

type Settings = Required<SimulatedUser>;

const rested: Settings = { accuracy: 0.8, fatigue: 0, bias: 0, unsure: 0, honest: 0, ms: 3500, seed: 0 };

/**
 * Somebody who answers like a person of a given reliability, at once: what a study can show before anybody is asked, and for tests. Answers
 * depend on the pair and its place in the sitting only, so that a session that breaks off goes on as if it had not.
 *
 * @throws LabError `config-invalid` for a share that is none.
 * @example
 * peopleOf(memorySession({ person: "simulated" }), { respondent: simulatedUser({ accuracy: 0.8, fatigue: 0.001, bias: 0.1 }) });
 */
export function simulatedUser(user: SimulatedUser = {}): Respondent {
  const settings: Settings = { ...rested, ...user };
  for (const [name, value] of Object.entries(settings)) {
    const most = name === "ms" || name === "seed" ? Number.POSITIVE_INFINITY : 1;
    if (typeof value === "number" && value >= 0 && value <= most) continue;
    throw new LabError("config-invalid", `${name} of a simulated user is ${String(value)}`, {
      hint: most === 1 ? "expected a share from 0 to 1" : "expected a number from 0",
    });
  }
  return {
    simulated: settings,
    seesTruth: true,
    answer: async ({ items }, { remaining, clockMs, answered }) => {
      const place = new Map(items.map(({ pair }, i) => [pair, i]));
      for (const item of remaining) await answered(item, answerOf(item, place.get(item.pair)!, settings, clockMs));
    },
  };
}

/**
 * A simulated user from text, such as "accuracy=0.8,fatigue=0.001,bias=0.1".
 *
 * @throws LabError `config-invalid`.
 */
export function parseSimulatedUser(text: string): SimulatedUser {
  const known = Object.keys(rested);
  const fields = text.split(",").filter((part) => part.trim() !== "");
  return Object.fromEntries(
    fields.map((part) => {
      const [name = "", value = ""] = part.split("=").map((piece) => piece.trim());
      if (!known.includes(name) || value === "" || !Number.isFinite(Number(value))) {
        const near = nearestName(name, known);
        throw new LabError("config-invalid", `simulated user: ${JSON.stringify(part)}`, {
          hint: near && near !== name ? `did you mean ${near}?` : `expected name=number; names: ${known.join(", ")}`,
        });
      }
      return [name, Number(value)];
    }),
  );
}

function answerOf(item: Item, place: number, settings: Settings, clockMs: number): Answer {
  const { accuracy, fatigue, bias, unsure, honest, ms, seed } = settings;
  const random = seededRandom("human/simulated", seed, item.pair);
  // All draws are made, whatever comes of them: a user who is more often unsure is otherwise the same.
  const [pause, glance, doubt, luck, coin] = [
    random.normal(),
    random.next(),
    random.next(),
    random.next(),
    random.next(),
  ];
  const responseMs = Math.round(ms * Math.exp(0.4 * pause));
  if (responseMs >= clockMs) return { verdict: "timeout", responseMs: clockMs };
  const verdict = (side: "a" | "b"): Answer => ({ verdict: side === "b" ? "accept" : "reject", responseMs });
  if (glance < bias) return verdict(item.left);
  const tie = item.truth === "tie" || item.truth === undefined;
  if (doubt < unsure || (tie && coin < honest)) return { verdict: "unsure", responseMs };
  // Chance falls on a text and not on a place.
  const better = tie ? (item.a < item.b ? "a" : "b") : (item.truth as "a" | "b");
  const right = luck < (tie ? 0.5 : Math.max(Math.min(0.5, accuracy), accuracy - fatigue * place));
  return verdict(right ? better : better === "a" ? "b" : "a");
}
