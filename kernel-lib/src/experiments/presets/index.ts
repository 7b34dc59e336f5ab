import { LabError, nearestName } from "../../core/index.js";
import type { ExperimentInput } from "../config.js";
import { microMathMain, microMathQuick } from "./micro-math.js";

/** Every experiment of the kit, by name. */
export const presets: ReadonlyMap<string, ExperimentInput> = new Map(
  [microMathMain, microMathQuick].map((preset) => [preset.name, preset]),
);

/** @throws LabError `name-unknown` with the nearest name. */
export function presetByName(name: string): ExperimentInput {
  const preset = presets.get(name);
  if (preset) return preset;
  const known = [...presets.keys()];
  const near = nearestName(name, known);
  throw new LabError("name-unknown", `there is no experiment "${name}"`, {
    hint: near ? `did you mean "${near}"?` : `experiments: ${known.join(", ")}`,
  });
}
