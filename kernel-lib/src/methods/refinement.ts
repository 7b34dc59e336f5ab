import type { AnswerRow, Artifact, Demonstration } from "../steps/index.js";
import type { Setting } from "./setting.js";

/** What a round of refinement did to one label. Correctness is for reports; no rule sees it. */
export interface LabelRecord {
  readonly id: string;
  readonly label: string;
  readonly proposal: string;
  /** Belief that the proposal is better; null where it was not compared (it agreed, or is malformed). */
  readonly score: number | null;
  /** The proposal took the label's place. */
  readonly accepted: boolean;
  /** The label was taken out of the set (filters); absent where it stayed. */
  readonly dropped?: true;
  /** Null where only a judge could say. */
  readonly labelCorrect: boolean | null;
  readonly proposalCorrect: boolean | null;
}

export interface Refinement {
  readonly labels: Artifact<Demonstration>;
  readonly records: Artifact<LabelRecord>;
}

export interface RefineInput {
  readonly labels: Artifact<Demonstration>;
  /** One proposal for each label, in the same order. */
  readonly proposals: Artifact<AnswerRow>;
  readonly round: number;
  readonly label: string;
}

/** A way to turn labels and proposals into better labels: as many, in the same order, or (a filter) some of them. */
export type Refine = (setting: Setting, input: RefineInput) => Promise<Refinement>;
