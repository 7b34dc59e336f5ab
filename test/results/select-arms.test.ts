import { expect, it } from "vitest";
import { armCurves, armsFrame, selectArms } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

const run = syntheticRun({ seeds: [0, 1], questions: 100 });

it("keeps the points and the descriptions of the named arms, as they were", () => {
  const few = selectArms(run, ["DPO (oracle)", "SFT"]);
  expect(armCurves(few).map(({ arm }) => arm)).toEqual(["SFT", "DPO (oracle)"]);
  expect(few.points).toEqual(run.points.filter(({ arm }) => arm === "SFT" || arm === "DPO (oracle)"));
  expect(few.provenance.experiment.arms.map(({ name }) => name)).toEqual(["SFT", "DPO (oracle)"]);
  const gain = (of: typeof run) =>
    (armsFrame(of).objects() as { arm: string; gain: number }[]).find(({ arm }) => arm === "DPO (oracle)");
  expect(gain(few)).toEqual(gain(run));
});

it("refuses arms that the run does not have, and none at all", () => {
  expect(() => selectArms(run, ["SFT", "DPO (oracel)"])).toThrow(
    expect.objectContaining({ code: "name-unknown", hint: 'did you mean "DPO (oracle)"?' }),
  );
  expect(() => selectArms(run, [])).toThrow(expect.objectContaining({ code: "config-invalid" }));
});
