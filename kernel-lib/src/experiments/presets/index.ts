export { isPresetName, presetByName, presets } from "./by-name.js";
export { presetsOfProfile } from "./by-profile.js";
export { type ExperimentFamily, families, PROFILES, type Profile } from "./families.js";
