import type { Value } from "../onnx/graph.js";
import { reshape } from "./shape.js";
import type { Tape } from "./tape.js";

const AXIS_0 = { attributes: { axis: 0 } } as const;

/**
 * `x @ weight^T (+ residual)`: [n, in] by [out, in] to [n, out]. The residual rides in Gemm's C and costs no node of its own;
 * in the backward pass C takes the gradient collected so far.
 */
export function linear(tape: Tape, x: Value, weight: Value, residual?: Value): Value {
  const { graph } = tape;
  const shape = [x.shape[0]!, weight.shape[0]!];
  const inputs = residual ? [x, weight, residual] : [x, weight];
  const y = graph.node("Gemm", inputs, { type: "float32", shape }, { attributes: { transB: 1 } });
  tape.record(inputs, [y], ([dy]) => {
    if (residual) tape.add(residual, () => dy!);
    tape.accumulate(x, (partial) => graph.node("Gemm", partial ? [dy!, weight, partial] : [dy!, weight], x));
    tape.accumulate(weight, (partial) =>
      graph.node("Gemm", partial ? [dy!, x, partial] : [dy!, x], weight, { attributes: { transA: 1 } }),
    );
  });
  return y;
}

/**
 * Norm weights folded into the linear layers behind them: row r of `matrices` [rows, width] times row `normOf[r]` of `norms`
 * [norms, width], elementwise; rows without a norm stay as they are.
 */
export function foldNorms(tape: Tape, matrices: Value, norms: Value, normOf: readonly (number | undefined)[]): Value {
  const { graph } = tape;
  const [count, width] = norms.shape as readonly [number, number];
  const one = graph.constant(new Float32Array(width).fill(1), [1, width]);
  const extended = graph.node("Concat", [norms, one], { type: "float32", shape: [count + 1, width] }, AXIS_0);
  const index = graph.constant(
    Int32Array.from(normOf, (norm) => norm ?? count),
    [normOf.length],
  );
  const factors = graph.node("Gather", [extended, index], matrices);
  const y = graph.node("Mul", [matrices, factors], matrices);
  tape.record([matrices, norms], [y], ([dy]) => {
    tape.add(matrices, () => graph.node("Mul", [dy!, factors], matrices));
    tape.accumulate(norms, (partial) => {
      // Which rows belong to which norm, as a matrix: one product sums them all up.
      const members = new Float32Array(count * normOf.length);
      for (const [row, norm] of normOf.entries()) if (norm !== undefined) members[norm * normOf.length + row] = 1;
      const product = graph.node("Mul", [dy!, matrices], matrices);
      const summing = [graph.constant(members, [count, normOf.length]), product];
      return graph.node("Gemm", partial ? [...summing, partial] : summing, norms);
    });
  });
  return y;
}

/** A matrix cut into matrices of `counts` rows, all of which must be used. */
export function splitRows(tape: Tape, matrix: Value, counts: readonly number[]): readonly Value[] {
  const { graph } = tape;
  const results = counts.map((count) => ({ type: "float32", shape: [count, matrix.shape[1]!] }) as const);
  const parts = graph.nodes("Split", [matrix, graph.ints(...counts)], results, AXIS_0);
  tape.record([matrix], parts, (gradients) => {
    tape.add(matrix, () =>
      graph.node(
        "Concat",
        gradients.map((gradient) => gradient!),
        matrix,
        AXIS_0,
      ),
    );
  });
  return parts;
}

/**
 * Rows of an embedding table [vocabulary, width] by token id (int32 [n]). The backward pass adds rows up by ScatterND, on top of
 * what a tied head has collected.
 */
export function embedding(tape: Tape, table: Value, ids: Value): Value {
  const { graph } = tape;
  const [vocabulary, width] = table.shape as readonly number[];
  const y = graph.node("Gather", [table, ids], { type: "float32", shape: [ids.shape[0]!, width!] });
  tape.record([table], [y], ([dy]) => {
    tape.accumulate(table, (partial) => {
      const start = partial ?? graph.constant(new Float32Array(vocabulary! * width!), table.shape);
      const wide = graph.node("Cast", [ids], { type: "int64", shape: ids.shape }, { attributes: { to: 7 } });
      const rows = reshape(graph, wide, [-1, 1]);
      return graph.node("ScatterND", [start, rows, dy!], table, { attributes: { reduction: "add" } });
    });
  });
  return y;
}
