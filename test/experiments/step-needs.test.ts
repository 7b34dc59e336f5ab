/** What a plan tells a backend before a run. */
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Backend } from "../../kernel-lib/src/backends/index.js";
import {
  parseExperiment,
  planExperiment,
  presetByName,
  runExperiment,
} from "../../kernel-lib/src/experiments/index.js";
import { stepNeeds } from "../../kernel-lib/src/experiments/step-needs.js";
import { temporaryFolder, temporaryStore } from "../backends/fixtures.js";
import { smallExperiment } from "./fixture.js";
import { pretendingBackend } from "./pretending-backend.js";

it("is the most that a step of each verb takes, GPUs included, and nothing of what is in the store", async () => {
  const { store } = await temporaryStore();
  const place = { store, backend: pretendingBackend(), results: join(await temporaryFolder(), "results") };
  const large = parseExperiment(presetByName("gsm8k/main", "paper"));
  const { steps } = await planExperiment(large, place);
  const needs = await stepNeeds(large, place);
  const longest = Math.max(...steps.filter(({ verb }) => verb === "sft").map(({ seconds }) => seconds));
  expect(needs.sft).toEqual({ seconds: longest, accelerators: 1 });
  expect(needs.pretrain).toBeUndefined();

  const small = smallExperiment("rounds.ilr=1");
  expect((await stepNeeds(small, place)).pretrain).toBeDefined();
  const told: Parameters<NonNullable<Backend["expect"]>>[0][] = [];
  await runExperiment(small, { ...place, backend: { ...place.backend, expect: (some) => void told.push(some) } });
  expect(Object.keys(told[0]!).sort()).toEqual(["dpo", "evaluator", "pretrain", "sample", "score", "sft"]);
  expect(await stepNeeds(small, place)).not.toHaveProperty("pretrain");
});
