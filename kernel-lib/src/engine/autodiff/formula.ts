/** Formulas of one column of numbers, elementwise, with their derivatives. What holds no margin is a number and costs no node. */
import type { Formula, FormulaFunction } from "../../steps/index.js";
import type { Graph, Value } from "../onnx/graph.js";
import type { Tape } from "./tape.js";

type Operand = Value | number;

export interface FormulaVariables {
  readonly margin: Value;
  readonly beta: number;
}

/** Writes the formula's value for each element of `margin`; it must depend on the margin, which `parseFormula` sees to. */
export function formulaOf(tape: Tape, formula: Formula, variables: FormulaVariables): Value {
  return operandOf(tape, formula, variables) as Value;
}

function operandOf(tape: Tape, formula: Formula, variables: FormulaVariables): Operand {
  if (formula.kind === "number") return formula.value;
  if (formula.kind === "variable") return variables[formula.name];
  const operands = formula.of.map((part) => operandOf(tape, part, variables));
  const name = formula.kind === "operation" ? formula.operator : formula.name;
  if (operands.every((operand) => typeof operand === "number")) return numbers[name](...operands);
  return operands.length === 2
    ? binary(tape, binaries[name as keyof typeof binaries], operands[0]!, operands[1]!)
    : unary(tape, unaries[name as keyof typeof unaries], operands[0] as Value);
}

const numbers: Readonly<Record<FormulaFunction | "+" | "-" | "*" | "/", (...of: number[]) => number>> = {
  "+": (x, y) => x! + y!,
  "-": (x, y) => x! - y!,
  "*": (x, y) => x! * y!,
  "/": (x, y) => x! / y!,
  exp: (x) => Math.exp(x!),
  log: (x) => Math.log(x!),
  sqrt: (x) => Math.sqrt(x!),
  square: (x) => x! * x!,
  abs: (x) => Math.abs(x!),
  tanh: (x) => Math.tanh(x!),
  sigmoid: (x) => 1 / (1 + Math.exp(-x!)),
  log_sigmoid: (x) => -softplus(-x!),
  softplus: (x) => softplus(x!),
  max: (x, y) => Math.max(x!, y!),
  min: (x, y) => Math.min(x!, y!),
};

/** log(1 + exp(x)) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** A function of one argument: its value y at x, and its slope there. */
interface Unary {
  readonly value: (nodes: Nodes, x: Value) => Value;
  readonly slope: (nodes: Nodes, x: Value, y: Value) => Value;
}

const unaries: Readonly<Record<Exclude<FormulaFunction, "max" | "min">, Unary>> = {
  exp: { value: (n, x) => n.of("Exp", x), slope: (_, __, y) => y },
  log: { value: (n, x) => n.of("Log", x), slope: (n, x) => n.of("Reciprocal", x) },
  sqrt: { value: (n, x) => n.of("Sqrt", x), slope: (n, _, y) => n.of("Div", n.number(0.5), y) },
  square: { value: (n, x) => n.of("Mul", x, x), slope: (n, x) => n.of("Mul", n.number(2), x) },
  abs: { value: (n, x) => n.of("Abs", x), slope: (n, x) => n.of("Sign", x) },
  tanh: { value: (n, x) => n.of("Tanh", x), slope: (n, _, y) => n.of("Sub", n.number(1), n.of("Mul", y, y)) },
  sigmoid: {
    value: (n, x) => n.of("Sigmoid", x),
    slope: (n, _, y) => n.of("Mul", y, n.of("Sub", n.number(1), y)),
  },
  log_sigmoid: {
    value: (n, x) => n.of("Neg", n.of("Softplus", n.of("Neg", x))),
    slope: (n, x) => n.of("Sigmoid", n.of("Neg", x)),
  },
  softplus: { value: (n, x) => n.of("Softplus", x), slope: (n, x) => n.of("Sigmoid", x) },
};

/** A function of two arguments: its node, and what a gradient dz of its value z becomes for either argument. */
interface Binary {
  readonly node: string;
  readonly first: Pullback;
  readonly second: Pullback;
}
type Pullback = (nodes: Nodes, dz: Value, x: Value, y: Value, z: Value) => Value;

/** At a tie both arguments of a maximum get half of the gradient, as in PyTorch. */
const toLarger = (n: Nodes, dz: Value, larger: Value, smaller: Value): Value =>
  n.of("Mul", dz, n.of("Mul", n.number(0.5), n.of("Add", n.number(1), n.of("Sign", n.of("Sub", larger, smaller)))));

// No products with 1: onnxruntime's optimizer removes them and then misses their results.
const binaries: Readonly<Record<"+" | "-" | "*" | "/" | "max" | "min", Binary>> = {
  "+": { node: "Add", first: (_, dz) => dz, second: (_, dz) => dz },
  "-": { node: "Sub", first: (_, dz) => dz, second: (n, dz) => n.of("Neg", dz) },
  "*": { node: "Mul", first: (n, dz, _, y) => n.of("Mul", dz, y), second: (n, dz, x) => n.of("Mul", dz, x) },
  "/": {
    node: "Div",
    first: (n, dz, _, y) => n.of("Div", dz, y),
    second: (n, dz, _, y, z) => n.of("Neg", n.of("Mul", dz, n.of("Div", z, y))),
  },
  max: {
    node: "Max",
    first: (n, dz, x, y) => toLarger(n, dz, x, y),
    second: (n, dz, x, y) => toLarger(n, dz, y, x),
  },
  min: {
    node: "Min",
    first: (n, dz, x, y) => toLarger(n, dz, y, x),
    second: (n, dz, x, y) => toLarger(n, dz, x, y),
  },
};

/** Writes nodes whose result has the shape of a column, or is a number where all inputs are. */
class Nodes {
  constructor(
    private readonly graph: Graph,
    private readonly column: Value,
  ) {}

  number(value: number): Value {
    return this.graph.scalar(value);
  }

  of(operator: string, ...inputs: readonly Value[]): Value {
    const scalar = inputs.every(({ shape }) => shape.length === 0);
    return this.graph.node(operator, inputs, { type: "float32", shape: scalar ? [] : this.column.shape });
  }
}

function unary(tape: Tape, { value, slope }: Unary, x: Value): Value {
  const nodes = new Nodes(tape.graph, x);
  const y = value(nodes, x);
  tape.record([x], [y], ([dy]) => tape.add(x, () => nodes.of("Mul", dy!, slope(nodes, x, y))));
  return y;
}

function binary(tape: Tape, { node, first, second }: Binary, left: Operand, right: Operand): Value {
  const nodes = new Nodes(tape.graph, typeof left === "number" ? (right as Value) : left);
  const [x, y] = [left, right].map((operand) => (typeof operand === "number" ? nodes.number(operand) : operand)) as [
    Value,
    Value,
  ];
  const z = nodes.of(node, x, y);
  tape.record([x, y], [z], ([dz]) => {
    tape.add(x, () => first(nodes, dz!, x, y, z));
    tape.add(y, () => second(nodes, dz!, x, y, z));
  });
  return z;
}
