import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Emit, LabError } from "../core/index.js";
import { CONTRACT, type Step, type Verb } from "../steps/index.js";
import type { StepContext } from "./step-context.js";
import { dpo } from "./verbs/dpo.js";
import { evaluator } from "./verbs/evaluator.js";
import { pretrain } from "./verbs/pretrain.js";
import { sample } from "./verbs/sample.js";
import { score } from "./verbs/score.js";
import { sft } from "./verbs/sft.js";

const VERB_FUNCTIONS: { readonly [V in Verb]: (context: StepContext<V>) => Promise<void> } = {
  pretrain,
  sft,
  dpo,
  evaluator,
  sample,
  score,
};

/**
 * Runs one step of the trainer contract in a folder that holds `inputs/`; leaves `outputs/`. Equal steps give equal bytes on a machine.
 *
 * @param step its parameters complete, as `paramsSchemas` parse them.
 * @param emit receives progress (at most five a second), metrics and notes.
 * @param signal aborting it ends the step between two optimizer steps or batches.
 * @throws LabError `step-invalid`, `input-missing`, `input-damaged`, `unsupported`, `training-diverged`, `cancelled`, `store-*`.
 */
export async function runStep(step: Step, directory: string, emit: Emit, signal: AbortSignal): Promise<void> {
  const { verb, params, seed, contract } = step;
  const run = VERB_FUNCTIONS[verb] as ((context: StepContext) => Promise<void>) | undefined;
  if (run === undefined || contract !== CONTRACT) {
    throw new LabError("step-invalid", `verb ${verb}, contract ${contract}; expected contract ${CONTRACT}`, {
      hint: `verbs are ${Object.keys(VERB_FUNCTIONS).join(", ")}`,
    });
  }
  refuseUnsupported(step);
  await mkdir(join(directory, "outputs"), { recursive: true });
  await run({ params, seed, directory, emit, signal });
}

/** What the contract knows and this engine does not. */
function refuseUnsupported({ verb, params, inputs }: Step): void {
  const { lora, precision, optimizer } = params as {
    readonly lora?: object;
    readonly precision?: string;
    readonly optimizer?: { readonly name: string };
  };
  const problem =
    (lora !== undefined && "low-rank adapters") ||
    (inputs.base !== undefined && "adapters on a base model") ||
    (precision === "bfloat16" && "arithmetic in bfloat16") ||
    (optimizer?.name === "adafactor" && "the optimizer adafactor");
  if (problem === false) return;
  throw new LabError("unsupported", `${verb}: the embedded engine does not have ${problem}`, {
    hint: "run it with the PyTorch trainer: --backend docker or --backend process",
  });
}
