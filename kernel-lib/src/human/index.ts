export {
  type Compared,
  type Judgement,
  judgementSchema,
  pairDigest,
  scoreOf,
  VERDICTS,
  type Verdict,
} from "./judgement.js";
export { type PersonAtPage, type PersonAtPageOptions, personAtPage, type ResultRow } from "./page/server.js";
export {
  type Answer,
  type AnswerOptions,
  type Asked,
  type Asking,
  CLOCK_MS,
  judgementsDigest,
  type People,
  type PeopleOptions,
  peopleOf,
  plannedPeople,
  type Respondent,
} from "./people.js";
export { memorySession, openSession, readSession, type Session, type SessionOptions } from "./session.js";
export { parseSimulatedUser, type SimulatedUser, simulatedUser } from "./simulated.js";
export { type GoldPair, type Item, type Sitting, type SittingOptions, sittingOf } from "./sitting.js";
