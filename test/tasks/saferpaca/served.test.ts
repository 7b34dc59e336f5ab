import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openEmbeddingEndpoint, openJudge } from "../../../kernel-lib/src/judge/index.js";
import { type SaferPaca, saferPaca } from "../../../kernel-lib/src/tasks/saferpaca/index.js";
import { embedsLetters, judgeServer, prefersLonger, temporaryFolder, testStore } from "../../judge/judge-server.js";

const rows = (split: string): string =>
  Array.from({ length: 8 }, (_, i) => {
    const row = { id: `${split}-${i}`, question: `question ${i}`, reference: "ref", category: "general" };
    return `${JSON.stringify(row)}\n`;
  }).join("");

it("SaferPaca is graded and compared through a server, and a second run asks it nothing", async () => {
  const data = await temporaryFolder();
  await mkdir(join(data, "saferpaca"));
  for (const split of ["train", "test"]) await writeFile(join(data, "saferpaca", `${split}.jsonl`), rows(split));
  const server = await judgeServer((seen) =>
    seen.path.endsWith("embeddings") ? embedsLetters(seen) : prefersLonger(seen),
  );
  const { store } = await testStore();
  const open = (judgeOrder: "as-described" | "as-released"): SaferPaca => {
    const settings = { model: "m", baseUrl: server.baseUrl };
    return saferPaca({
      data,
      judge: openJudge(settings, { store }),
      embed: openEmbeddingEndpoint(settings, { store }),
      judgeOrder,
    });
  };
  const grade = async (task: SaferPaca): Promise<readonly number[]> => {
    const { test } = task.splits(0);
    return task.grade(test.map((question, i) => ({ question, answer: "x".repeat(i + 1) })));
  };
  const agree = (task: SaferPaca) =>
    task.agree(
      task.splits(0).test.map((question, i) => ({ question, label: "a", proposal: "a".repeat(4) + "b".repeat(i) })),
    );

  const scores = await grade(open("as-described"));
  for (const [i, score] of scores.entries()) expect(score).toBeCloseTo((i + 1) / (i + 4), 12);
  // The more b, the less alike.
  expect(await agree(open("as-described"))).toEqual([true, true, true, true, false, false, false, false]);
  expect(server.seen).toHaveLength(2 * 8 + 1);

  expect(await grade(open("as-described"))).toEqual(scores);
  await agree(open("as-described"));
  // One order is half of both orders.
  for (const [i, score] of (await grade(open("as-released"))).entries()) expect(score).toBeCloseTo(scores[i]!, 12);
  expect(server.seen).toHaveLength(2 * 8 + 1);
});
