import { describe, expect, it } from "vitest";
import { createRunner } from "../../kernel-lib/src/backends/index.js";
import type { ParamsInput } from "../../kernel-lib/src/steps/index.js";
import { formatExplanation } from "../../kernel-lib/src/store/index.js";
import { greedy, lab, plainBackend } from "../backends/fixtures.js";

const sft = (lr: number): ParamsInput<"sft"> => ({ epochs: 1, batchSize: 1, optimizer: { name: "adamw", lr } });

describe("explain", () => {
  it("says that nothing like it is recorded, or that it is cached", async () => {
    const { runner, inputs } = await lab();
    expect(await runner.explain("sample", greedy, inputs, 0)).toMatchObject({ status: "new", differences: [] });
    await runner.step("sample", greedy, inputs, { seed: 0, label: "first" });
    const cached = await runner.explain("sample", greedy, inputs, 0);
    expect(cached.status).toBe("cached");
    expect(formatExplanation(cached)).toContain("would not run");
  });

  it("names the field that changed, against the nearest recorded step", async () => {
    const { runner, inputs } = await lab();
    const data = { model: inputs.model, demonstrations: inputs.prompts };
    await runner.step("sft", sft(0.1), data, { seed: 0, label: "far" });
    await runner.step("sft", { ...sft(0.2), epochs: 3 }, data, { seed: 7, label: "near" });
    const explanation = await runner.explain("sft", { ...sft(0.3), epochs: 3 }, data, 7);
    expect(explanation.status).toBe("changed");
    expect(explanation.nearest!.label).toBe("near");
    expect(explanation.differences).toEqual([{ field: "params.optimizer.lr", was: 0.2, now: 0.3, because: [] }]);
    expect(formatExplanation(explanation)).toContain("params.optimizer.lr: was 0.2, is 0.3");
  });

  it("follows a changed input to the step that made it", async () => {
    const { runner, inputs } = await lab();
    const data = { model: inputs.model, demonstrations: inputs.prompts };
    const [x, y] = [
      await runner.step("sft", sft(0.1), data, { seed: 1, label: "sft" }),
      await runner.step("sft", sft(0.1), data, { seed: 2, label: "sft" }),
    ];
    await runner.step("sample", greedy, { ...inputs, model: x.model! }, { seed: 0, label: "sample" });
    const { differences } = await runner.explain("sample", greedy, { ...inputs, model: y.model! }, 0);
    expect(differences).toEqual([
      {
        field: "inputs.model",
        was: x.model!.ref,
        now: y.model!.ref,
        because: [{ field: "seed", was: 1, now: 2, because: [] }],
      },
    ]);
  });

  it("names a changed trainer and salt", async () => {
    const { runner, inputs, store } = await lab();
    await runner.step("sample", greedy, inputs, { seed: 0, label: "x" });
    const other = createRunner({ store, backend: plainBackend("newer"), salt: "pepper" });
    const { differences } = await other.explain("sample", greedy, inputs, 0);
    expect(differences.map(({ field }) => field)).toEqual(["salt", "trainer"]);
  });

  it("takes the start of a key, of recorded and of failed steps", async () => {
    const { runner, inputs, store } = await lab({ orders: ["fail"] });
    await runner.step("sample", greedy, inputs, { seed: 0, label: "x" }).catch(() => {});
    const [failed] = runner.keys();
    expect(await store.explain(failed!.slice(0, 8))).toMatchObject({ key: failed, status: "new" });
    const options = { label: "d", expectRows: { rows: 0 } };
    await runner.derive("test/empty", {}, {}, options, () => ({ rows: [] }));
    expect(await store.explain(runner.keys()[1]!.slice(0, 8))).toMatchObject({ verb: "test/empty", status: "cached" });
    await expect(store.explain("zzz")).rejects.toMatchObject({ code: "name-unknown" });
  });
});
