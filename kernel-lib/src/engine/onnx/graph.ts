/** Builds ONNX models in memory: nodes, initialisers, inputs, outputs and nested graphs (Loop, If bodies). */
import { LabError } from "../../core/index.js";
import { MessageWriter } from "./protobuf.js";

export type ElementType = "float32" | "int32" | "int64" | "bool";
/** A dimension is a number, or a name when it is known only at run time. */
export type Dimension = number | string;
export type Shape = readonly Dimension[];

/** A tensor in a graph: a name and what is known of its type. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

/** Attributes: integers, lists of integers and strings as such; floats as `{ float }`; sub-graphs as Graph. */
export type Attribute = number | string | readonly number[] | { readonly float: number } | Graph;

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** `com.microsoft` for onnxruntime's own operators (FusedMatMul, RotaryEmbedding, ...). */
  readonly domain?: string;
}

const OPSET = 17;
const IR_VERSION = 8;
const ELEMENT_CODES: Record<ElementType, number> = { float32: 1, int32: 6, int64: 7, bool: 9 };

/** One allocator for the names of nodes, values and initialisers: a clash is rejected late and obscurely by onnxruntime. */
class NameAllocator {
  readonly #used = new Map<string, number>();

  take(hint: string): string {
    let count = this.#used.get(hint) ?? 0;
    // A hint may itself look like a numbered name ("Add_1") that is already taken.
    let name = count === 0 ? hint : `${hint}_${count}`;
    while (count > 0 && this.#used.has(name)) name = `${hint}_${++count}`;
    this.#used.set(hint, count + 1);
    if (name !== hint) this.#used.set(name, 1);
    return name;
  }
}

/**
 * A graph under construction. A body graph made by `body()` may use values of its parent.
 *
 * @example
 * const graph = new Graph("twice");
 * const x = graph.input("x", "float32", ["n"]);
 * graph.output(graph.node("Add", [x, x], { type: "float32", shape: ["n"] }), "y");
 * const session = await InferenceSession.create(graph.toModel());
 */
export class Graph {
  readonly name: string;
  readonly #names: NameAllocator;
  readonly #nodes: MessageWriter[] = [];
  readonly #initialisers: MessageWriter[] = [];
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #constants = new Map<string, Value>();

  constructor(name: string, parent?: Graph) {
    this.name = name;
    this.#names = parent ? parent.#names : new NameAllocator();
  }

  /** A nested graph for Loop or If: own inputs and outputs, shared names. */
  body(name: string): Graph {
    return new Graph(name, this);
  }

  get inputs(): readonly Value[] {
    return this.#inputs;
  }

  get outputs(): readonly Value[] {
    return this.#outputs;
  }

