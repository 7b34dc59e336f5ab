import type { Optimizer } from "../steps/index.js";
import type { Graph, Value } from "./onnx/graph.js";

const SCALAR = { type: "float32", shape: [] } as const;

/** The optimizer's part of a training graph. Parameters, moments and gradient are [rows, width]. */
export interface UpdateNodes {
  readonly parameters: Value;
  /** The moments in the order of `momentNames`. */
  readonly moments: readonly Value[];
  /** Global L2 norm of the gradient before clipping, a scalar. */
  readonly gradientNorm: Value;
}

/** Moments that an optimizer keeps. They are stored divided by (1 - beta), which saves a pass over them. */
export function momentNames(optimizer: Optimizer): readonly string[] {
  return optimizer.name === "adamw" ? ["moment1", "moment2"] : ["square"];
}

/**
 * The scalars of one step, computed in double precision outside the graph.
 * @param step counts from 1.
 */
export function stepScalars(optimizer: Optimizer, lr: number, step: number): Readonly<Record<string, number>> {
  const { name, beta1, beta2, alpha, eps, weightDecay } = optimizer;
  // Both divide by sqrt(v) + eps. With v kept as v / (1 - beta), numerator and eps are divided by sqrt(1 - beta) instead.
  if (name === "rmsprop") {
    const unit = Math.sqrt(1 - alpha);
    return { stepSize: lr / unit, epsilon: eps / unit };
  }
  const root = Math.sqrt(1 - beta2 ** step);
  const unit = Math.sqrt(1 - beta2);
  return {
    stepSize: (lr * (1 - beta1) * root) / ((1 - beta1 ** step) * unit),
    epsilon: (eps * root) / unit,
    ...(weightDecay > 0 ? { keep: 1 - lr * weightDecay } : {}),
  };
}

/**
 * Clipping (as PyTorch's clip_grad_norm_) and one update of AdamW or RMSprop (as PyTorch defines them; weight decay on the first
 * `decayed` rows only). Declares the inputs `moment...` and those of `stepScalars`.
 */
export function writeUpdate(
  graph: Graph,
  optimizer: Optimizer,
  parameters: Value,
  rawGradient: Value,
  decayed: number,
): UpdateNodes {
  const scalar = (name: string): Value => graph.input(name, "float32", []);
  const of = (operator: string, ...inputs: Value[]): Value => graph.node(operator, inputs, parameters);
  const stepSize = scalar("stepSize");
  const epsilon = scalar("epsilon");
  const [first, second] = momentNames(optimizer).map((name) => graph.input(name, "float32", parameters.shape));
  const rawSquares = of("Mul", rawGradient, rawGradient);
  const gradientNorm = graph.node("Sqrt", [total(graph, rawSquares)], SCALAR);
  const clip = clipFactor(graph, gradientNorm, optimizer.clipNorm);
  const clipped = of("Mul", rawGradient, clip);

  const adam = optimizer.name === "adamw";
  const decay = optimizer.weightDecay > 0;
  const gradient = decay && !adam ? addDecay(graph, optimizer, clipped, parameters, decayed) : clipped;
  const start = decay && adam ? scaleFirst(graph, parameters, scalar("keep"), decayed) : parameters;
  const average = (moment: Value, beta: number, value: Value): Value =>
    of("Add", of("Mul", moment, graph.scalar(beta)), value);

  const squares =
    gradient === clipped
      ? of("Mul", rawSquares, graph.node("Mul", [clip, clip], SCALAR))
      : of("Mul", gradient, gradient);
  const square = average((adam ? second : first)!, adam ? optimizer.beta2 : optimizer.alpha, squares);
  const direction = adam ? average(first!, optimizer.beta1, gradient) : gradient;
  const ratio = of("Div", direction, of("Add", of("Sqrt", square), epsilon));
  return {
    parameters: of("Sub", start, of("Mul", ratio, stepSize)),
    moments: adam ? [direction, square] : [square],
    gradientNorm,
  };
}

/** Sum over a matrix, in two levels: a flat float32 sum over millions of numbers drifts. */
export function total(graph: Graph, matrix: Value): Value {
  const [rows, width] = matrix.shape as readonly [number, number];
  const ones = graph.constant(new Float32Array(width).fill(1), [width, 1]);
  const column = graph.node("MatMul", [matrix, ones], { type: "float32", shape: [rows, 1] });
  return graph.node("ReduceSum", [column], SCALAR, { attributes: { keepdims: 0 } });
}

/** min(1, limit / (norm + 1e-6)). */
function clipFactor(graph: Graph, norm: Value, limit: number): Value {
  const factor = graph.node(
    "Div",
    [graph.scalar(limit), graph.node("Add", [norm, graph.scalar(1e-6)], SCALAR)],
    SCALAR,
  );
  return graph.node("Min", [factor, graph.scalar(1)], SCALAR);
}

/** The first `count` rows times a factor, the others as they are. */
function scaleFirst(graph: Graph, matrix: Value, factor: Value, count: number): Value {
  const [head, tail] = splitAt(graph, matrix, count);
  const scaled = graph.node("Mul", [head, factor], head);
  return graph.node("Concat", [scaled, tail], matrix, { attributes: { axis: 0 } });
}

/** PyTorch's RMSprop adds its weight decay to the gradient. */
function addDecay(graph: Graph, { weightDecay }: Optimizer, gradient: Value, parameters: Value, count: number): Value {
  const [head, tail] = splitAt(graph, gradient, count);
  const [decayed] = splitAt(graph, parameters, count);
  const pull = graph.node("Mul", [decayed, graph.scalar(weightDecay)], head);
  return graph.node("Concat", [graph.node("Add", [head, pull], head), tail], gradient, { attributes: { axis: 0 } });
}

function splitAt(graph: Graph, matrix: Value, count: number): readonly [Value, Value] {
  const sizes = [count, (matrix.shape[0] as number) - count];
  const parts = graph.nodes(
    "Split",
    [matrix, graph.ints(...sizes)],
    sizes.map((size) => ({ type: "float32", shape: [size, matrix.shape[1]!] })),
    { attributes: { axis: 0 } },
  );
  return [parts[0]!, parts[1]!];
}
