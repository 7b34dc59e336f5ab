import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseExperiment, requirementsOf } from "../../kernel-lib/src/experiments/config.js";
import { type ExperimentFamily, families, PROFILES } from "../../kernel-lib/src/experiments/presets/index.js";

const docs = readFileSync(join(import.meta.dirname, "..", "..", "docs", "experiments.md"), "utf8");

/** A row of the matrix; what an experiment needs is what its largest profile needs. */
function row({ name, profiles }: ExperimentFamily): string {
  const sizes = PROFILES.filter((profile) => profiles.has(profile));
  const largest = parseExperiment(profiles.get(sizes.at(-1)!)!);
  const { hub, keys, people } = requirementsOf(largest);
  const needs = [
    ...(hub.length > 0 ? [`data of ${largest.task}`, "GPU", "gated models"] : []),
    ...(keys.length > 0 ? [`key of a judge (${keys.join(", ")})`] : []),
    ...(people ? ["people"] : []),
  ];
  const named = sizes.map((size) => {
    const own = profiles.get(size)!.name;
    return own.startsWith(`${name}@`) || own === name ? `\`${size}\`` : `\`${size}\` (\`${own}\`)`;
  });
  const papers = sizes.filter((size) => size.startsWith("paper")).map((size) => profiles.get(size)!.paper);
  return `| \`${name}\` | ${[...new Set(papers)].join("; ") || "-"} | ${named.join(", ")} | ${needs.join(", ") || "nothing"} |`;
}

/** Micro twins stand with the experiment whose twins they are. */
function matrix(): string {
  const listed = families.filter(({ name, profiles }) => {
    const isTwin =
      profiles.size === 1 &&
      families.some((other) => other.name !== name && other.profiles.get("micro") === profiles.get("micro"));
    return !isTwin || !profiles.has("micro");
  });
  return ["| experiment | of the paper | profiles | largest needs |", "|---|---|---|---|", ...listed.map(row)].join(
    "\n",
  );
}

describe("docs/experiments.md", () => {
  it("has the matrix that the presets make", () => {
    const [, written] = /<!-- matrix -->\n([\s\S]*?)\n<!-- \/matrix -->/.exec(docs)!;
    expect(written).toBe(matrix());
  });

  it("names no profile and no experiment that does not exist", () => {
    const known = new Set(families.map(({ name }) => name));
    const named = docs.match(/\b(?:gsm8k|bird|saferpaca|micro-math)\/[a-z0-9-]+/g) ?? [];
    expect(named.length).toBeGreaterThan(20);
    // The one that is named to say that it does not exist.
    expect(named.filter((name) => !known.has(name) && name !== "saferpaca/corora")).toEqual([]);
    for (const profile of PROFILES) expect(docs).toContain(`| \`${profile}\` |`);
  });
});
