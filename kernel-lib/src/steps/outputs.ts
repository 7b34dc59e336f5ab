import type { Params, Verb } from "./schema.js";

/** Name of the k-th of `count` checkpoints (k from 1), zero-padded: "checkpoint-03". */
export function checkpointName(k: number): string {
  return `checkpoint-${String(k).padStart(2, "0")}`;
}

/** The outputs that a step must leave, and whether each is one file or a folder (a model). */
export function outputsOf<V extends Verb>(verb: V, params: Params<V>): Readonly<Record<string, "file" | "tree">> {
  switch (verb) {
    case "sample":
      return { answers: "file" };
    case "score":
      return { scores: "file" };
    case "sft": {
      const { checkpoints } = params as Params<"sft">;
      const names = Array.from({ length: checkpoints }, (_, k) => [checkpointName(k + 1), "tree"] as const);
      return { model: "tree", log: "file", ...Object.fromEntries(names) };
    }
    default:
      return { model: "tree", log: "file" };
  }
}
