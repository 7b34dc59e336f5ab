import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { formulaOf } from "../../kernel-lib/src/engine/autodiff/formula.js";
import { weightedSum } from "../../kernel-lib/src/engine/autodiff/loss.js";
import { Tape } from "../../kernel-lib/src/engine/autodiff/tape.js";
import { Graph } from "../../kernel-lib/src/engine/onnx/graph.js";
import { SESSION_OPTIONS } from "../../kernel-lib/src/engine/session.js";
import { parseFormula } from "../../kernel-lib/src/steps/index.js";

/** A formula's values and slopes by the engine. */
async function byEngine(formula: string, margins: readonly number[], beta: number): Promise<[number[], number[]]> {
  const graph = new Graph("formula");
  const tape = new Tape(graph);
  const margin = tape.parameter(graph.input("margin", "float32", ["n", 1]));
  const values = formulaOf(tape, parseFormula(formula), { margin, beta });
  tape.backward(weightedSum(tape, values, graph.input("ones", "float32", ["n", 1])));
  graph.output(values, "values");
  graph.output(tape.gradient(margin), "slopes");
  const session = await InferenceSession.create(graph.toModel(), SESSION_OPTIONS);
  const column = (data: readonly number[]): Tensor => new Tensor("float32", Float32Array.from(data), [data.length, 1]);
  const outputs = await session.run({ margin: column(margins), ones: column(margins.map(() => 1)) });
  await session.release();
  return [outputs.values, outputs.slopes].map((tensor) => Array.from(tensor!.data as Float32Array)) as [
    number[],
    number[],
  ];
}

/** The same by JavaScript itself: formulas are JavaScript once their functions have a meaning. */
function byJavaScript(formula: string): (margin: number, beta: number) => number {
  const { exp, log, sqrt, abs, tanh, max, min } = Math;
  const functions = {
    ...{ exp, log, sqrt, abs, tanh, max, min, square: (x: number) => x * x },
    ...{ sigmoid: (x: number) => 1 / (1 + exp(-x)), softplus: (x: number) => log(1 + exp(x)) },
    log_sigmoid: (x: number) => -log(1 + exp(-x)),
  };
  const names = [...Object.keys(functions), "margin", "beta"];
  const compiled = new Function(...names, `return ${formula};`);
  return (margin, beta) => compiled(...Object.values(functions), margin, beta);
}

const leaf = fc.constantFrom("margin", "beta", "0.5", "2", "margin", "1", "0");
const { formula } = fc.letrec<{ formula: string }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.tuple(fc.constantFrom("+", "-", "*"), tie("formula"), tie("formula")).map(([op, x, y]) => `(${x} ${op} ${y})`),
    fc.tuple(fc.constantFrom("max", "min"), tie("formula"), tie("formula")).map(([f, x, y]) => `${f}(${x}, ${y})`),
    fc
      .tuple(fc.constantFrom("tanh", "sigmoid", "log_sigmoid", "softplus", "abs", "square"), tie("formula"))
      .map(([f, x]) => `${f}(${x})`),
    tie("formula").map((x) => `-(${x})`),
    tie("formula").map((x) => `exp(-square(${x}))`),
    tie("formula").map((x) => `log(1 + square(${x}))`),
    tie("formula").map((x) => `sqrt(1 + square(${x})) / 2`),
    tie("formula").map((x) => `1 / (1 + square(${x}))`),
  ),
}));

describe("a formula", () => {
  it("has the value and the slope that JavaScript and finite differences give", async () => {
    const margins = [-2.3, -0.71, 0.13, 0.9, 1.7];
    const near = (got: number, expected: number): boolean =>
      Math.abs(got - expected) <= 2e-3 * (1 + Math.abs(expected));
    await fc.assert(
      fc.asyncProperty(
        formula.filter((text) => text.includes("margin")),
        async (text) => {
          const reference = byJavaScript(text);
          const [values, slopes] = await byEngine(text, margins, 0.3);
          margins.forEach((margin, k) => {
            const at = reference(margin, 0.3);
            fc.pre(Math.abs(at) < 1e4);
            expect(near(values[k]!, at), `${text} at ${margin}: ${values[k]} not ${at}`).toBe(true);
            const [before, after] = [reference(margin - 1e-5, 0.3), reference(margin + 1e-5, 0.3)];
            const [left, right] = [(at - before) / 1e-5, (after - at) / 1e-5];
            // At a kink both sides differ, and any slope between them will do.
            const [low, high] = [Math.min(left, right), Math.max(left, right)];
            const slope = slopes[k]!;
            expect(
              near(slope, Math.min(Math.max(slope, low), high)),
              `${text}: slope ${slope} at ${margin}, not ${low}`,
            ).toBe(true);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  it("does not overflow where its functions are made not to", async () => {
    const [values, slopes] = await byEngine("softplus(-beta * margin) - log_sigmoid(margin)", [-300, 300], 1);
    expect(values[0]).toBeCloseTo(600, 2);
    expect(values[1]).toBeCloseTo(0, 6);
    expect(slopes.map((slope) => Math.round(slope) + 0)).toEqual([-2, 0]);
  });

  it.each([
    ["max(0, 1 - beta * margn)", /no variable margn/, "did you mean margin?"],
    ["cosine(margin)", /no function cosine/, /known: exp/],
    ["max(margin)", /max takes two arguments, got 1/, undefined],
    ["margin ^ 2", /operator \^/, /expected numbers/],
    ["1 + beta", /does not depend on margin/, /such as/],
    ["margin.x", /MemberExpression/, /expected/],
    ["this", /ThisExpression/, /expected/],
    ["margin; beta", /Compound/, /expected/],
    ["(margin", /Unclosed \(/, /such as/],
    ["", /Compound|not depend/, undefined],
    ['"margin"', /Literal/, /expected/],
    ["constructor(margin)", /no function constructor/, /known/],
  ])("says what is wrong with %j", (text, message, hint) => {
    try {
      parseFormula(text);
    } catch (error) {
      expect(error).toMatchObject({ code: "config-invalid", message: expect.stringMatching(message) });
      if (hint !== undefined) expect((error as { hint?: string }).hint).toMatch(hint);
      return;
    }
    throw new Error(`${text} was read`);
  });
});
