export { type TaskVerdict, verdictsByTask, verdictsByTaskTable } from "./by-task.js";
export { type Claim, type Contrast, type Expectation, MARGIN, type Outcome, outcomeOf } from "./claim.js";
export { describePower, describeVerdicts, isPrimary, readingNote, verdictNote, verdictsTable } from "./describe.js";
export type { Reading } from "./reading.js";
export { claims } from "./table.js";
export { claimContrasts, type Verdict, verdicts } from "./verdicts.js";
