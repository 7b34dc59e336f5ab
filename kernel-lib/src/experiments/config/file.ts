/** Experiments in files: YAML or JSON, whole or as changes of a preset. */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { isMap, isSeq, LineCounter, type ParsedNode, parseDocument } from "yaml";
import { isDeeperThan, LabError } from "../../core/index.js";
import { presetByName } from "../presets/index.js";
import { mergePatch } from "./merge.js";
import { isMembers, type Members, type Path } from "./walk.js";

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
  const { value, locate } = parseText(path, await textOf(path));
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

interface Parsed {
  readonly value: Members;
  readonly locate: ConfigFile["locate"];
}

/** JSON is YAML but for tabs, so that one parser knows where things stand in both; its messages are ours, without the text around. */
function parseText(path: string, text: string): Parsed {
  const lines = new LineCounter();
  const document = parsed(path, text, lines);
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error) {
    const { value, isJson } = tryJson(path, text);
    if (isJson) return { value: asMembers(path, value), locate: () => path };
    throw new LabError("input-damaged", `${place(error.pos[0])}: ${error.message}`, { cause: error });
  }
  let value: unknown;
  try {
    value = document.toJS();
    // Aliases can make a file that contains itself; this notices.
    JSON.stringify(value);
  } catch (cause) {
    throw new LabError("input-damaged", `${path}: ${(cause as Error).message}`, { cause });
  }
  const root = document.contents;
  return { value: asMembers(path, value), locate: (at) => place(root ? offsetOf(root, at) : 0) };
}

/** The parser calls itself for what is inside: text that is nested too deeply ends it. */
function parsed(path: string, text: string, lineCounter: LineCounter): ReturnType<typeof parseDocument<ParsedNode>> {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true, logLevel: "error" });
  } catch (cause) {
    throw new LabError("input-damaged", `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function tryJson(path: string, text: string): { readonly value: unknown; readonly isJson: boolean } {
  if (!/\.json$/i.test(path)) return { value: undefined, isJson: false };
  try {
    return { value: JSON.parse(text), isJson: true };
  } catch {
    return { value: undefined, isJson: false };
  }
}

/** Deeper than any config; merging and checking walk through it. */
const MOST_LEVELS = 50;

function asMembers(path: string, value: unknown): Members {
  if (isDeeperThan(value, MOST_LEVELS)) throw new LabError("input-damaged", `${path} is nested too deeply`);
  if (isMembers(value)) return value;
  throw new LabError("config-invalid", `${path} holds no fields`, {
    hint: "ilr plan NAME --config prints a whole config",
  });
}

/** Where the field of a path starts, or the last thing on the way to it. */
function offsetOf(root: ParsedNode, path: Path): number {
  let [node, offset]: [unknown, number] = [root, root.range[0]];
  for (const key of path) {
    if (isMap<ParsedNode, ParsedNode | null>(node)) {
      const pair = node.items.find((item) => String(item.key) === String(key));
      if (!pair) return offset;
      [node, offset] = [pair.value, pair.key.range[0]];
    } else if (isSeq<ParsedNode>(node)) {
      const item = node.items[Number(key)];
      if (!item) return offset;
      [node, offset] = [item, item.range[0]];
    } else return offset;
  }
  return offset;
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
