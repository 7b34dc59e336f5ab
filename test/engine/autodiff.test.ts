/** Every op's backward pass against central differences of its own forward pass, through onnxruntime. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import { attention } from "../../kernel-lib/src/engine/autodiff/attention.js";
import { exchangeRows, selectRows } from "../../kernel-lib/src/engine/autodiff/gather.js";
import { embedding, foldNorms, linear, splitRows } from "../../kernel-lib/src/engine/autodiff/linear.js";
import {
  blend,
  combine,
  logSigmoid,
  squaredDistance,
  targetLogprobs,
  weightedSum,
} from "../../kernel-lib/src/engine/autodiff/loss.js";
import { rmsNorm } from "../../kernel-lib/src/engine/autodiff/norm.js";
import { rotary, rotaryCaches } from "../../kernel-lib/src/engine/autodiff/rotary.js";
import { reshape, view } from "../../kernel-lib/src/engine/autodiff/shape.js";
import { swiglu } from "../../kernel-lib/src/engine/autodiff/swiglu.js";
import { Tape } from "../../kernel-lib/src/engine/autodiff/tape.js";
import { Graph, type Value } from "../../kernel-lib/src/engine/onnx/graph.js";
import { total } from "../../kernel-lib/src/engine/optimizer.js";
import { SESSION_OPTIONS } from "../../kernel-lib/src/engine/session.js";

type Numbers = readonly number[];

/** Weights of a scalar made of several outputs, so that no gradient is constant. */
function project(tape: Tape, outputs: readonly Value[], seed = "project"): Value {
  const random = seededRandom(seed);
  const sums = outputs.map((output) => {
    const size = output.shape.reduce<number>((product, length) => product * (length as number), 1);
    const weights = tape.graph.constant(
      Float32Array.from({ length: size }, () => random.normal()),
      [size, 1],
    );
    const flat = reshape(tape.graph, output, [size, 1]);
    tape.record([output], [flat], ([gradient]) => {
      tape.add(output, () => reshape(tape.graph, gradient!, output.shape as number[]));
    });
    return weightedSum(tape, flat, weights);
  });
  return sums.reduce((total, sum) => blend(tape, total, 1, sum, 1));
}

/**
 * Compares gradients with central differences.
 * @param shapes of the inputs that are differentiated.
 */
async function check(
  shapes: readonly Numbers[],
  write: (tape: Tape, inputs: readonly Value[]) => readonly Value[],
  options: { readonly scale?: number; readonly step?: number } = {},
): Promise<void> {
  const { scale = 1, step = 1e-2 } = options;
  const graph = new Graph("check");
  const tape = new Tape(graph);
  const inputs = shapes.map((shape, k) => tape.parameter(graph.input(`x${k}`, "float32", shape)));
  const loss = project(tape, write(tape, inputs));
  tape.backward(loss);
  graph.output(loss, "loss");
  inputs.forEach((input, k) => {
    graph.output(tape.gradient(input), `dx${k}`);
  });
  const session = await InferenceSession.create(graph.toModel(), SESSION_OPTIONS);
  const random = seededRandom("check", shapes.length);
  const values = shapes.map((shape) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
  );
  const run = async (): Promise<InferenceSession.OnnxValueMapType> =>
    session.run(
      Object.fromEntries(values.map((data, k) => [`x${k}`, new Tensor("float32", data.slice(), shapes[k]!)])),
    );
  const lossAt = async (): Promise<number> => ((await run()).loss!.data as Float32Array)[0]!;

  const results = await run();
  for (const [k, data] of values.entries()) {
    const analytic = results[`dx${k}`]!.data as Float32Array;
    const size = Math.max(...analytic.map(Math.abs), 0.1);
    for (let i = 0; i < data.length; i++) {
      const middle = data[i]!;
      // Fourth-order differences: the truncation error stays below float32's noise.
      const at = async (offset: number): Promise<number> => {
        data[i] = middle + offset;
        const value = await lossAt();
        data[i] = middle;
        return value;
      };
      const near = ((await at(step)) - (await at(-step))) / (2 * step);
      const far = ((await at(2 * step)) - (await at(-2 * step))) / (4 * step);
      const numeric = (4 * near - far) / 3;
      expect(
        Math.abs(analytic[i]! - numeric) / size,
        `input ${k}, element ${i}: ${analytic[i]} and ${numeric}`,
      ).toBeLessThan(2e-3);
    }
  }
  await session.release();
}

