// tslab rewrites a variable of an earlier cell to a property of the cell's exports, but not in `{ seeds }`: that fails at run time with
// "seeds is not defined". Written as `{ seeds: seeds }` it works, so that is what tslab is given.
"use strict";

const { createRequire } = require("node:module");
const ts = createRequire(require.resolve("tslab/dist/converter.js"))("@tslab/typescript-for-tslab");

/** The code of a cell with every `{ name }` of an object literal written as `{ name: name }`; lines keep their numbers. */
function expandShorthand(code) {
  const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true);
  // What does not parse is left alone, so that its message speaks of what was written.
  if (file.parseDiagnostics.length > 0) return code;
  const edits = [];
  const visit = (node) => {
    if (ts.isShorthandPropertyAssignment(node)) edits.push({ at: node.name.end, text: `: ${node.name.text}` });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return edits.reduceRight((text, edit) => text.slice(0, edit.at) + edit.text + text.slice(edit.at), code);
}

module.exports = { expandShorthand };
