import { describe, expect, it } from "vitest";
import { klDivergence } from "../../kernel-lib/src/methods/index.js";
import type { Params } from "../../kernel-lib/src/steps/index.js";
import { idOf, right, tinyLab } from "./tiny-setting.js";

const number = (id: string): number => Number(id.split("-")[1]);

async function divergence() {
  const lab = await tinyLab({
    // Samples of odd questions are cut off at the length limit.
    finished: ({ row }) => number(idOf(row.prompt)) % 2 === 0,
    answer: ({ row }) => right(idOf(row.prompt), "policy"),
    logprob: ({ id }, model) => (model.name === "policy" ? -1 - number(id) : -3 - 2 * number(id)),
  });
  const models = ["policy", "reference"].map((name) => lab.runner.putModel(name));
  const kl = await klDivergence(lab.setting, models[0]!, models[1]!, "KL");
  return { ...lab, rows: lab.runner.rowsOf(kl) };
}

describe("the KL estimate", () => {
  it("holds the policy's own samples under policy and reference, paired by question", async () => {
    const { rows } = await divergence();
    expect(rows).toEqual([
      { id: "validation-0", policy: -1, reference: -3 },
      { id: "validation-2", policy: -3, reference: -7 },
      { id: "validation-4", policy: -5, reference: -11 },
    ]);
  });

  it("samples the policy once a validation question at temperature 1, and leaves out what was cut off", async () => {
    const { runner } = await divergence();
    const [sampling] = runner.callsOf("sample");
    expect(sampling!.models.model!.name).toBe("policy");
    expect((sampling!.params as Params<"sample">).decoding).toEqual({
      kind: "temperature",
      temperature: 1,
      samples: 1,
    });
    expect((sampling!.rows.prompts as readonly { id: string }[]).map(({ id }) => id)).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => `validation-${i}`),
    );
    expect(runner.callsOf("score").map(({ rows }) => rows.rows!.length)).toEqual([3, 3]);
  });
});
