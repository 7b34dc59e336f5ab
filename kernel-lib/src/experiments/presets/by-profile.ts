/** All experiments of one size. */
import { LabError } from "../../core/index.js";
import type { ExperimentInput } from "../config.js";
import { families, PROFILES } from "./families.js";

/**
 * Every experiment of a profile; without one, each at the smallest size that it has.
 *
 * @throws LabError `name-unknown` for a profile that does not exist.
 * @example
 * presetsOfProfile("paper").map(({ name }) => name); // "gsm8k/main@paper", ...
 */
export function presetsOfProfile(profile?: string): readonly ExperimentInput[] {
  const wanted = PROFILES.find((known) => known === profile);
  if (profile !== undefined && wanted === undefined) {
    throw new LabError("name-unknown", `there is no profile ${JSON.stringify(profile)}`, {
      hint: `profiles: ${PROFILES.join(", ")}`,
    });
  }
  const chosen = families.flatMap(({ profiles }) => {
    const found = wanted === undefined ? [...profiles.values()][0] : profiles.get(wanted);
    return found ? [found] : [];
  });
  // Micro twins have a name of their own beside that of the paper's task.
  return [...new Map(chosen.map((preset) => [preset.name, preset])).values()];
}
