import type { Decoding } from "../../steps/index.js";
import type { Checkpoint } from "../checkpoint.js";
import { Graph, type Shape, type Value } from "../onnx/graph.js";
import { beamStep, drawnToken, likeliestToken } from "./choice.js";
import {
  type DecoderWeights,
  decoderWeights,
  feedForward,
  linear,
  reshape,
  rmsNorm,
  rotate,
  thirds,
} from "./decoder.js";
import { type Carried, LoopBuilder } from "./loop.js";

/** Added to attention scores of keys that a row must not see: exp of it is exactly 0, and sums with it stay finite. */
export const HIDDEN = -1e9;

/** Of what the loop leaves, the part that is not already known outside. */
const WANTED = /^(recent_key_\d+|recent_value_\d+|tokens|logprobs|candidates|totals)$/;

export interface SegmentOptions {
  readonly decoding: Decoding;
  /** Rows in a group. */
  readonly width: number;
  readonly eosId: number;
  /** Length of the rotary tables. */
  readonly positions: number;
}

/** Keys and values of one layer, or one of the two pieces that they come in: float32 [groups, heads, keys, headSize]. */
interface KeyValue<T> {
  readonly key: T;
  readonly value: T;
}

/** Which keys each row sees, as biases [groups (or 1), width, keys]; undefined: all of them. */
interface Views {
  readonly past: Value;
  readonly recent: Value | undefined;
}

/**
 * The model that continues answers by up to `trips` tokens in one run.
 *
 * Rows come in groups of `width` that share one prompt (the beams, or the samples, of a question) and one pool of keys: a bias says
 * which row may see which key, so that beams are reordered by moving a few bias rows and never the cache itself. Keys of earlier
 * runs (`past`) are read in place by every trip; only those of this run (`recent`, a step's rows side by side) grow inside the loop.
 *
 * Inputs: `trips` int64 []; `token` int32 [groups, width], what each row reads first; `position` int64 [groups, width], where it
 * stands; `bias` float32 [groups, width, past], 0 or HIDDEN; `past_key_0`, `past_value_0`, ... float32 [groups, heads, past,
 * headSize]; for temperatures `uniform` float32 [trips, groups, width]; for beams `cumulative` float32 [groups, width].
 *
 * Outputs: `recent_key_0`, `recent_value_0`, ... float32 [groups, heads, trips * width, headSize]; and per step either `tokens`
 * int32 [trips, groups, width] with `logprobs` float32 alike, or for beams the 2 * width best continuations, best first:
 * `candidates` int32 [trips, groups, 2 * width] (beam * vocabulary + token) with `totals` float32 alike.
 */
export function segmentModel(checkpoint: Checkpoint, options: SegmentOptions): Uint8Array {
  const { decoding, width } = options;
  const graph = new Graph("segment");
  const weights = decoderWeights(graph, checkpoint, options.positions);
  const trips = graph.input("trips", "int64", []);
  const token = graph.input("token", "int32", ["groups", width]);
  const position = graph.input("position", "int64", ["groups", width]);
  const loop = new LoopBuilder(graph, "step");
  const reading = loop.carry("reading", token, ["groups", width]);
  const at = loop.body.node("Add", [position, loop.iteration], { type: "int64", shape: position.shape });

  const sight = decoding.kind === "beam" ? beamSight(graph, loop, width) : fixedSight(graph, loop, width);
  const logits = decoderStep({ graph, loop, weights, width, token: reading.inside, at, views: sight.views });
  if (decoding.kind === "beam") {
    const cumulative = graph.input("cumulative", "float32", ["groups", width]);
    const before = loop.carry("before", cumulative, ["groups", width]);
    const step = beamStep(loop.body, logits, before.inside, {
      width,
      vocabSize: weights.vocabSize,
      eosId: options.eosId,
    });
    reading.next(step.token);
    before.next(step.total);
    sight.reorder(step.parent);
    loop.collect("candidates", step.candidates);
    loop.collect("totals", step.totals);
  } else {
    const draw = (temperature: number): ReturnType<typeof drawnToken> => {
      const uniform = graph.input("uniform", "float32", ["trips", "groups", width]);
      return drawnToken(loop.body, logits, temperature, uniform, loop.iteration, width);
    };
    const step = decoding.kind === "greedy" ? likeliestToken(loop.body, logits, width) : draw(decoding.temperature);
    reading.next(step.token);
    loop.collect("tokens", step.token);
    loop.collect("logprobs", step.logprob);
  }
  for (const [name, value] of loop.close(trips)) {
    if (WANTED.test(name)) graph.output(value, name);
  }
  return graph.toModel();
}

