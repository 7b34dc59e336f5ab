import { LabError } from "../core/index.js";
import type { Artifact, Demonstration } from "../steps/index.js";
import { taskKey } from "../tasks/index.js";
import type { SftParams } from "./recipe.js";
import type { Setting } from "./setting.js";

/**
 * Supervised fine-tuning of a base model on demonstrations. Malformed labels (GSM8K: no `####`) are dropped first,
 * as the paper does.
 * @throws LabError `step-failed` when no label is well-formed.
 * @returns the outputs of the `sft` step: `model`, `log`, and the checkpoints asked for.
 */
export async function sft(
  setting: Setting,
  base: Artifact,
  demonstrations: Artifact<Demonstration>,
  label: string,
  params: SftParams = setting.recipe.student,
): Promise<Readonly<Record<string, Artifact>> & { readonly model: Artifact }> {
  const { task, runner } = setting;
  const { kept } = await runner.derive<{ demonstrations: Demonstration }, { kept: Demonstration }>(
    "sft/drop-malformed",
    { task: taskKey(task) },
    { demonstrations },
    { label: `${label}: drop malformed labels`, expectRows: { kept: demonstrations.rows ?? 0 } },
    (tables) => ({ kept: tables.demonstrations.filter((row) => task.isWellFormed(row.answer)) }),
  );
  if (kept.rows === 0) {
    throw new LabError("step-failed", `${label}: none of the ${demonstrations.rows} labels is well-formed`, {
      hint: "the model that gave them was trained on too little: use more training questions",
    });
  }
  const outputs = await runner.step(
    "sft",
    // F6
    { ...params, lossWeighting: setting.fidelity.lossWeighting === "as-released" ? "per-example" : "per-token" },
    { model: base, demonstrations: kept },
    { seed: setting.seed, label },
  );
  return { ...outputs, model: outputs.model! };
}
