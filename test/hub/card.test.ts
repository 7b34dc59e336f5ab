import { describe, expect, it } from "vitest";
import { type CardFacts, cardOf } from "../../kernel-lib/src/hub/index.js";

const facts: CardFacts = {
  kind: "model",
  experiment: { name: "gsm8k/main", title: "ILR against DPO", task: "gsm8k", seeds: [0, 1] },
  licence: "gemma",
  bases: [
    { name: "weak", hub: `google/gemma-2b@${"a".repeat(40)}` },
    { name: "strong", digest: "tree:123" },
  ],
  data: "gsm8k",
  versions: { "ilr-lab": "0.1.0" },
  ...{ backend: "docker", machine: "a machine", ended: "2026-01-01T00:00:00.000Z" },
  results: "| arm | round 0 |\n|---|---|\n| SFT | 40.0 |",
  contents: [{ path: "ilr/seed-0/", what: "ILR | <script>alert(1)</script> [x](http://evil)", key: "f".repeat(64) }],
};

/** The metadata block, read as the Hub does: `name: value`, where our values are JSON, which is YAML. */
function metadataOf(card: string): Record<string, unknown> {
  const [, block] = /^---\n([\s\S]*?)\n---\n/.exec(card)!;
  return Object.fromEntries(
    block!.split("\n").map((line) => {
      const [, name, value] = /^(\w+): (.*)$/.exec(line)!;
      return [name, /^["[]/.test(value!) ? JSON.parse(value!) : value];
    }),
  );
}

describe("a card", () => {
  it("says licence, base models and origin where the Hub and people look", () => {
    const card = cardOf(facts);
    expect(metadataOf(card)).toMatchObject({
      license: "gemma",
      base_model: ["google/gemma-2b"],
      pipeline_tag: "text-generation",
    });
    for (const part of [
      "a".repeat(40),
      "tree:123",
      "f".repeat(64),
      "ilr-lab 0.1.0",
      "docker",
      "seeds 0, 1",
      facts.results,
    ]) {
      expect(card).toContain(part);
    }
    expect(card).toMatch(/## Intended use\n\nResearch/);
  });

  it("of a data set claims no model", () => {
    expect(Object.keys(metadataOf(cardOf({ ...facts, kind: "dataset" })))).toEqual(["license", "tags"]);
  });

  it("lets no name become markup, and no licence break the metadata", () => {
    const card = cardOf({ ...facts, licence: 'mit"\nbase_model: stolen' });
    expect(metadataOf(card).license).toBe('mit"\nbase_model: stolen');
    const row = card.split("\n").find((line) => line.startsWith("| `ilr/seed-0/`"))!;
    expect(row.split("|")).toHaveLength(5);
    expect(row).not.toMatch(/<script|\[x\]/);
  });
});
