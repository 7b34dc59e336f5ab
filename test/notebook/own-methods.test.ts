/** Functions of notebook cells: tslab compiles them anew in every kernel, and must not make others of them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { comparisonSource } from "../../kernel-lib/src/methods/index.js";
import { runNotebook } from "../../kernel-lib/src/notebook/index.js";
import { makeWorkspace, type Workspace } from "./fixture.js";

let workspace: Workspace;
beforeAll(async () => {
  workspace = await makeWorkspace();
});
afterAll(() => workspace.remove());

/** What the cells printed, line by line. */
async function printed(name: string, cells: readonly string[]): Promise<readonly string[]> {
  const { notebook } = await runNotebook(await workspace.notebook(name, cells));
  const streams = notebook.cells.flatMap(({ outputs = [] }) =>
    outputs.flatMap((output) => (output.output_type === "stream" ? [String(output.text)] : [])),
  );
  return streams.join("").trim().split("\n");
}

const imports = 'import { comparisonSource, type Comparison } from "ilr-lab";';
const helpers = "const by: number = 2;\nconst words = (text: string): number => text.split(/\\s+/).length;";
const define = (better: string): string => `const source = comparisonSource(
  "prefers shorter",
  ({ a, b }: Comparison, parameters): number => {
    // TypeScript's types and comments are not in what runs
    const gain = words(a!) - words(b as string);
    return gain >= by && parameters.by === by ? ${better} : 0.1;
  },
  { parameters: { by, words } },
);
console.log(source.code.digest);`;

describe("the digest of a cell's function", () => {
  it("is the same in another kernel, in another cell, and in a script; and not after an edit", async () => {
    const apart = await printed("apart.ipynb", [imports, helpers, define("0.9"), define("0.9"), define("0.8")]);
    const together = await printed("together.ipynb", [`${imports}\n${helpers}\n${define("0.9")}`]);
    expect(apart).toHaveLength(3);
    const by = 2;
    const words = (text: string): number => text.split(/\s+/).length;
    const here = comparisonSource(
      "prefers shorter",
      ({ a, b }, parameters) => {
        const gain = words(a) - words(b);
        return gain >= by && parameters.by === by ? 0.9 : 0.1;
      },
      { parameters: { by, words } },
    );
    expect(together).toEqual([here.code.digest]);
    expect(apart.slice(0, 2)).toEqual([here.code.digest, here.code.digest]);
    expect(apart[2]).not.toBe(apart[1]);
  }, 300_000);

  it("says what it takes from another cell, by the name that was written", async () => {
    const asks = `try {
  comparisonSource("x", ({ a }) => Number(words(a) > 3));
} catch (error) {
  console.log((error as Error).message);
}`;
    expect(await printed("asks.ipynb", [imports, helpers, asks])).toEqual([
      'comparison source "x" uses words, which is defined outside of it',
    ]);
  }, 300_000);
});