interface Sight {
  readonly views: Views;
  /** Gives each beam the sight of the beam that it continues; int64 [groups, width]. */
  reorder(parent: Value): void;
}

/** Rows that never change places: each sees its own keys, the same in every group. */
function fixedSight(graph: Graph, loop: LoopBuilder, width: number): Sight {
  const past = spread(graph, graph.input("bias", "float32", ["groups", width, "past"]));
  const reorder = (): void => {};
  if (width === 1) return { views: { past, recent: undefined }, reorder };
  const none = graph.constant(new Float32Array(0), [1, width, 0]);
  const carried = loop.carry("recent_view", none, [1, width, "recent"]);
  const recent = append(loop.body, [carried.inside, diagonal(graph, width)], 2);
  carried.next(recent);
  return { views: { past, recent: spread(loop.body, recent) }, reorder };
}

/** Beams: what a beam sees is carried through the loop and goes to those that continue it. */
function beamSight(graph: Graph, loop: LoopBuilder, width: number): Sight {
  const { body } = loop;
  const bias = graph.input("bias", "float32", ["groups", width, "past"]);
  const past = loop.carry("past_view", bias, ["groups", width, "past"]);
  const recent = loop.carry("recent_view", without(graph, bias), ["groups", width, "recent"]);
  const size = graph.node("Shape", [bias], { type: "int64", shape: [3] });
  const groups = graph.node("Gather", [size, graph.ints(0)], { type: "int64", shape: [1] });
  const each = append(graph, [groups, graph.ints(1, 1)], 0);
  const own = graph.node("Expand", [diagonal(graph, width), each], {
    type: "float32",
    shape: ["groups", width, width],
  });
  const recentView = append(body, [recent.inside, own], 2);
  return {
    views: { past: spread(body, past.inside), recent: spread(body, recentView) },
    reorder: (parent) => {
      const indices = body.node("Unsqueeze", [parent, body.ints(2)], { type: "int64", shape: ["groups", width, 1] });
      const follow = (view: Value): Value =>
        body.node(
          "GatherND",
          [view, indices],
          { type: "float32", shape: view.shape },
          { attributes: { batch_dims: 1 } },
        );
      past.next(follow(past.inside));
      recent.next(follow(recentView));
    },
  };
}

interface StepInputs {
  readonly graph: Graph;
  readonly loop: LoopBuilder;
  readonly weights: DecoderWeights;
  readonly width: number;
  readonly token: Value;
  readonly at: Value;
  readonly views: Views;
}

/** One token for every row: the decoder, with its caches carried. @returns logits [rows, vocabulary]. */
function decoderStep({ graph, loop, weights, width, token, at, views }: StepInputs): Value {
  const { body } = loop;
  const { heads, headSize, normEps } = weights;
  let x = body.node("Gather", [weights.embedding, reshape(body, token, [-1], ["rows"])], {
    type: "float32",
    shape: ["rows", weights.width],
  });
  let counts: Value | undefined;
  weights.layers.forEach((layer, index) => {
    const past: KeyValue<Value> = {
      key: graph.input(`past_key_${index}`, "float32", ["groups", heads, "past", headSize]),
      value: graph.input(`past_value_${index}`, "float32", ["groups", heads, "past", headSize]),
    };
    const carried: KeyValue<Carried> = {
      key: loop.carry(`recent_key_${index}`, without(graph, past.key), ["groups", heads, "recent", headSize]),
      value: loop.carry(`recent_value_${index}`, without(graph, past.value), ["groups", heads, "recent", headSize]),
    };
    const normed = rmsNorm(body, x, layer.inputNorm, normEps);
    const all = byHead(body, linear(body, normed, layer.attention), weights, width);
    const [query, key, value] = thirds(body, all, 1, heads);
    const recent: KeyValue<Value> = {
      key: append(body, [carried.key.inside, rotate(body, key, at, weights)], 2),
      value: append(body, [carried.value.inside, value], 2),
    };
    carried.key.next(recent.key);
    carried.value.next(recent.value);
    // The same in every layer.
    counts ??= append(body, [keyCount(body, past.key), keyCount(body, recent.key)], 0);
    const mixed = attention(body, rotate(body, query, at, weights), [past, recent], counts, views);
    x = feedForward(body, linear(body, byRow(body, mixed, weights, width), layer.output, x), layer, normEps);
  });
  return linear(body, rmsNorm(body, x, weights.finalNorm, normEps), weights.head);
}

