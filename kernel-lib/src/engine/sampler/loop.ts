import { LabError } from "../../core/index.js";
import type { Graph, Shape, Value } from "../onnx/graph.js";

/** A value that goes from one trip of a loop to the next. */
export interface Carried {
  /** What the body reads. */
  readonly inside: Value;
  /** Sets what the next trip reads: a value computed in the body, for no more than one carried value. */
  next(value: Value): void;
}

/** An ONNX Loop under construction: carried values and values collected per trip, in the order in which ONNX wants them. */
export class LoopBuilder {
  readonly body: Graph;
  /** Number of the trip, int64 []. */
  readonly iteration: Value;
  readonly #outer: Graph;
  readonly #condition: Value;
  readonly #carried: {
    readonly name: string;
    readonly start: Value;
    readonly inside: Value;
    next: Value | undefined;
  }[] = [];
  readonly #collected: { readonly name: string; readonly value: Value }[] = [];

  constructor(outer: Graph, name: string) {
    this.#outer = outer;
    this.body = outer.body(name);
    this.iteration = this.body.input("iteration", "int64", []);
    this.#condition = this.body.input("condition", "bool", []);
  }

  /** Declares a carried value that starts as `start`, a value of the outer graph. Its shape may change between trips. */
  carry(name: string, start: Value, shape: Shape): Carried {
    const slot = {
      name,
      start,
      inside: this.body.input(`${name}_before`, start.type, shape),
      next: undefined as Value | undefined,
    };
    this.#carried.push(slot);
    return {
      inside: slot.inside,
      next: (value) => {
        slot.next = value;
      },
    };
  }

  /** Declares a value of the body whose trips are stacked along a new first axis. */
  collect(name: string, value: Value): void {
    this.#collected.push({ name, value });
  }

  /** Adds the Loop to the outer graph. @returns last values of what was carried, and stacks of what was collected, by name. */
  close(trips: Value): ReadonlyMap<string, Value> {
    const { body } = this;
    const copy = (value: Value): Value => body.node("Identity", [value], { type: value.type, shape: value.shape });
    body.output(copy(this.#condition));
    for (const { name, next } of this.#carried) {
      if (!next) throw new LabError("internal", `the loop never sets the next ${name}`);
      body.output(next);
    }
    // What is collected may be carried too, and no value may be an output twice.
    for (const { value } of this.#collected) body.output(copy(value));
    const names = [...this.#carried, ...this.#collected].map(({ name }) => name);
    const results = this.#outer.nodes(
      "Loop",
      [trips, undefined, ...this.#carried.map(({ start }) => start)],
      [
        ...this.#carried.map(({ inside: { type, shape } }) => ({ type, shape })),
        ...this.#collected.map(({ value }) => ({ type: value.type, shape: ["trips", ...value.shape] })),
      ],
      { attributes: { body } },
    );
    return new Map(names.map((name, index) => [name, results[index]!]));
  }
}
