import { type Experiment, parseExperiment, presetByName, setField } from "../../kernel-lib/src/experiments/index.js";

/** Changes that make an experiment of four arms on a handful of questions. */
export const small: readonly string[] = [
  'limit={"train":40,"validation":6,"test":8}',
  "bases.weak.corpusTokens=2000",
  "bases.strong.corpusTokens=2000",
  'rounds={"ilr":2,"dpo":1}',
  `arms=${JSON.stringify([
    { name: "SFT", method: "sft" },
    { name: "ILR", method: "ilr", comparisons: "evaluator" },
    { name: "Naive ILR", method: "naive-ilr" },
    { name: "DPO", method: "dpo", comparisons: { noisyOracle: 0.75 } },
  ])}`,
];

export function smallExperiment(...changes: readonly string[]): Experiment {
  return parseExperiment([...small, ...changes].reduce(setField, presetByName("micro-math/quick")));
}
