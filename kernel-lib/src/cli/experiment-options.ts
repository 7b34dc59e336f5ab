import { resolve } from "node:path";
import type { Command } from "commander";
import { LabError } from "../core/index.js";
import {
  type Experiment,
  type ExperimentInput,
  isConfigFile,
  PROFILES,
  parseExperiment,
  parseLocated,
  presetByName,
  readConfigFile,
  setField,
} from "../experiments/index.js";
import { wholeNumber, wholeNumbers } from "./context.js";

/** Options that say which experiment, and what to change of it. */
export interface ExperimentOptions {
  readonly profile?: string;
  readonly seeds?: string;
  readonly rounds?: string;
  readonly set: readonly string[];
}

/** Adds the options to a command. */
export function withExperimentOptions(command: Command): Command {
  return command
    .option("--profile <name>", `size of the experiment: ${PROFILES.join(", ")} (default: the smallest that it has)`)
    .option("--seeds <list>", "seeds, such as 0,1,2")
    .option("--rounds <n>", "rounds of ILR and of DPO")
    .option(
      "--set <field=value>",
      "change a field of the config, such as arms[SFT].name=x; may be repeated",
      collect,
      [],
    );
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/**
 * The experiment that the options describe: a preset, a config file (also in place of a name), or a preset with the fields of a file laid
 * over it; then `--set`, `--seeds` and `--rounds`.
 *
 * @throws LabError `name-unknown`, `config-invalid`, `input-missing`, `input-damaged`.
 */
export async function readExperiment(
  name: string | undefined,
  options: ExperimentOptions,
  config: string | undefined,
  cwd: string,
): Promise<Experiment> {
  const isFile = name !== undefined && isConfigFile(name);
  if (isFile && config !== undefined) {
    throw new LabError("config-invalid", `two config files: ${name} and ${config}`, { hint: "name one of them" });
  }
  return fromParts(isFile ? undefined : name, options, isFile ? name : config, cwd);
}

async function fromParts(
  name: string | undefined,
  options: ExperimentOptions,
  file: string | undefined,
  cwd: string,
): Promise<Experiment> {
  const { profile } = options;
  const preset = name === undefined ? undefined : presetByName(name, profile);
  if (file !== undefined) {
    const path = resolve(cwd, file);
    const { input, locate } = await readConfigFile(path, preset ? { onto: preset } : { profile });
    return parseLocated(changed(input as ExperimentInput, options), locate);
  }
  if (preset) return parseExperiment(changed(preset, options));
  throw new LabError("config-invalid", "no experiment was named", { hint: "ilr list shows them" });
}

function changed(start: ExperimentInput, { set, seeds, rounds }: ExperimentOptions): ExperimentInput {
  let input = start;
  for (const assignment of set) input = setField(input, assignment);
  if (seeds !== undefined) input = setField(input, `seeds=[${wholeNumbers("--seeds", seeds)}]`);
  if (rounds === undefined) return input;
  const count = wholeNumber("--rounds", rounds, 1);
  return { ...input, rounds: { ilr: count, dpo: count } };
}
