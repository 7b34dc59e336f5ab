import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stepJsonSchema, VERBS } from "../../kernel-lib/src/steps/index.js";

const path = join(import.meta.dirname, "..", "..", "containers", "contract", "step.schema.json");

describe("the contract as JSON Schema", () => {
  it("is what trainers in other languages read", async () => {
    expect(JSON.parse(await readFile(path, "utf8")), "run: npm run contract").toEqual(stepJsonSchema());
  });

  it("has a document for every verb, and refuses unknown members in each of its objects", () => {
    const { anyOf } = stepJsonSchema() as unknown as { anyOf: { properties: { verb: { const: string } } }[] };
    expect(anyOf.map(({ properties }) => properties.verb.const)).toEqual([...VERBS]);
    const open: string[] = [];
    const visit = (value: unknown, at: string): void => {
      if (typeof value !== "object" || value === null) return;
      if ("properties" in value && !("additionalProperties" in value)) open.push(at);
      for (const [name, member] of Object.entries(value)) visit(member, `${at}/${name}`);
    };
    visit(anyOf, "");
    expect(open).toEqual([]);
  });
});
