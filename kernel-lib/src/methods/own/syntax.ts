/** A function's text as a tree. */
import { type Node, parse } from "acorn";
import type { Json } from "../../core/index.js";

/**
 * The tree of a function.
 *
 * @param text of the function, as `toString` gives it: an expression, or a method of an object.
 * @throws SyntaxError for text that is neither.
 */
export function syntaxOf(text: string): Node {
  const options = { ecmaVersion: "latest", sourceType: "script", ranges: true } as const;
  try {
    return parse(`(${text})`, options);
  } catch {
    return parse(`({${text}})`, options); // a method
  }
}

/** Where something stands and how it was spelt. */
const spelling: ReadonlySet<string> = new Set(["start", "end", "range", "raw"]);

/**
 * What the tree says, without how it was written down: equal for texts that differ in blanks, comments, parentheses without effect, or 0.9 and .9, and
 * for no others. A template's raw text is part of it, since a function may read it.
 */
export function meaningOf(node: unknown): Json {
  if (Array.isArray(node)) return node.map(meaningOf);
  if (typeof node === "bigint" || typeof node === "number") return `${typeof node} ${node}`;
  if (node instanceof RegExp) return String(node);
  if (typeof node !== "object" || node === null) return (node ?? null) as Json;
  const isTemplate = "cooked" in node;
  const members = Object.entries(node).filter(([name]) => isTemplate || !spelling.has(name));
  return Object.fromEntries(members.map(([name, value]) => [name, meaningOf(value)]));
}
