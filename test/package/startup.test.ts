/** What a notebook waits for when it imports the built library: nothing that it may never use. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";

const execute = promisify(execFile);

/** Requires the library as tslab does, runs a statement, and prints the packages whose files were read. */
const script = (statement: string): string => `
const fs = require("node:fs");
const read = fs.readFileSync;
const packages = new Set();
fs.readFileSync = (path, ...rest) => {
  const found = String(path).match(/.*node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//);
  if (found) packages.add(found[1]);
  return read(path, ...rest);
};
const kit = require("ilr-lab");
(async () => { ${statement} })().then(() => console.log(JSON.stringify([...packages].sort())));
`;

async function packagesFor(statement: string): Promise<readonly string[]> {
  const { stdout } = await execute(process.execPath, ["-e", script(statement)]);
  return JSON.parse(stdout) as readonly string[];
}

let imported: readonly string[];
beforeAll(async () => {
  imported = await packagesFor("");
}, 60_000);

describe("importing the library", () => {
  it("reads two packages: every other comes with what needs it", () => {
    expect(imported).toEqual(["jsep", "zod"]);
  });

  it("reads Arquero with the first table", async () => {
    const withTable = await packagesFor('(await kit.lab.recorded("micro-math/main")).frame("arms")');
    expect(withTable.filter((name) => !imported.includes(name))).toContain("arquero");
  }, 60_000);
});
