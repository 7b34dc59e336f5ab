import { LabError } from "../core/index.js";
import type { RowDataSet } from "./data-set.js";
import { type RawRow, textOf, textOrEmpty } from "./rows.js";

/** Other names of the columns, in the order in which they are looked for. */
const QUESTION = ["question", "instruction", "prompt"];
const REFERENCE = ["reference", "gt_answer", "answer", "response", "output"];

/**
 * SaferPaca: Alpaca's instructions and refusals of unsafe ones; the paper tests on 578 rows. The authors keep data
 * sets on the Hub;
 * `helloelwin/saferpaca4_qa` is the latest of that name, and their published test results have its 578 rows. Neither
 * its licence nor its
 * commit at the paper's time is known here: the commit that was fetched, and the digest of its rows, are recorded in
 * the lock.
 */
export const saferpacaData: RowDataSet = {
  name: "saferpaca",
  title: "SaferPaca: Alpaca's instructions and refusals of unsafe ones",
  licence: "not stated by its authors (Alpaca: CC BY-NC 4.0)",
  repository: "helloelwin/saferpaca4_qa",
  revision: "main",
  splits: {
    train: { path: "data/train-00000-of-00001.parquet" },
    test: { path: "data/test-00000-of-00001.parquet", rows: 578 },
  },
  toRow: (row, index, split, where) => {
    // How a separate input joins its instruction is the source's matter: a guess would change the questions.
    if (typeof row.input === "string" && row.input.trim() !== "" && row.question === undefined) {
      throw new LabError("input-damaged", `${where} has an input beside its instruction`, {
        hint: "write both into one column `question`, as the model shall see them",
      });
    }
    return {
      id: typeof row.id === "string" && row.id !== "" ? row.id : `${split}-${String(index + 1).padStart(5, "0")}`,
      question: textOf(row, QUESTION, where),
      reference: textOrEmpty(row, REFERENCE, where),
      category: categoryOf(row, where),
    };
  },
};

/** `general` or `safety`, by name or by what the column says of safety. */
function categoryOf(row: RawRow, where: string): "general" | "safety" {
  const value = row.category ?? row.type;
  if (value === "general" || value === "safety") return value;
  throw new LabError(
    "input-damaged",
    `${where} has category ${JSON.stringify(value)}; expected "general" or "safety"`,
    {
      hint: `it has ${Object.keys(row).join(", ")}; write {question, reference, category} as JSON Lines, and use --from`,
    },
  );
}
