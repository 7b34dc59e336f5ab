import { describe, expect, it } from "vitest";
import { table1 } from "../../kernel-lib/src/experiments/table-1.js";

/**
 * Table 1 as the project's description of the paper has it ("Hyperparameters", facts marked [card]): written down by hand, from there and not
 * from the presets.
 */
const TASKS = `
gsm8k      2  32  256  0.15
bird       2  32  256  0.15
saferpaca  4  32  512  0.15`;
const MODELS = `
google/gemma-2b              5e-4  adamw
mistralai/Mistral-7B-v0.1    1e-4  adamw
meta-llama/Meta-Llama-3-70B  1e-4  adafactor`;

const cellsOf = (text: string): readonly (readonly (string | number)[])[] =>
  text
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/).map((cell) => (Number.isNaN(Number(cell)) ? cell : Number(cell))));

describe("Table 1, read off the presets", () => {
  it("has the paper's epochs, batch sizes, longest answers and alpha", () => {
    const rows = table1().tasks.map(({ task, epochs, batchSize, maxAnswerTokens, alpha }) => [
      task,
      epochs,
      batchSize,
      maxAnswerTokens,
      alpha,
    ]);
    expect(rows).toEqual(cellsOf(TASKS));
  });

  it("has the paper's learning rates and optimizers", () => {
    expect(table1().models.map(({ model, lr, optimizer }) => [model, lr, optimizer])).toEqual(cellsOf(MODELS));
  });
});
