/** The scripted trainer as an engine for the embedded workers: its plain errors become typed ones. */
import { type Emit, type ErrorCode, LabError } from "../../kernel-lib/src/core/index.js";
import type { Step } from "../../kernel-lib/src/steps/index.js";
// @ts-expect-error plain JavaScript, as it must run in containers that have nothing but Node
import * as scripted from "./scripted-trainer.mjs";

export async function runStep(step: Step, directory: string, emit: Emit, signal: AbortSignal): Promise<void> {
  try {
    await scripted.runStep(step, directory, emit, signal);
  } catch (error) {
    const { code = "step-failed", message, hint } = error as Error & { code?: ErrorCode; hint?: string };
    throw new LabError(code, message, hint === undefined ? {} : { hint });
  }
}
