import type { GradedAnswer, KlRow, LabelRecord, PairRecord } from "../methods/index.js";
import type { Artifact } from "../steps/index.js";
import type { Arm } from "./config.js";

/** One point of a curve: a model, and the per-example records behind its numbers. */
export interface Outcome {
  readonly seed: number;
  readonly arm: string;
  readonly method: Arm["method"] | "weak";
  /** 0 is the model before the first round (SFT). */
  readonly round: number;
  readonly model: Artifact;
  readonly test: Artifact<GradedAnswer>;
  /** The same on the validation split, where the experiment asks for it. */
  readonly validation?: Artifact<GradedAnswer>;
  /** ILR: what happened to each label. */
  readonly labels?: Artifact<LabelRecord>;
  /** DPO: what happened to each pair. */
  readonly pairs?: Artifact<PairRecord>;
  /** Its source has no opinion on some pairs; those, with a score of one half, say nothing of how often it is right. */
  readonly abstains?: true;
  /** Divergence from the SFT model. */
  readonly kl?: Artifact<KlRow>;
  /** Weak supervisor: its labels, scored. */
  readonly weakLabels?: Artifact<GradedAnswer>;
}
