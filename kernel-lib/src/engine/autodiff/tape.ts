import { LabError } from "../../core/index.js";
import type { Graph, Value } from "../onnx/graph.js";

/** Adds to the gradients of an op's inputs, given those of its outputs (undefined where nothing depends on an output). */
export type Backward = (gradients: readonly (Value | undefined)[]) => void;

interface Entry {
  readonly outputs: readonly Value[];
  readonly backward: Backward;
}

/**
 * Reverse-mode differentiation over a graph under construction: ops write their forward nodes at once and record how to write
 * their backward nodes. Values that no parameter reaches are not tracked, so that the same ops build inference graphs at no cost.
 *
 * @example
 * const tape = new Tape(graph);
 * const weight = tape.parameter(graph.input("w", "float32", [3, 2]));
 * const loss = weightedSum(tape, linear(tape, x, weight), ones);
 * tape.backward(loss);
 * graph.output(tape.gradient(weight), "dw");
 */
export class Tape {
  readonly graph: Graph;
  readonly #tracked = new Set<string>();
  readonly #entries: Entry[] = [];
  readonly #gradients = new Map<string, Value>();

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** Marks a value whose gradient is wanted. */
  parameter(value: Value): Value {
    this.#tracked.add(value.name);
    return value;
  }

  /** Does the gradient of this value matter? */
  tracks(value: Value): boolean {
    return this.#tracked.has(value.name);
  }

  /** Records an op. The outputs are tracked if an input is; `backward` is called only then. */
  record(inputs: readonly Value[], outputs: readonly Value[], backward: Backward): void {
    if (!inputs.some((input) => this.tracks(input))) return;
    for (const output of outputs) this.#tracked.add(output.name);
    this.#entries.push({ outputs, backward });
  }

  /**
   * Adds a contribution to a value's gradient, if it is tracked. `write` gets what has been collected so far and returns the new
   * total, so that an op that can add for free (Gemm's C) does; others leave the addition to `add`.
   */
  accumulate(value: Value, write: (partial: Value | undefined) => Value): void {
    if (this.tracks(value)) this.#gradients.set(value.name, write(this.#gradients.get(value.name)));
  }

  /** Adds a contribution that is a plain tensor of the value's shape; `write` is not called for untracked values. */
  add(value: Value, write: () => Value): void {
    this.accumulate(value, (partial) => {
      const contribution = write();
      return partial === undefined ? contribution : this.graph.node("Add", [partial, contribution], value);
    });
  }

  /** Writes the backward pass of a scalar. May be called once. */
  backward(loss: Value): void {
    if (!this.tracks(loss)) throw new LabError("internal", `${loss.name} does not depend on any parameter`);
    this.#gradients.set(loss.name, this.graph.scalar(1));
    for (const { outputs, backward } of this.#entries.reverse()) {
      const gradients = outputs.map((output) => this.#gradients.get(output.name));
      if (gradients.some((gradient) => gradient !== undefined)) backward(gradients);
    }
  }

  /** The gradient of a tracked value, after `backward`. */
  gradient(value: Value): Value {
    const gradient = this.#gradients.get(value.name);
    if (!gradient) throw new LabError("internal", `${value.name} has no gradient: the loss does not depend on it`);
    return gradient;
  }
}
