/** How the next token is chosen, as nodes of the loop's body. */
import type { Graph, Value } from "../onnx/graph.js";
import { reshape } from "./decoder.js";

/** What a row writes: int32 and float32, both [groups, width]. Log-probabilities are at temperature 1, in nats. */
export interface Chosen {
  readonly token: Value;
  readonly logprob: Value;
}

/** Greedy decoding. @param logits float32 [rows, vocabulary]. */
export function likeliestToken(graph: Graph, logits: Value, width: number): Chosen {
  const token = graph.node("ArgMax", [logits], { type: "int64", shape: ["rows", 1] }, { attributes: { axis: 1 } });
  return chosen(graph, logits, token, width);
}

/**
 * Draws from softmax(logits / temperature) by inverting its distribution function: the first token whose cumulative probability is
 * above the row's uniform number. Which number a row gets is decided outside, so answers do not depend on batching.
 *
 * @param uniform float32 [trips, groups, width], multiples of 2^-23 in [0, 1): then uniform * total < total holds in float32
 * too, and a token of probability 0 is never drawn.
 */
export function drawnToken(
  graph: Graph,
  logits: Value,
  temperature: number,
  uniform: Value,
  iteration: Value,
  width: number,
): Chosen {
  const { shape } = logits;
  const float = "float32" as const;
  const scaled = graph.node("Mul", [logits, graph.scalar(1 / temperature)], { type: float, shape });
  const probabilities = graph.node("Softmax", [scaled], { type: float, shape }, { attributes: { axis: 1 } });
  const distribution = graph.node("CumSum", [probabilities, graph.constant([1], [], "int64")], { type: float, shape });
  const last = graph.ints(-1);
  const end = graph.ints(Number.MAX_SAFE_INTEGER);
  const total = graph.node("Slice", [distribution, last, end, graph.ints(1)], { type: float, shape: ["rows", 1] });
  const drawn = graph.node("Gather", [uniform, iteration], { type: float, shape: ["groups", width] });
  const level = graph.node("Mul", [reshape(graph, drawn, [-1, 1], ["rows", 1]), total], {
    type: float,
    shape: ["rows", 1],
  });
  const below = graph.node("LessOrEqual", [distribution, level], { type: "bool", shape });
  const counted = graph.node("Cast", [below], { type: "int32", shape }, { attributes: { to: 6 } });
  const token = graph.node("ReduceSum", [counted, graph.ints(1)], { type: "int32", shape: ["rows", 1] });
  return chosen(graph, logits, token, width);
}

function chosen(graph: Graph, logits: Value, token: Value, width: number): Chosen {
  const all = graph.node("LogSoftmax", [logits], { type: "float32", shape: logits.shape }, { attributes: { axis: 1 } });
  const own = graph.node(
    "GatherElements",
    [all, token],
    { type: "float32", shape: ["rows", 1] },
    { attributes: { axis: 1 } },
  );
  const narrow =
    token.type === "int32"
      ? token
      : graph.node("Cast", [token], { ...token, type: "int32" }, { attributes: { to: 6 } });
  return {
    token: reshape(graph, narrow, [-1, width], ["groups", width]),
    logprob: reshape(graph, own, [-1, width], ["groups", width]),
  };
}

/** One step of beam search: the 2 * width best continuations, and the width best of those that go on. */
export interface BeamStep {
  /** int32 [groups, 2 * width]: beam * vocabulary + token, best first. */
  readonly candidates: Value;
  /** float32 [groups, 2 * width]: their summed log-probabilities. */
  readonly totals: Value;
  /** int32 [groups, width]: tokens of the beams that go on. */
  readonly token: Value;
  /** float32 [groups, width]: their summed log-probabilities. */
  readonly total: Value;
  /** int64 [groups, width]: the beam that each of them continues. */
  readonly parent: Value;
}

/**
 * At most `width` of 2 * width continuations end with EOS (one per beam), so `width` others are always left to go on.
 * @param logits float32 [groups * width, vocabulary]. @param before float32 [groups, width].
 */
export function beamStep(
  graph: Graph,
  logits: Value,
  before: Value,
  sizes: { readonly width: number; readonly vocabSize: number; readonly eosId: number },
): BeamStep {
  const { width, vocabSize, eosId } = sizes;
  const wide = ["groups", 2 * width];
  const float = "float32" as const;
  const logprobs = graph.node(
    "LogSoftmax",
    [logits],
    { type: float, shape: logits.shape },
    { attributes: { axis: 1 } },
  );
  const sums = graph.node("Add", [logprobs, reshape(graph, before, [-1, 1], ["rows", 1])], {
    type: float,
    shape: logits.shape,
  });
  const flat = reshape(graph, sums, [-1, width * vocabSize], ["groups", width * vocabSize]);
  const [totals, best] = topK(graph, flat, 2 * width);
  const vocabulary = graph.constant([vocabSize], [], "int64");
  const parents = graph.node("Div", [best, vocabulary], { type: "int64", shape: wide });
  const tokens = graph.node("Mod", [best, vocabulary], { type: "int64", shape: wide });
  const ends = graph.node("Equal", [tokens, graph.constant([eosId], [], "int64")], { type: "bool", shape: wide });
  const running = graph.node("Where", [ends, graph.scalar(-1e30), totals], { type: float, shape: wide });
  const [total, kept] = topK(graph, running, width);
  const pick = (from: Value): Value =>
    graph.node(
      "GatherElements",
      [from, kept],
      { type: "int64", shape: ["groups", width] },
      { attributes: { axis: 1 } },
    );
  const toInt32 = (value: Value): Value =>
    graph.node("Cast", [value], { type: "int32", shape: value.shape }, { attributes: { to: 6 } });
  return { candidates: toInt32(best), totals, token: toInt32(pick(tokens)), total, parent: pick(parents) };
}

function topK(graph: Graph, x: Value, count: number): readonly [Value, Value] {
  const shape = ["groups", count];
  const [values, indices] = graph.nodes(
    "TopK",
    [x, graph.ints(count)],
    [
      { type: "float32", shape },
      { type: "int64", shape },
    ],
  );
  return [values!, indices!];
}
