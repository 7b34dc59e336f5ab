/** The text of a config: what its fields are and at which line and column they stand. */
import { isMap, isSeq, LineCounter, type ParsedNode, parseDocument } from "yaml";
import { isDeeperThan, LabError } from "../../core/index.js";
import { isMembers, type Members, type Path } from "./walk.js";

/** What a text says, and where. */
export interface LocatedText {
  readonly value: Members;
  readonly locate: (path: Path) => string | undefined;
}

/** JSON is YAML but for tabs, so that one parser knows where things stand in both; its messages are ours, without the text around. */
export function parseText(path: string, text: string): LocatedText {
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
