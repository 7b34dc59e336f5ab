/** Finding an experiment by what people call it: `gsm8k/main`, `gsm8k/main@paper`, `gsm8k-ilr`. */
import { LabError, nearestName } from "../../core/index.js";
import { type ExperimentInput, METHODS } from "../config.js";
import { type ExperimentFamily, families, PROFILES, type Profile } from "./families.js";

/** Every config by its own name: a family's name and `@profile`, or a micro twin's name. */
export const presets: ReadonlyMap<string, ExperimentInput> = new Map(
  families.flatMap(({ profiles }) => [...profiles.values()].map((preset) => [preset.name, preset])),
);

/**
 * An experiment by name and profile. A name is a family ("gsm8k/main"), a family and a profile ("gsm8k/main@paper"), or a task and
 * a method ("gsm8k-ilr": the task's main experiment, with SFT and that method's arms). Without a profile: the smallest.
 *
 * @throws LabError `name-unknown` with the nearest name.
 * @example
 * presetByName("gsm8k/main", "paper").bases.strong.name; // "mistral-7b"
 * presetByName("gsm8k/main").name; // "micro-math/main"
 */
export function presetByName(name: string, profile?: string): ExperimentInput {
  const [, plain, inName] = /^(.*?)(?:@([^@]*))?$/s.exec(name)!;
  if (inName !== undefined && profile !== undefined && inName !== profile) {
    throw new LabError("config-invalid", `${name} with the profile ${JSON.stringify(profile)}: which of the two?`, {
      hint: `name one: ${plain}@${inName} or ${plain} with profile ${profile}`,
    });
  }
  const wanted = inName ?? profile;
  const family = families.find((candidate) => candidate.name === plain);
  return family ? ofProfile(family, wanted) : bySpelling(plain!, wanted);
}

/** The profile of the experiment of this name: what stands behind the `@`, or `micro` for the twins. Undefined for configs of one's own. */
export function profileOf(name: string): Profile | undefined {
  const behind = PROFILES.find((profile) => name.endsWith(`@${profile}`));
  return behind ?? families.flatMap(({ profiles }) => [...profiles]).find(([, { name: own }]) => own === name)?.[0];
}

/** Whether a text names an experiment, and not a file or anything else. */
export function isPresetName(name: string): boolean {
  try {
    presetByName(name);
    return true;
  } catch {
    return false;
  }
}

function ofProfile(family: ExperimentFamily, wanted: string | undefined): ExperimentInput {
  const known = PROFILES.filter((profile) => family.profiles.has(profile));
  const found = family.profiles.get((wanted ?? known[0]!) as Profile);
  if (found) return found;
  const near = nearestName(wanted!, known);
  const elsewhere = families.filter(
    ({ profiles }) => profiles.size > 1 && [...profiles.values()].includes(first(family)),
  );
  const larger = elsewhere.find(({ profiles }) => profiles.has(wanted as Profile));
  throw new LabError("name-unknown", `${family.name} has no profile ${JSON.stringify(wanted)}`, {
    hint: larger
      ? `${larger.name} has: it is the same experiment`
      : `${near ? `did you mean ${JSON.stringify(near)}? ` : ""}profiles: ${known.join(", ")}`,
  });
}

const first = ({ profiles }: ExperimentFamily): ExperimentInput => [...profiles.values()][0]!;

/** `TASK-METHOD` and `TASK-STUDY`. */
function bySpelling(name: string, profile: string | undefined): ExperimentInput {
  const dash = name.indexOf("-", name.startsWith("micro-") ? "micro-".length : 0);
  const [task, rest] = dash < 0 ? [name, ""] : [name.slice(0, dash), name.slice(dash + 1)];
  const study = families.find((family) => family.name === `${task}/${rest}`);
  if (study) return ofProfile(study, profile);
  const main = families.find((family) => family.name === `${task}/main`);
  if (!main || !(METHODS as readonly string[]).includes(rest)) throw unknownName(name);
  const preset = ofProfile(main, profile);
  const arms = preset.arms.filter(({ method }) => method === "sft" || method === rest);
  if (rest !== "sft" && arms.length === 1) {
    throw new LabError("name-unknown", `${preset.name} has no arm of ${rest}`, { hint: alternatives(task, rest) });
  }
  const size = preset.name.split("@")[1];
  return {
    ...preset,
    name: size === undefined ? name : `${name}@${size}`,
    title: `${rest === "sft" ? "SFT" : `SFT and ${rest}`}: ${preset.title}`,
    arms: arms as ExperimentInput["arms"],
    ...(preset.choices && { choices: withoutArms(preset.choices) }),
  };
}

/** Reasons that name an arm by its place hold for the whole list only. */
function withoutArms(choices: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(choices).filter(([path]) => !path.startsWith("arms.")));
}

function alternatives(task: string, method: string): string {
  const having = families.filter(({ name, profiles }) => {
    return (
      name.startsWith(`${task}/`) &&
      [...profiles.values()].some(({ arms }) => arms.some((arm) => arm.method === method))
    );
  });
  return `experiments with one: ${having.map(({ name }) => name).join(", ") || "none"}`;
}

function unknownName(name: string): LabError {
  const known = families.map((family) => family.name);
  const spelled = known
    .filter((other) => other.endsWith("/main"))
    .flatMap((main) => METHODS.map((m) => `${main.slice(0, -5)}-${m}`));
  const near = nearestName(name, [...known, ...spelled]);
  return new LabError("name-unknown", `there is no experiment "${name}"`, {
    hint: near ? `did you mean "${near}"?` : `experiments: ${known.join(", ")}`,
  });
}
