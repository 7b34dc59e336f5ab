// What tslab compiles wrongly, written in another way that means the same; lines keep their numbers.
"use strict";

const { createRequire } = require("node:module");
const ts = createRequire(require.resolve("tslab/dist/converter.js"))("@tslab/typescript-for-tslab");

/** Makes a cell a module, as it is to tslab: only there is `await (x)` no call of a function. */
const prefix = "export {};";

/** The code of a cell as tslab is given it. */
function cellCode(code) {
  const file = ts.createSourceFile("cell.ts", prefix + code, ts.ScriptTarget.Latest, true);
  // What does not parse is left alone, so that its message speaks of what was written.
  if (file.parseDiagnostics.length > 0) return code;
  const edits = [];
  const visit = (node, inFunction) => {
    edits.push(...shorthand(node), ...renaming(node, file), ...(inFunction ? [] : bareAwait(node, file)));
    ts.forEachChild(node, (child) => visit(child, inFunction || ts.isFunctionLike(node)));
  };
  visit(file, false);
  return edits
    .map(({ at, text }) => ({ at: at - prefix.length, text }))
    .sort((a, b) => a.at - b.at)
    .reduceRight((text, edit) => text.slice(0, edit.at) + edit.text + text.slice(edit.at), code);
}

/**
 * tslab rewrites a variable of an earlier cell to a property of the cell's exports, but not in `{ seeds }`: that fails at run time with
 * "seeds is not defined".
 */
function shorthand(node) {
  return ts.isShorthandPropertyAssignment(node) ? [{ at: node.name.end, text: `: ${node.name.text}` }] : [];
}

/**
 * It takes `wins` in `({ wins: count }) => ...` for such a variable too, if the type is of an earlier cell: "Duplicate parameter name". A name in
 * quotes it leaves alone.
 */
function renaming(node, file) {
  const name = ts.isBindingElement(node) ? node.propertyName : isAssignedName(node) ? node.name : undefined;
  if (name === undefined || !ts.isIdentifier(name)) return [];
  return [
    { at: name.getStart(file), text: '"' },
    { at: name.end, text: '"' },
  ];
}

/** `wins` in `({ wins: count } = row)`. */
function isAssignedName(node) {
  if (!ts.isPropertyAssignment(node)) return false;
  let pattern = node.parent;
  while (isInPattern(pattern)) pattern = pattern.parent;
  const { parent } = pattern;
  return (
    ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken && parent.left === pattern
  );
}

function isInPattern({ parent }) {
  return ts.isPropertyAssignment(parent) || ts.isArrayLiteralExpression(parent) || ts.isObjectLiteralExpression(parent);
}

/**
 * Outside of a function it knows `await` by the word or literal that follows: after `await (` and the like it compiles code that is not
 * asynchronous, or its compiler breaks.
 */
function bareAwait(node, file) {
  if (!ts.isAwaitExpression(node)) return [];
  const { expression } = node;
  const [start, after] = [expression.getStart(file), node.getStart(file) + "await".length];
  const between = file.text.slice(after, start);
  if (/^[\w$"'\\\u0080-\uffff]/.test(file.text.slice(start)) && !/\n/.test(between)) return [];
  return [
    { at: after, text: " Promise.resolve(" },
    { at: expression.end, text: ")" },
  ];
}

module.exports = { cellCode };
