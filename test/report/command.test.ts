import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { main } from "../../kernel-lib/src/cli/index.js";
import { type Cell, code, figureOutput, shown, temporaryFolder, text } from "./fixture.js";

const notebook = (...cells: readonly Cell[]): string =>
  JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
const executed = (title: string): string => notebook(text(`# ${title}`), code("1", [figureOutput()]));
const unexecuted = notebook(text("# New"), code("lab.run()", [], { execution_count: null }));

/** A checkout with these files, and the command in it. */
async function checkout(files: { readonly [path: string]: string }) {
  const root = await temporaryFolder();
  for (const folder of ["results", "notebooks", "out/notebooks"]) await mkdir(join(root, folder), { recursive: true });
  for (const [path, content] of Object.entries(files)) await writeFile(join(root, path), content);
  return {
    root,
    page: (folder = "out/report") => readFile(join(root, folder, "index.html"), "utf8"),
    async ilr(...argv: string[]) {
      const said = { out: "", err: "" };
      const writer = (stream: "out" | "err") => ({
        write: (part: string): void => {
          said[stream] += part;
        },
      });
      const openBackend = (): never => {
        throw new Error("a report runs no step");
      };
      const context = { stdout: writer("out"), stderr: writer("err"), cwd: root, env: {}, openBackend };
      return { code: await main(["report", ...argv], context), ...said };
    },
  };
}

describe("ilr report", () => {
  it("takes the project's executed notebooks, newest execution first, and says where the page is", async () => {
    const { ilr, page, root } = await checkout({
      "notebooks/01-a.ipynb": executed("Stale"),
      "out/notebooks/01-a.ipynb": executed("Fresh"),
      "notebooks/02-b.ipynb": executed("Second"),
      "notebooks/03-c.ipynb": unexecuted,
    });
    const { code: exit, out, err } = await ilr();
    expect(exit).toBe(0);
    expect(out).toMatch(
      /out\/notebooks\/01-a\.ipynb\n.*notebooks\/02-b\.ipynb\nout\/report\/index\.html {2}\d\.\dMB, 2 notebooks, 2 figures, 0 claims\n$/s,
    );
    expect(err).toBe("warning: notebooks/03-c.ipynb was not executed and is left out\n");
    const html = await page();
    expect(html).toContain("Fresh");
    expect(html).toContain("Second");
    expect(html).not.toContain("Stale");
    expect(await readdir(join(root, "out", "report"))).toEqual(["index.html"]);
  });

  it("takes those that are named, in their order, into another folder", async () => {
    const { ilr, page } = await checkout({ "b.ipynb": executed("B"), "a.ipynb": executed("A") });
    expect((await ilr("b.ipynb", "a.ipynb", "--out", "elsewhere/report")).code).toBe(0);
    const html = await page("elsewhere/report");
    expect(html.indexOf('<h2 id="b">')).toBeLessThan(html.indexOf('<h2 id="a">'));
    expect(html.indexOf('<h2 id="b">')).toBeGreaterThan(0);
  });

  it("warns of metadata that it cannot read", async () => {
    const { ilr } = await checkout({
      "a.ipynb": notebook(text("# T"), code("1", [shown({ "text/plain": "x" }, { kind: 1 })])),
    });
    expect((await ilr("a.ipynb")).err).toContain("warning: T: metadata of an output was not understood (kind:");
  });

  const bad: readonly (readonly [string, readonly string[], string, string, string])[] = [
    ["a file that is not there", ["gone.ipynb"], "input-missing", "gone.ipynb", "without names takes the notebooks"],
    ["damaged JSON", ["damaged.ipynb"], "input-damaged", "damaged.ipynb is not a notebook", "format 4"],
    ["JSON that is no notebook", ["null.ipynb"], "input-damaged", "null.ipynb is not a notebook", "format 4"],
    ["outputs that are none", ["holes.ipynb"], "input-damaged", "holes.ipynb is not a notebook", "format 4"],
    [
      "a notebook that was not executed",
      ["new.ipynb"],
      "input-damaged",
      "new.ipynb was not executed",
      "ilr notebook run --inplace",
    ],
    ["no notebooks at all", [], "input-missing", "none of the notebooks is executed", "ilr notebook run --inplace"],
    ["a folder that cannot be made", ["good.ipynb", "--out", "good.ipynb/x"], "store-unwritable", "good.ipynb/x", ""],
    ["an unknown option", ["--sngle"], "config-invalid", "unknown option '--sngle'", ""],
  ];

  it.each(bad)("names %s, and what to do", async (_name, argv, errorCode, message, hint) => {
    const { ilr, root } = await checkout({
      "good.ipynb": executed("Good"),
      "new.ipynb": unexecuted,
      "notebooks/new.ipynb": unexecuted,
      "damaged.ipynb": executed("x").slice(0, -20),
      "null.ipynb": "null",
      "holes.ipynb": notebook(code("1", [null as never])),
    });
    const { code: exit, err } = await ilr(...argv);
    expect(exit).toBe(1);
    expect(err).toContain(`error [${errorCode}]:`);
    expect(err).toContain(message);
    expect(err).toContain(hint);
    expect(await readdir(join(root, "out"))).toEqual(["notebooks"]);
  });
});
