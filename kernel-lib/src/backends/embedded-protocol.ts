/** What an embedded worker and its owner tell each other. */
import type { StepEvent } from "../core/index.js";
import type { Step } from "../steps/index.js";
import type { Failure } from "./failure.js";

export type ToWorker =
  | { readonly type: "run"; readonly step: Step; readonly directory: string }
  /** Stop the running step soon, please; the answer is `failed`. */
  | { readonly type: "cancel" };

export type FromWorker =
  | { readonly type: "event"; readonly event: StepEvent }
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly failure: Failure };