const int32 = (tape: Tape, shape: Numbers, data: Numbers): Value => tape.graph.constant(Int32Array.from(data), shape);

describe("gradients", () => {
  it("linear", () =>
    check(
      [
        [5, 4],
        [3, 4],
      ],
      (tape, [x, w]) => [linear(tape, x!, w!)],
    ));

  it("linear with a residual", () =>
    check(
      [
        [5, 4],
        [3, 4],
        [5, 3],
      ],
      (tape, [x, w, r]) => [linear(tape, x!, w!, r!)],
    ));

  it("linear twice from one input, and one weight used twice", () =>
    check(
      [
        [5, 4],
        [4, 4],
      ],
      (tape, [x, w]) => {
        const y = linear(tape, x!, w!);
        return [linear(tape, y, w!), linear(tape, x!, w!)];
      },
    ));

  it("foldNorms", () =>
    check(
      [
        [5, 4],
        [2, 4],
      ],
      (tape, [w, n]) => [foldNorms(tape, w!, n!, [0, undefined, 1, 0, 0])],
    ));

  it("foldNorms twice with the same norms", () =>
    check(
      [
        [3, 4],
        [2, 4],
      ],
      (tape, [w, n]) => [foldNorms(tape, foldNorms(tape, w!, n!, [0, undefined, 1]), n!, [1, 1, 1])],
    ));

  it("splitRows", () =>
    check([[6, 4]], (tape, [x]) => {
      const [first, second] = splitRows(tape, x!, [4, 2]);
      return [linear(tape, first!, second!)];
    }));

  it("embedding, ids repeated", () =>
    check([[5, 3]], (tape, [table]) => [embedding(tape, table!, int32(tape, [6], [4, 0, 4, 2, 4, 0]))]));

  it("embedding tied to a head", () =>
    check([[5, 3]], (tape, [table]) => [
      linear(tape, embedding(tape, table!, int32(tape, [4], [4, 0, 4, 2])), table!),
    ]));

  it("rmsNorm", () => check([[4, 6]], (tape, [x]) => [rmsNorm(tape, x!, 1e-5)]));

  it("rmsNorm of small vectors, where eps matters", () =>
    check([[3, 6]], (tape, [x]) => [rmsNorm(tape, x!, 1e-2)], { scale: 0.1, step: 2e-3 }));

  it("rotary", () =>
    check([[3, 2, 8]], (tape, [x]) => {
      const caches = rotaryCaches(tape.graph, 10, 4, 10000);
      const positions = tape.graph.constant([3, 10, 0, 10, 7, 2], [3, 2], "int64");
      return [rotary(tape, x!, positions, 2, caches)];
    }));

  it("swiglu", () =>
    check(
      [
        [4, 5],
        [4, 5],
      ],
      (tape, [gate, up]) => [swiglu(tape, gate!, up!)],
    ));

  it("swiglu far from zero", () =>
    check(
      [
        [4, 5],
        [4, 5],
      ],
      (tape, [gate, up]) => [swiglu(tape, gate!, up!)],
      { scale: 5 },
    ));

  it("attention with a causal mask", () =>
    check(
      [
        [2, 2, 3, 4],
        [2, 2, 3, 4],
        [2, 2, 3, 4],
      ],
      (tape, [q, k, v]) => {
        const mask = Float32Array.from({ length: 9 }, (_, i) => (i % 3 <= Math.floor(i / 3) ? 0 : -1e9));
        return [attention(tape, q!, k!, v!, tape.graph.constant(mask, [1, 1, 3, 3]))];
      },
    ));

  it("attention with fewer queries than keys and a mask for each sequence", () =>
    check(
      [
        [2, 1, 2, 4],
        [2, 1, 5, 4],
        [2, 1, 5, 4],
      ],
      (tape, [q, k, v]) => {
        const random = seededRandom("mask");
        const mask = Float32Array.from({ length: 20 }, (_, i) => (i % 5 === 0 || random.next() < 0.6 ? 0 : -1e9));
        return [attention(tape, q!, k!, v!, tape.graph.constant(mask, [2, 1, 2, 5]))];
      },
    ));

  it("exchangeRows, a permutation to two outputs", () =>
    check([[3, 4]], (tape, [x]) => {
      const order = [5, 0, 3, 1, 4, 2];
      const inverse = order.map((_, row) => order.indexOf(row));
      const forward = [int32(tape, [2, 2], order.slice(0, 4)), int32(tape, [1, 2], order.slice(4))];
      return exchangeRows(tape, x!, 2, { forward, inverse: int32(tape, [3, 2], inverse) });
    }));

  it("selectRows", () =>
    check([[5, 3]], (tape, [x]) => [
      selectRows(tape, x!, int32(tape, [3], [0, 2, 4]), int32(tape, [5], [0, 3, 1, 3, 2])),
    ]));

  it("view", () => check([[4, 6]], (tape, [x]) => [view(tape, x!, [-1, 2, 3])]));

  it("targetLogprobs", () =>
    check([[4, 5]], (tape, [logits]) => [targetLogprobs(tape, logits!, int32(tape, [4, 1], [4, 0, 2, 2]))]));

  it("combine", () =>
    check([[4, 1]], (tape, [x]) => {
      const matrix = tape.graph.constant(Float32Array.of(1, 1, -1, -1, 0.5, 0, 0, -0.5), [2, 4]);
      return [combine(tape, matrix, x!, tape.graph.constant(Float32Array.of(0.3, -2), [2, 1]))];
    }));

  it("logSigmoid", () =>
    check([[6, 1]], (tape, [x]) => [logSigmoid(tape, x!, 0.7), logSigmoid(tape, x!, -2)], { scale: 3 }));

  it("squaredDistance and blend", () =>
    check(
      [
        [4, 1],
        [4, 1],
      ],
      (tape, [x, y]) => [blend(tape, squaredDistance(tape, x!, 5), -0.4, y!, 3)],
    ));
});

