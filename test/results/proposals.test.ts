import { expect, it } from "vitest";
import type { RunRecord } from "../../kernel-lib/src/experiments/index.js";
import { proposalsFrame, shareInterval } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

/** Counts by hand for one arm, two seeds; the others have none, as older records. */
function counted(): RunRecord {
  const run = syntheticRun({ seeds: [0, 1], questions: 50 });
  const counts = [
    { disputed: 500, onlyProposalCorrect: 100, onlyLabelCorrect: 50 },
    { disputed: 300, onlyProposalCorrect: 60, onlyLabelCorrect: 90 },
  ];
  const points = run.points.map((point) =>
    point.arm === "ILR (oracle)" && point.round < 3 ? { ...point, ...counts[point.seed]! } : point,
  );
  return { ...run, points };
}

it("says how often the two disagree and who is right then, seeds together, where the record has it", () => {
  const rows = proposalsFrame(counted()).objects() as Record<string, number | string>[];
  expect(rows.map(({ arm, round }) => [arm, round])).toEqual([
    ["ILR (oracle)", 1],
    ["ILR (oracle)", 2],
  ]);
  const [row] = rows;
  expect(row).toMatchObject({ seeds: 2, disputed: 400 });
  expect(row!.onlyProposal).toBeCloseTo((100 * 160) / 800, 10);
  expect(row!.onlyLabel).toBeCloseTo((100 * 140) / 800, 10);
  const { value, low, high } = shareInterval([
    { right: 100, count: 150 },
    { right: 60, count: 150 },
  ]);
  expect([row!.wins, row!.winsLow, row!.winsHigh]).toEqual([100 * value, 100 * low, 100 * high]);
});

it("has no winner where no disagreement has one", () => {
  const run = counted();
  const points = run.points.map((point) =>
    typeof point.disputed === "number" ? { ...point, onlyProposalCorrect: 0, onlyLabelCorrect: 0 } : point,
  );
  const rows = proposalsFrame({ ...run, points }).objects();
  expect(rows[0]).toMatchObject({ disputed: 400, onlyProposal: 0, wins: null, winsLow: null });
});
