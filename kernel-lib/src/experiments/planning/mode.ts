import type { Params, Verb } from "../../steps/index.js";
import type { TrainingMode } from "./flops.js";

/**
 * How a step trains, as far as its parameters say. Gradient checkpointing is no part of a step (it changes no result): it is assumed where the
 * paper used it (Table 1), for large models, which train in bfloat16 or through adapters; the embedded engine has none.
 */
export function modeOf<V extends Verb>(params: Params<V>): TrainingMode {
  const adapterOnly = "lora" in params && params.lora !== undefined;
  return { adapterOnly, recompute: adapterOnly || params.precision === "bfloat16" };
}
