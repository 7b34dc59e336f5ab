import { seededRandom } from "../../kernel-lib/src/core/index.js";
import {
  type Arm,
  type ExperimentInput,
  type Point,
  parseExperiment,
  presetByName,
  type RunRecord,
} from "../../kernel-lib/src/experiments/index.js";

export interface SyntheticOptions {
  /** The preset whose arms the run has. Default: "micro-math/main". */
  readonly preset?: string;
  readonly seeds?: readonly number[];
  readonly questions?: number;
  readonly rounds?: number;
  /** Test accuracy at the last round, by arm, in place of the usual one. */
  readonly accuracy?: Readonly<Record<string, number>>;
  readonly arms?: readonly string[];
}

const usual: Readonly<Record<string, number>> = {
  "Weak supervisor": 0.5,
  SFT: 0.57,
  "SFT on ground truth": 0.815,
  "ILR (evaluator)": 0.58,
  "ILR (noisy oracle 0.75)": 0.625,
  "ILR (oracle)": 0.65,
  "Naive ILR": 0.59,
  "DPO (evaluator)": 0.545,
  "DPO (evaluator, as released)": 0.565,
  "DPO (noisy oracle 0.75)": 0.575,
  "DPO (oracle)": 0.6,
};

/** A run as a preset would record it, made without any training: questions have a fixed difficulty, so that arms are paired. */
export function syntheticRun(options: SyntheticOptions = {}): RunRecord {
  const { accuracy = {}, arms, rounds = 3 } = options;
  const target: Readonly<Record<string, number>> = { ...usual, ...accuracy };
  const of = (name: string): number => target[name] ?? target.SFT!;
  return syntheticSweep(presetByName(options.preset ?? "micro-math/main"), {
    ...options,
    accuracy: ({ name }, round) => (round === 0 ? of(name) : target.SFT! + ((of(name) - target.SFT!) * round) / rounds),
    fields: ({ name, method }, round, seed) => methodFields(name, method, round, seed),
    ...(arms && { arms }),
  });
}

/** An arm, or the weak supervisor. */
export type SyntheticArm = Omit<Partial<Arm>, "method"> & { readonly name: string; readonly method: Point["method"] };

export interface SweepOptions extends Pick<SyntheticOptions, "seeds" | "questions" | "rounds" | "arms"> {
  /** Expected test accuracy. */
  readonly accuracy: (arm: SyntheticArm, round: number, seed: number) => number;
  /** What else a point has. */
  readonly fields?: (arm: SyntheticArm, round: number, seed: number) => Partial<Point>;
}

/** The same of any preset. */
export function syntheticSweep(preset: ExperimentInput, options: SweepOptions): RunRecord {
  const { seeds = [0], questions = 2000, rounds = 3, arms, accuracy, fields = () => ({}) } = options;
  const experiment = parseExperiment({
    ...preset,
    seeds: [...seeds],
    arms: preset.arms.filter(({ name }) => arms?.includes(name) ?? true),
  } as ExperimentInput);
  const points = seeds.flatMap((seed) => {
    const random = seededRandom("synthetic", seed);
    const difficulty = Array.from({ length: questions }, () => random.next());
    const point = (arm: SyntheticArm, round: number): Point => {
      const share = accuracy(arm, round, seed);
      const bits = difficulty.map((hard) => (hard + 0.1 * (random.next() - 0.5) < share ? "1" : "0")).join("");
      return { ...blank(seed, arm.name, arm.method, round), ...fields(arm, round, seed), ...tested(bits) };
    };
    return [
      ...(arms && !arms.includes("Weak supervisor") ? [] : [point({ name: "Weak supervisor", method: "weak" }, 0)]),
      ...experiment.arms.flatMap((arm) =>
        arm.method === "sft" || arm.method === "sft-ground-truth"
          ? [point(arm, 0)]
          : Array.from({ length: rounds }, (_, i) => point(arm, i + 1)),
      ),
    ];
  });
  const used = experiment.arms.some(({ comparisons }) => comparisons === "evaluator");
  return {
    points,
    evaluators: used
      ? seeds.map((seed) => ({
          seed,
          validationPairs: 380,
          validationAccuracy: 0.75,
          validationLoss: 0.5,
          calibration: null,
        }))
      : [],
    provenance: {
      experiment,
      versions: { "ilr-lab": "0.1.0", node: "20.20.0" },
      machine: "a processor, 2 cores, linux",
      backend: "embedded",
      started: "2026-01-01T00:00:00.000Z",
      ended: "2026-01-01T00:08:00.000Z",
      wallSeconds: 480,
      stepSeconds: 900,
      counts: { executed: 90, cached: 0 },
      keys: ["a", "b", "c", "d"].map((letter) => letter.repeat(64)),
      bases: { "micro-math-strong/0": "e".repeat(64) },
    },
  };
}

function tested(correct: string): Pick<Point, "correct" | "testCount" | "testAccuracy"> {
  const right = [...correct].filter((bit) => bit === "1").length;
  return { correct, testCount: correct.length, testAccuracy: right / correct.length };
}

function blank(seed: number, arm: string, method: Point["method"], round: number): Point {
  return {
    ...{ seed, arm, method, round, ...tested("1") },
    ...{ labelAccuracy: null, accepted: null, fixed: null, broken: null, proposalAccuracy: null },
    ...{ comparisonAccuracy: null, comparisonCount: null, selectedAccuracy: null, selectedCount: null },
    ...{ kl: null, klError: null, step: null, validationAccuracy: null, calibration: null },
  };
}

function methodFields(arm: string, method: Point["method"], round: number, seed: number): Partial<Point> {
  if (method === "weak") return { labelAccuracy: 0.51 + 0.01 * seed };
  const met = arm.includes("0.75") ? 0.75 : arm.includes("(oracle)") ? 1 : 0.56 - 0.02 * round;
  const compared = arm === "Naive ILR" ? {} : { comparisonAccuracy: met, comparisonCount: 400 };
  if (method === "dpo") {
    return {
      ...compared,
      selectedAccuracy: met,
      selectedCount: 900,
      kl: 0.02 * round + 0.003 * arm.length,
      klError: 0.01,
    };
  }
  if (method !== "ilr" && method !== "naive-ilr") return {};
  const gain = arm === "Naive ILR" ? 0.012 : 0.05 * (met - 0.4);
  const labels = {
    labelAccuracy: 0.51 + 0.01 * seed + gain * round,
    accepted: 300,
    fixed: 60 + 10 * round,
    broken: 30,
  };
  return { ...compared, ...labels, proposalAccuracy: 0.57, kl: 0.4 + 0.2 * round + 0.01 * arm.length, klError: 0.03 };
}
