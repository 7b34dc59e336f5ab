import type { RunRecord } from "../experiments/index.js";
import { accuracyByRound } from "./accuracy-by-round.js";
import { calibration } from "./calibration.js";
import { comparisonAccuracy } from "./comparison-accuracy.js";
import { dpoOverBeta } from "./dpo-over-beta.js";
import { figure4 } from "./figure-4.js";
import { gainByArm } from "./gain-by-arm.js";
import { gainByKl } from "./gain-by-kl.js";
import { humanStudy } from "./human-study.js";
import { labelAccuracy } from "./label-accuracy.js";
import { labelChanges } from "./label-changes.js";
import { mainFigure } from "./main-figure.js";
import { naiveAblation } from "./naive-ablation.js";
import { phaseAtMatchedKl, phaseDiagram } from "./phase-diagram.js";
import { supervisionQuality } from "./supervision-quality.js";

/** The figures that one run is enough for, by the names that `Run.figure` takes. */
export const figuresByName = {
  main: mainFigure,
  "figure-4": (run: RunRecord) => figure4({ [run.provenance.experiment.task]: run }),
  "accuracy-by-round": accuracyByRound,
  "label-accuracy": labelAccuracy,
  "label-changes": labelChanges,
  "comparison-accuracy": comparisonAccuracy,
  calibration,
  "gain-by-arm": gainByArm,
  "gain-by-kl": gainByKl,
  /** The same, by the name that it had first. */
  "accuracy-by-kl": gainByKl,
  "dpo-over-beta": (run: RunRecord) => dpoOverBeta(run),
  "naive-ablation": naiveAblation,
  "supervision-quality": (run: RunRecord) => supervisionQuality([run]),
  "human-study": humanStudy,
  "phase-diagram": phaseDiagram,
  "phase-at-matched-kl": phaseAtMatchedKl,
} as const;

export type FigureName = keyof typeof figuresByName;