  input(name: string, type: ElementType, shape: Shape): Value {
    const value = { name: this.#names.take(name), type, shape };
    this.#inputs.push(value);
    return value;
  }

  /** Declares `value` as an output; `name` renames it (through an Identity node) when given. */
  output(value: Value, name?: string): Value {
    const named =
      name === undefined || name === value.name ? value : this.node("Identity", [value], { ...value, name }, {});
    this.#outputs.push(named);
    return named;
  }

  /** A constant of given data; equal small constants are stored once, but for those that are to have a name of their own. */
  constant(
    data: Float32Array | Int32Array | readonly number[],
    shape: Shape,
    type?: ElementType,
    name?: string,
  ): Value {
    const elementType =
      type ?? (data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : "int64");
    const isSmall = data.length <= 8 && name === undefined;
    const small = isSmall ? `${elementType}:${shape.join(",")}:${Array.from(data).join(",")}` : undefined;
    const known = small === undefined ? undefined : this.#constants.get(small);
    if (known) return known;
    const value: Value = { name: this.#names.take(name ?? "const"), type: elementType, shape };
    const tensor = new MessageWriter();
    for (const dimension of shape) {
      if (typeof dimension !== "number") throw new LabError("internal", `constant with unknown dimension ${dimension}`);
      tensor.int(1, dimension);
    }
    tensor.int(2, ELEMENT_CODES[elementType]).string(8, value.name).bytes(9, rawBytes(data, elementType));
    this.#initialisers.push(tensor);
    if (small !== undefined) this.#constants.set(small, value);
    return value;
  }

  /** A float32 scalar. */
  scalar(value: number): Value {
    return this.constant(Float32Array.of(value), []);
  }

  /** int64 list, as Reshape, Slice and friends want it. */
  ints(...values: readonly number[]): Value {
    return this.constant(values, [values.length], "int64");
  }

  /** Adds a node with one output. */
  node(
    operator: string,
    inputs: readonly (Value | undefined)[],
    result: { readonly type: ElementType; readonly shape: Shape; readonly name?: string },
    options: NodeOptions = {},
  ): Value {
    return this.nodes(operator, inputs, [result], options)[0]!;
  }

  /** Adds a node with several outputs; an undefined input is an optional one left out. */
  nodes(
    operator: string,
    inputs: readonly (Value | undefined)[],
    results: readonly { readonly type: ElementType; readonly shape: Shape; readonly name?: string }[],
    options: NodeOptions = {},
  ): readonly Value[] {
    const outputs = results.map(
      ({ type, shape, name }): Value => ({ name: this.#names.take(name ?? operator), type, shape }),
    );
    const node = new MessageWriter();
    for (const input of inputs) node.string(1, input?.name ?? "");
    for (const output of outputs) node.string(2, output.name);
    node.string(3, this.#names.take(`node_${operator}`)).string(4, operator);
    for (const [name, value] of Object.entries(options.attributes ?? {})) node.message(5, attribute(name, value));
    if (options.domain !== undefined) node.string(7, options.domain);
    this.#nodes.push(node);
    return outputs;
  }

  /** The serialised ModelProto, as InferenceSession.create takes it. */
  toModel(): Uint8Array {
    const opset = (domain: string, version: number): MessageWriter =>
      new MessageWriter().string(1, domain).int(2, version);
    return new MessageWriter()
      .int(1, IR_VERSION)
      .string(2, "ilr-lab")
      .message(7, this.toProto())
      .message(8, opset("", OPSET))
      .message(8, opset("com.microsoft", 1))
      .finish();
  }

  /** The GraphProto, for bodies. */
  toProto(): MessageWriter {
    const proto = new MessageWriter();
    for (const node of this.#nodes) proto.message(1, node);
    proto.string(2, this.name);
    for (const initialiser of this.#initialisers) proto.message(5, initialiser);
    for (const input of this.#inputs) proto.message(11, valueInfo(input));
    for (const output of this.#outputs) proto.message(12, valueInfo(output));
    return proto;
  }
}

function rawBytes(data: Float32Array | Int32Array | readonly number[], type: ElementType): Uint8Array {
  switch (type) {
    case "float32":
      return new Uint8Array(Float32Array.from(data).buffer);
    case "int32":
      return new Uint8Array(Int32Array.from(data).buffer);
    case "int64":
      return new Uint8Array(BigInt64Array.from(Array.from(data, (value) => BigInt(value))).buffer);
    case "bool":
      return Uint8Array.from(data, (value) => (value ? 1 : 0));
  }
}

function attribute(name: string, value: Attribute): MessageWriter {
  const proto = new MessageWriter().string(1, name);
  if (value instanceof Graph) return proto.message(6, value.toProto()).int(20, 5);
  if (typeof value === "number") return proto.int(3, value).int(20, 2);
  if (typeof value === "string") return proto.string(4, value).int(20, 3);
  if ("float" in value) return proto.float(2, value.float).int(20, 1);
  for (const item of value) proto.int(8, item);
  return proto.int(20, 7);
}

function valueInfo(value: Value): MessageWriter {
  const shape = new MessageWriter();
  for (const dimension of value.shape) {
    const dim = new MessageWriter();
    shape.message(1, typeof dimension === "number" ? dim.int(1, dimension) : dim.string(2, dimension));
  }
  const tensor = new MessageWriter().int(1, ELEMENT_CODES[value.type]).message(2, shape);
  return new MessageWriter().string(1, value.name).message(2, new MessageWriter().message(1, tensor));
}
