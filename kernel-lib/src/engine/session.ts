import type { InferenceSession } from "onnxruntime-node";

/**
 * Options of every session. One thread a run, runs side by side: two runs of one thread each do 1.25 times the work of one run with
 * two. Memory patterns would add 70 % to the memory for nothing.
 */
export const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  enableMemPattern: false,
  enableCpuMemArena: true,
  graphOptimizationLevel: "all",
  // Warnings about unused initialisers are of no use to anybody.
  logSeverityLevel: 3,
};
