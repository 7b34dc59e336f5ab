/** Runs of the studies' presets, made without any training. Their numbers are plausible, no more. */
import { type ExperimentInput, presetByName, type RunRecord } from "../../kernel-lib/src/experiments/index.js";
import { DPO_RATES } from "../../kernel-lib/src/experiments/presets/micro-math-phase.js";
import { type SweepOptions, type SyntheticArm, syntheticSweep } from "../results/synthetic-run.js";

type Size = Pick<SweepOptions, "seeds" | "questions" | "rounds">;

const small: Size = { seeds: [0, 1], questions: 400, rounds: 3 };

/** How often a source is right on the pairs that it meets. */
function reliabilityOf({ comparisons }: SyntheticArm): number {
  if (typeof comparisons === "object") return "own" in comparisons ? 0.5 : comparisons.noisyOracle;
  return comparisons === "oracle" ? 1 : 0.48;
}

/** `micro-math/beta-sweep`: the smaller beta, the further a policy goes, to where its comparisons lead. */
export function betaSweep(size: Size = small): RunRecord {
  const reach = ({ beta = 0.1 }: SyntheticArm, round: number): number => (0.03 * round) / beta ** 0.8;
  return syntheticSweep(presetByName("micro-math/beta-sweep"), {
    ...size,
    accuracy: (arm, round) => {
      if (arm.method !== "dpo") return arm.method === "weak" ? 0.5 : 0.57;
      const far = reach(arm, round);
      return 0.57 + 0.12 * (reliabilityOf(arm) - 0.55) * Math.sqrt(far) - 0.03 * far;
    },
    fields: (arm, round) =>
      arm.method === "dpo"
        ? {
            ...{ kl: reach(arm, round) * (1.4 - 0.5 * reliabilityOf(arm)), klError: 0.1 * reach(arm, round) },
            ...{ comparisonAccuracy: reliabilityOf(arm), comparisonCount: 400 },
          }
        : {},
  });
}

/** `micro-math/ora` or `micro-math/corora`. */
export function oracleRun(study: "ora" | "corora", size: Size = small): RunRecord {
  const start = study === "ora" ? 0.57 : 0.66;
  return syntheticSweep(presetByName(`micro-math/${study}`), {
    ...size,
    accuracy: ({ method }, round) => ({ ilr: 0.03, dpo: 0.014 })[method as string]! * round + start || start,
    fields: ({ method }, round) =>
      method === "weak"
        ? { labelAccuracy: 0.51 }
        : method === "ilr"
          ? { labelAccuracy: study === "ora" ? 0.51 + 0.1 * round : 1, accepted: 300, fixed: 200, broken: 0 }
          : {},
  });
}

/** `saferpaca/human`, at the size of a test. */
export function humanRun(size: Size = small): RunRecord {
  return syntheticSweep(presetByName("saferpaca/human"), {
    ...size,
    accuracy: ({ method }, round) => 0.4 + (method === "ilr" ? 0.03 : -0.01) * round,
  });
}

/** A preset of another task with the arms of `micro-math/main`, to stand beside it. */
export function otherTask(task: string, size: Size = small): RunRecord {
  const preset = presetByName("micro-math/main");
  return syntheticSweep({ ...preset, task, name: `${task}/main` } as ExperimentInput, {
    ...size,
    accuracy: ({ method }, round) =>
      ({ weak: 0.3, sft: 0.4, "sft-ground-truth": 0.7, ilr: 0.4 + 0.02 * round, dpo: 0.4 - 0.01 * round })[
        method as string
      ] ?? 0.41,
  });
}

/**
 * `micro-math/phase`: ILR gains with the accuracy of comparisons and with alpha, DPO less. The best learning rate on validation is the second below an
 * accuracy of 0.8 and the third from there on; on test the first would win everywhere. Only the third goes as far from SFT as ILR.
 */
export function phaseRun(size: Size = small): RunRecord {
  const rateOf = ({ lr }: SyntheticArm): number => DPO_RATES.indexOf(lr!);
  return syntheticSweep(presetByName("micro-math/phase"), {
    ...size,
    accuracy: (arm, round) => {
      const reliability = reliabilityOf(arm);
      if (arm.method === "ilr") return 0.57 + 0.05 * round * (reliability - 0.62) * (arm.alpha ?? 0.15) ** 0.4 * 2;
      return arm.method === "dpo" ? 0.57 + 0.02 * round * (reliability - 0.5) - 0.004 * rateOf(arm) : 0.57;
    },
    fields: (arm, round, seed) => {
      if (arm.method === "ilr") return { kl: 0.3 + 0.2 * round * (arm.alpha ?? 0.15), klError: 0.02 };
      if (arm.method !== "dpo") return {};
      const best = reliabilityOf(arm) < 0.8 ? 1 : 2;
      const validationAccuracy = 0.58 - 0.01 * Math.abs(rateOf(arm) - best) + 0.001 * seed;
      return { kl: 0.01 * round * 10 ** rateOf(arm) * 0.3 * reliabilityOf(arm), klError: 0.003, validationAccuracy };
    },
  });
}
