import { type Params, VERBS, type Verb } from "../../steps/index.js";
import { type ActionRecord, describeMachine, type Machine } from "../../store/index.js";
import { assumedUtilisation, type Device } from "./devices.js";
import { flopsOf } from "./flops.js";
import { modeOf } from "./mode.js";
import type { ModelSize } from "./model-size.js";
import { passesOf, type TypicalTokens } from "./passes.js";

/** How fast a verb is taken to be, and why. */
export interface Rate {
  /** Operations a second of one worker, or of one accelerator. */
  readonly flopsPerSecond: number;
  /** `measured`: by recorded steps of this machine and backend. */
  readonly basis: "measured" | "assumed";
  /** For people, such as "assumed 30 % of 989 TFLOP/s (NVIDIA H100 SXM)". */
  readonly says: string;
}

export type Rates = Readonly<Record<Verb, Rate>>;

/**
 * Operations a second that the embedded engine was seen to reach on one core of a 2020s server CPU, with models of 0.15 to 0.35 million
 * parameters. On another machine they are an assumption. Sampling is slow for its operations: it makes one token at a time.
 */
const engineSpeed: Readonly<Record<Verb, number>> = {
  pretrain: 80e9,
  sft: 80e9,
  dpo: 50e9,
  evaluator: 80e9,
  sample: 15e9,
  score: 50e9,
};

/** What a device is assumed to do; without one, the embedded engine on a core of this machine. */
export function assumedRates(device: Device | undefined): Rates {
  return rates((verb) => {
    if (device === undefined) {
      const says = `assumed ${gigaflops(engineSpeed[verb])} a worker (embedded engine, another machine's core)`;
      return { flopsPerSecond: engineSpeed[verb], basis: "assumed", says };
    }
    const share = assumedUtilisation[verb];
    const says = `assumed ${percent(share)} of ${Math.round(device.peak / 1e12)} TFLOP/s (${device.title})`;
    return { flopsPerSecond: device.peak * share, basis: "assumed", says };
  });
}

/** Less recorded time than this says more about starting up than about computing. */
const ENOUGH_SECONDS = 2;

export interface MeasureOptions {
  readonly tokens: TypicalTokens;
  /** Sizes of models whose making is not recorded, such as base models, by reference. */
  readonly sizeOf?: (ref: string) => ModelSize | undefined;
  /** Records of this backend only. Default: of every one. */
  readonly backend?: string;
  /** Default: this machine. */
  readonly machine?: Machine;
}

/**
 * Rates by what earlier steps took on this machine, and `otherwise` for verbs that have not run here for two seconds. Records do not say
 * which accelerator they ran on, so that nothing is measured for a device by name.
 */
export function measuredRates(records: readonly ActionRecord[], otherwise: Rates, options: MeasureOptions): Rates {
  const { machine = describeMachine(), backend } = options;
  const total = new Map<Verb, { flops: number; seconds: number; steps: number }>();
  const price = recordedFlops(records, options);
  for (const record of records) {
    if (record.document.kind !== "step" || !sameMachine(record.machine, machine)) continue;
    if (backend !== undefined && record.trainer.name !== backend) continue;
    const flops = price(record);
    if (flops === 0) continue;
    const { verb } = record.document.step;
    const sum = total.get(verb) ?? { flops: 0, seconds: 0, steps: 0 };
    total.set(verb, { flops: sum.flops + flops, seconds: sum.seconds + record.seconds, steps: sum.steps + 1 });
  }
  return rates((verb) => {
    const { flops, seconds, steps } = total.get(verb) ?? { flops: 0, seconds: 0, steps: 0 };
    if (seconds < ENOUGH_SECONDS) return otherwise[verb];
    const says = `measured here: ${gigaflops(flops / seconds)} by ${steps} step${steps === 1 ? "" : "s"}`;
    return { flopsPerSecond: flops / seconds, basis: "measured", says };
  });
}

/** Estimated operations of recorded steps: their rows and models are known, their lengths are the task's mean ones. */
function recordedFlops(
  records: readonly ActionRecord[],
  { tokens, sizeOf = () => undefined }: MeasureOptions,
): (record: ActionRecord) => number {
  const facts = new Map(records.flatMap(({ outputs }) => Object.values(outputs).map((output) => [output.ref, output])));
  return ({ document, outputs }) => {
    if (document.kind !== "step") return 0;
    const { verb, params, inputs } = document.step;
    const rows = Object.fromEntries(Object.entries(inputs).map(([name, ref]) => [name, facts.get(ref)?.rows ?? 0]));
    const asked = inputs.base ?? inputs.model;
    // A model that is trained in full is as large as the one it came from.
    const adapts = "lora" in params && params.lora !== undefined;
    const trained = adapts ? undefined : outputs.model?.parameters;
    const known = asked === undefined ? undefined : sizeOf(asked);
    const size = known ?? { parameters: (asked && facts.get(asked as never)?.parameters) ?? trained };
    return flopsOf(passesOf(verb, params as Params<typeof verb>, rows, tokens), size, modeOf(params));
  };
}

function rates(of: (verb: Verb) => Rate): Rates {
  return Object.fromEntries(VERBS.map((verb) => [verb, of(verb)])) as Record<Verb, Rate>;
}

function sameMachine(x: Machine, y: Machine): boolean {
  return x.cpu === y.cpu && x.cores === y.cores && x.platform === y.platform;
}

const gigaflops = (value: number): string => `${Number((value / 1e9).toPrecision(2))} GFLOP/s`;
const percent = (share: number): string => `${Math.round(100 * share)} %`;
