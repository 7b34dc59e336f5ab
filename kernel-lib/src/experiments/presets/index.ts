export { isPresetName, presetByName, presets, profileOf } from "./by-name.js";
export { presetsOfProfile } from "./by-profile.js";
export { type ExperimentFamily, families, PROFILES, type Profile } from "./families.js";
