/** Experiments in files: YAML or JSON, whole or as changes of a preset. */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { LabError } from "../../core/index.js";
import { presetByName } from "../presets/index.js";
import { mergePatch } from "./merge.js";
import type { Path } from "./walk.js";

/** A config as it was written, and where. */
export interface ConfigFile {
  /** Not checked yet: `parseLocated` does that. */
  readonly input: unknown;
  /** Where a field of the file stands, such as "my.yaml:12:7"; of a field that is not in the file, the nearest thing around it. */
  readonly locate: (path: Path) => string | undefined;
}

/** More than a config ever has. */
const MOST_BYTES = 1 << 20;

/** Whether a name on the command line is that of a config file. */
export const isConfigFile = (name: string): boolean => /\.(ya?ml|json)$/i.test(name);

/**
 * Reads a config file. Its fields are laid over the experiment that it `extends` (with `profile`), or over `onto`: objects are merged, lists
 * and values replaced, null removes (RFC 7396). A file that extends an experiment and has no name of its own gets the file's.
 *
 * @param profile in place of the file's.
 * @throws LabError `input-missing`, `input-damaged` with line and column, `config-invalid`, `name-unknown`.
 * @example
 * // my.yaml: { extends: gsm8k/main, profile: paper, alpha: 0.3 }
 * const { input, locate } = await readConfigFile("my.yaml");
 * const experiment = parseLocated(input, locate);
 */
export async function readConfigFile(
  path: string,
  { profile, onto }: { readonly profile?: string | undefined; readonly onto?: object | undefined } = {},
): Promise<ConfigFile> {
  const text = await textOf(path);
  // The parser of YAML is 70 files, for those who write one.
  const { parseText } = await import("./located-text.js");
  const { value, locate } = parseText(path, text);
  const { extends: parent, profile: written, ...fields } = value;
  const isText = (member: unknown): member is string | undefined => member === undefined || typeof member === "string";
  for (const [field, member] of Object.entries({ extends: parent, profile: written })) {
    if (!isText(member)) throw wrongType(locate, field, "expected the name of an experiment or of a profile");
  }
  if (parent === undefined) {
    if ((written ?? profile) !== undefined)
      throw wrongType(locate, "profile", "it belongs to extends, which is missing");
    return { input: mergePatch(onto ?? {}, fields), locate };
  }
  if (onto !== undefined) {
    throw wrongType(locate, "extends", "an experiment was named on the command line already; name one of them");
  }
  const preset = located(locate, "extends", () =>
    presetByName(parent as string, profile ?? (written as string | undefined)),
  );
  const name = basename(path).replace(/\.\w+$/, "");
  return { input: mergePatch({ ...preset, name }, fields), locate };
}

async function textOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= MOST_BYTES) return await readFile(path, "utf8");
  } catch (cause) {
    throw new LabError("input-missing", `cannot read the config ${path}`, {
      cause,
      hint: "expected a file of YAML or JSON; ilr plan NAME --config prints one",
    });
  }
  throw new LabError("input-damaged", `${path} is larger than ${MOST_BYTES} bytes: this is no config`);
}

function wrongType(locate: ConfigFile["locate"], field: string, message: string): LabError {
  return new LabError("config-invalid", `${locate([field])}: ${field}: ${message}`, {
    hint: "such as extends: gsm8k/main and profile: paper",
  });
}

/** Errors of looking a name up, with the place where the name stands. */
function located<T>(locate: ConfigFile["locate"], field: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    throw new LabError(error.code, `${locate([field])}: ${error.message}`, {
      ...(error.hint && { hint: error.hint }),
      cause: error,
    });
  }
}