describe("numbers at the edges", () => {
  it("logSigmoid neither overflows nor vanishes", async () => {
    const graph = new Graph("edges");
    const tape = new Tape(graph);
    const x = tape.parameter(graph.input("x", "float32", [4, 1]));
    const y = logSigmoid(tape, x, 1);
    tape.backward(weightedSum(tape, y, graph.constant(new Float32Array(4).fill(1), [4, 1])));
    graph.output(y, "y");
    graph.output(tape.gradient(x), "dx");
    const session = await InferenceSession.create(graph.toModel(), SESSION_OPTIONS);
    const { y: values, dx } = await session.run({
      x: new Tensor("float32", Float32Array.of(-200, -1, 1, 200), [4, 1]),
    });
    const expected = [-200, -Math.log1p(Math.E), -Math.log1p(1 / Math.E), 0];
    const slopes = [1, 1 / (1 + 1 / Math.E), 1 / (1 + Math.E), 0];
    for (const k of [0, 1, 2, 3]) {
      expect((values!.data as Float32Array)[k]).toBeCloseTo(expected[k]!, 5);
      expect((dx!.data as Float32Array)[k]).toBeCloseTo(slopes[k]!, 5);
    }
    await session.release();
  });

  it("a sum over five million numbers is right to 1e-6", async () => {
    const graph = new Graph("sum");
    const shape = [4883, 1024];
    graph.output(total(graph, graph.input("x", "float32", shape)), "sum");
    const session = await InferenceSession.create(graph.toModel(), SESSION_OPTIONS);
    const random = seededRandom("sum");
    const data = Float32Array.from({ length: 1024 * 4883 }, () => random.next() ** 2);
    const exact = data.reduce((sum, value) => sum + value, 0);
    const { sum } = await session.run({ x: new Tensor("float32", data, shape) });
    expect(Math.abs((sum!.data as Float32Array)[0]! / exact - 1)).toBeLessThan(1e-6);
    await session.release();
  });
});
