/** What a batch is to a graph: tokens packed into one matrix without padding; only attention sees a padded layout, through gathers. */
import type { Tensor } from "onnxruntime-node";
import type { RowExchange } from "./autodiff/gather.js";
import type { Graph, Value } from "./onnx/graph.js";

/** One sequence of a batch: a text, or a prompt (the trunk) with several answers (branches) that do not see each other. */
export interface Sequence {
  readonly ids: readonly number[];
  /** Rotary position of each token; 0, 1, 2, ... when left out. */
  readonly positions?: readonly number[];
  /** 0 for the trunk, k for the k-th branch: a token sees the earlier tokens of the trunk and of its own branch. */
  readonly branches?: readonly number[];
  /** Tokens whose output is used (indices into `ids`, increasing, without repetition). */
  readonly at: readonly number[];
  /** For each of `at`, the token or class to be predicted there. */
  readonly targets: readonly number[];
}

/**
 * Which outputs a graph computes: those of `every` token, or only of the `selected` ones (`Sequence.at`): then the last layer's
 * queries, its feed-forward part and the head skip all others.
 */
export type OutputRows = "every" | "selected";

export type Feeds = Record<string, Tensor>;

/** How one kind of layer exchanges rows with the padded layout. */
interface AttentionInputs {
  /** Query, key and value from one packed matrix [n, 3 * hidden]; or key and value only, from [n, 2 * hidden]. */
  readonly split: RowExchange;
  /** Attention's output back to packed rows. */
  readonly merge: RowExchange;
  /** int64 rotary positions, [n, parts]. */
  readonly positions: Value;
  readonly mask: Value;
}

/** The inputs of a graph that a batch fills. n tokens, m outputs; int32 unless said otherwise. */
export interface BatchInputs {
  /** Token ids [n]. */
  readonly ids: Value;
  /** What each output should be [m, 1]. */
  readonly targets: Value;
  readonly layers: AttentionInputs;
  /** The last layer of a graph with selected rows. */
  readonly last?: AttentionInputs & {
    /** Which tokens are kept [m], and for each token its output or m [n]. */
    readonly kept: Value;
    readonly keptInverse: Value;
    /** int64 rotary positions of the kept tokens, [m, 1]. */
    readonly queryPositions: Value;
    /** The kept queries into the padded layout. */
    readonly query: RowExchange;
  };
}

/** Declares the inputs of a batch. */
export function declareBatch(graph: Graph, heads: number, rows: OutputRows): BatchInputs {
  const index = (name: string, ...shape: (number | string)[]): Value => graph.input(name, "int32", shape);
  const padded = (name: string): Value => index(name, "batch", heads, "time");
  const ids = index("ids", "n");
  const selected = rows === "selected";
  const targets = index("targets", selected ? "m" : "n", 1);
  const layers: AttentionInputs = {
    split: { forward: [padded("query"), padded("key"), padded("value")], inverse: index("unsplit", "n", 3, heads) },
    merge: { forward: [index("merge", "n", heads)], inverse: padded("unmerge") },
    positions: graph.input("positions", "int64", ["n", 3]),
    mask: graph.input("mask", "float32", ["masks", 1, "time", "time"]),
  };
  if (!selected) return { ids, targets, layers };
  const lastQuery = index("lastQuery", "batch", heads, "queries");
  const lastMerge = index("lastMerge", "m", heads);
  return {
    ids,
    targets,
    layers,
    last: {
      split: { forward: [padded("lastKey"), padded("lastValue")], inverse: index("lastUnsplit", "n", 2, heads) },
      merge: { forward: [lastMerge], inverse: lastQuery },
      positions: graph.input("lastPositions", "int64", ["n", 2]),
      mask: graph.input("lastMask", "float32", ["batch", 1, "queries", "time"]),
      kept: index("kept", "m"),
      keptInverse: index("keptInverse", "n"),
      queryPositions: graph.input("queryPositions", "int64", ["m", 1]),
      query: { forward: [lastQuery], inverse: lastMerge },
    },
  };
}
