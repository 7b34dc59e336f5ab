import { LabError, nearestName } from "../../core/index.js";
import type { Verb } from "../../steps/index.js";

/** An accelerator that a plan can be priced for. */
export interface Device {
  readonly name: string;
  readonly title: string;
  /** Peak of dense bfloat16 matrix products with float32 sums, operations a second; published, not measured. */
  readonly peak: number;
  readonly memoryBytes: number;
}

const GB = 1e9;

/** Published figures; without sparsity, which halves what data sheets print in large type. */
export const devices: readonly Device[] = [
  // NVIDIA H100 data sheet (SXM): 1,979 TFLOP/s with sparsity, 80 GB.
  { name: "h100", title: "NVIDIA H100 SXM", peak: 989e12, memoryBytes: 80 * GB },
  // NVIDIA A100 data sheet (80 GB SXM): 312 TFLOP/s, 624 with sparsity.
  { name: "a100-80gb", title: "NVIDIA A100 80 GB", peak: 312e12, memoryBytes: 80 * GB },
  // NVIDIA H200 data sheet (SXM): the H100's arithmetic with 141 GB.
  { name: "h200", title: "NVIDIA H200 SXM", peak: 989e12, memoryBytes: 141 * GB },
  // NVIDIA Ada GPU architecture whitepaper, appendix A: 165.2 TFLOP/s, 330.3 with sparsity.
  { name: "rtx-4090", title: "NVIDIA GeForce RTX 4090", peak: 165.2e12, memoryBytes: 24 * GB },
];

/** Names that `--device` takes: `cpu` is this machine with the embedded engine. */
export const DEVICES: readonly string[] = [...devices.map(({ name }) => name), "cpu"];

/**
 * The accelerator of that name; undefined for `cpu`.
 *
 * @throws LabError `name-unknown` with the nearest name.
 * @example
 * deviceByName("h100")?.memoryBytes; // 80000000000
 */
export function deviceByName(name: string): Device | undefined {
  if (name === "cpu") return undefined;
  const found = devices.find((device) => device.name === name);
  if (found) return found;
  const near = nearestName(name, DEVICES);
  throw new LabError("name-unknown", `there is no device ${JSON.stringify(name)}`, {
    hint: near ? `did you mean ${near}?` : `devices: ${DEVICES.join(", ")}`,
  });
}

/**
 * Share of a device's peak that a step is ASSUMED to reach, recomputed operations counted. These are the kit's assumptions, not measurements:
 * short sequences one at a time train below what long ones in large batches reach (PaLM, appendix B: 46 %), and answers are made one token at a
 * time, which memory bounds, not arithmetic.
 */
export const assumedUtilisation: Readonly<Record<Verb, number>> = {
  pretrain: 0.4,
  sft: 0.3,
  dpo: 0.3,
  evaluator: 0.3,
  sample: 0.1,
  score: 0.3,
};

/**
 * Hours of one such device for so many operations of a verb, at the assumed utilisation.
 *
 * @example
 * deviceHours(deviceByName("h100")!, "sft", 1e18); // 0.94
 */
export function deviceHours(device: Device, verb: Verb, flops: number): number {
  return flops / (device.peak * assumedUtilisation[verb]) / 3600;
}
