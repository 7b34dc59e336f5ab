import { type Propose, proposeFor } from "./cross-label.js";

/**
 * Labelling without crossing over: one model, trained from the pretrained weights on all labels, proposes an answer for each of them. It was
 * trained on the very label that its proposal is held against (what ILR's halves are there to prevent).
 */
export const selfLabel: Propose = (setting, labels, { label }) =>
  proposeFor(setting, labels, labels, `${label}: model of all labels`);