/**
 * Attention over two pieces of keys, without joining them.
 * @param query [groups, heads, width, headSize]. @param counts how many keys each piece has, int64 [2].
 */
function attention(
  graph: Graph,
  query: Value,
  [past, recent]: readonly [KeyValue<Value>, KeyValue<Value>],
  counts: Value,
  views: Views,
): Value {
  const [groups, heads, width] = query.shape as [string, number, number];
  const float = "float32" as const;
  const score = (keys: Value, view: Value | undefined): Value => {
    const shape = [groups, heads, width, keys.shape[2]!];
    const attributes = { transB: 1 };
    const scores = graph.node(
      "FusedMatMul",
      [query, keys],
      { type: float, shape },
      { domain: "com.microsoft", attributes },
    );
    return view ? graph.node("Add", [scores, view], { type: float, shape }) : scores;
  };
  const scores = append(graph, [score(past.key, views.past), score(recent.key, views.recent)], 3);
  const shares = graph.node("Softmax", [scores], { type: float, shape: scores.shape }, { attributes: { axis: 3 } });
  const [pastShares, recentShares] = graph.nodes(
    "Split",
    [shares, counts],
    [past, recent].map(({ key }) => ({ type: float, shape: [groups, heads, width, key.shape[2]!] })),
    { attributes: { axis: 3 } },
  );
  const mix = (from: Value, values: Value): Value =>
    graph.node("MatMul", [from, values], { type: float, shape: query.shape });
  return graph.node("Add", [mix(pastShares!, past.value), mix(recentShares!, recent.value)], {
    type: float,
    shape: query.shape,
  });
}

function keyCount(graph: Graph, keys: Value): Value {
  const size = graph.node("Shape", [keys], { type: "int64", shape: [4] });
  return graph.node("Gather", [size, graph.ints(2)], { type: "int64", shape: [1] });
}

/** Query, key and value [rows, 3 * width of the model] to [groups, 3 * heads, rows of a group, headSize]. */
function byHead(graph: Graph, x: Value, weights: DecoderWeights, width: number): Value {
  const { headSize } = weights;
  const heads = 3 * weights.heads;
  if (width === 1) return reshape(graph, x, [-1, heads, 1, headSize], ["groups", heads, 1, headSize]);
  const split = reshape(graph, x, [-1, width, heads, headSize], ["groups", width, heads, headSize]);
  const shape: Shape = ["groups", heads, width, headSize];
  return graph.node("Transpose", [split], { type: "float32", shape }, { attributes: { perm: [0, 2, 1, 3] } });
}

/** What attention mixed, [groups, heads, rows of a group, headSize], back to [rows, width of the model]. */
function byRow(graph: Graph, x: Value, weights: DecoderWeights, width: number): Value {
  const shape = ["groups", width, weights.heads, weights.headSize];
  const rows =
    width === 1 ? x : graph.node("Transpose", [x], { type: "float32", shape }, { attributes: { perm: [0, 2, 1, 3] } });
  return reshape(graph, rows, [-1, weights.width], ["rows", weights.width]);
}

/** Joins tensors along an axis. */
function append(graph: Graph, parts: readonly Value[], axis: number): Value {
  const last = parts.at(-1)!;
  const shape = last.shape.map((length, index) => (index === axis ? "joined" : length));
  return graph.node("Concat", parts, { type: last.type, shape }, { attributes: { axis } });
}

/** A view [groups, width, keys] with an axis for the heads. */
function spread(graph: Graph, view: Value): Value {
  const [groups, ...rest] = view.shape;
  return graph.node("Unsqueeze", [view, graph.ints(1)], { type: "float32", shape: [groups!, 1, ...rest] });
}

/** A tensor like `x` with no keys (axis 2): where what grows in the loop starts. */
function without(graph: Graph, x: Value): Value {
  const zero = graph.ints(0);
  const shape = x.shape.map((length, index) => (index === 2 ? 0 : length));
  return graph.node("Slice", [x, zero, zero, graph.ints(2)], { type: x.type, shape });
}

/** A step's own keys, [1, width, width]: each row sees its own. */
function diagonal(graph: Graph, width: number): Value {
  const data = Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 0 : HIDDEN));
  return graph.constant(data, [1, width, width]);
}
