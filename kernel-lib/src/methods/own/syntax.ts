/** A function's text as a tree. */
import { createRequire } from "node:module";
import type { Node } from "acorn";
import type { Json } from "../../core/index.js";

/**
 * The tree of a function.
 *
 * @param text of the function, as `toString` gives it: an expression, or a method of an object.
 * @throws SyntaxError for text that is neither.
 */
export function syntaxOf(text: string): Node {
  const { parse } = createRequire(import.meta.url)("acorn") as typeof import("acorn");
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
 * What a tree says, without how it was written down: equal for texts that differ in blanks, comments, parentheses without effect, 0.9 and .9, or what a
 * compiler made of a name, and for no others. A template's raw text is part of it, since a function may read it.
 *
 * @param standIns expressions that stand for a name, as `outsideNames` finds them.
 */
export function meaningOf(node: unknown, standIns: ReadonlyMap<unknown, string>): Json {
  if (Array.isArray(node)) return node.map((each) => meaningOf(each, standIns));
  if (typeof node === "bigint" || typeof node === "number") return `${typeof node} ${node}`;
  if (node instanceof RegExp) return String(node);
  if (typeof node !== "object" || node === null) return (node ?? null) as Json;
  const name = standIns.get(node) ?? standIns.get(called(node as Node));
  if (name !== undefined) return { type: "Identifier", name };
  const isTemplate = "cooked" in node;
  const members = Object.entries(node).filter(([member]) => isTemplate || !spelling.has(member));
  return Object.fromEntries(members.map(([member, value]) => [member, meaningOf(value, standIns)]));
}

/** The second part of `(0, lib_1.parse)`, in which compilers call what is imported. */
function called(node: Node): unknown {
  if (node.type !== "SequenceExpression") return undefined;
  const { expressions } = node as Node & { readonly expressions: readonly { readonly value?: unknown }[] };
  return expressions.length === 2 && expressions[0]!.value === 0 ? expressions[1] : undefined;
}
