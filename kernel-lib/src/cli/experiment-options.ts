import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { LabError } from "../core/index.js";
import {
  type Experiment,
  type ExperimentInput,
  parseExperiment,
  presetByName,
  setField,
} from "../experiments/index.js";
import { wholeNumber, wholeNumbers } from "./context.js";

/** Options that say which experiment, and what to change of it. */
export interface ExperimentOptions {
  readonly seeds?: string;
  readonly rounds?: string;
  readonly set: readonly string[];
}

/** Adds the options to a command. */
export function withExperimentOptions(command: Command): Command {
  return command
    .option("--seeds <list>", "seeds, such as 0,1,2")
    .option("--rounds <n>", "rounds of ILR and of DPO")
    .option("--set <field=value>", "change a field of the config; may be repeated", collect, []);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/**
 * The experiment that the options describe: a preset, a config file, or a preset with the fields of a file in place of its own; then
 * `--set`, `--seeds` and `--rounds`.
 *
 * @throws LabError `name-unknown`, `config-invalid`, `input-missing`, `input-damaged`.
 */
export async function readExperiment(
  name: string | undefined,
  options: ExperimentOptions,
  config: string | undefined,
  cwd: string,
): Promise<Experiment> {
  const file = config === undefined ? undefined : await readConfig(resolve(cwd, config));
  const preset = name === undefined ? undefined : presetByName(name);
  if (file === undefined && preset === undefined) {
    throw new LabError("config-invalid", "no experiment was named", { hint: "ilr experiments lists them" });
  }
  let input = { ...preset, ...file } as ExperimentInput;
  for (const assignment of options.set) input = setField(input, assignment);
  if (options.seeds !== undefined) input = setField(input, `seeds=[${wholeNumbers("--seeds", options.seeds)}]`);
  if (options.rounds !== undefined) {
    const rounds = wholeNumber("--rounds", options.rounds, 1);
    input = { ...input, rounds: { ilr: rounds, dpo: rounds } };
  }
  return parseExperiment(input);
}

async function readConfig(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new LabError("input-missing", `cannot read the config ${path}`, { cause });
  });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>;
    }
  } catch (cause) {
    throw new LabError("input-damaged", `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
  throw new LabError("config-invalid", `${path} holds no JSON object`, { hint: "ilr plan NAME --config prints one" });
}
