import { sha256 } from "../../core/index.js";
import { type Artifact, type Inputs, outputsOf, type Params, type Verb } from "../../steps/index.js";
import { formatRows } from "../../store/index.js";
import type { Outputs } from "./ledger.js";
import type { ModelSize } from "./model-size.js";
import { answersKept } from "./step-cost.js";

/** Outputs of a step that has not run: how many rows and parameters they will have. */
export function expectedOutputs<V extends Verb>(
  verb: V,
  params: Params<V>,
  inputs: Inputs,
  { parameters }: ModelSize,
): Outputs {
  const given = (inputs.prompts ?? inputs.rows)?.rows;
  const rows = given === undefined ? undefined : answersKept(verb, params, { prompts: given, rows: given });
  return Object.fromEntries(
    Object.entries(outputsOf(verb, params)).map(([name, kind]): [string, Artifact] => {
      if (kind === "tree") return [name, { ref: undefined, ...(parameters !== undefined && { parameters }) }];
      return [name, { ref: undefined, ...(rows !== undefined && name !== "log" && { rows }) }];
    }),
  );
}

/** As many rows as a derivation expects. */
export function estimated(expected: readonly (readonly [string, number])[]): Outputs {
  return Object.fromEntries(expected.map(([name, rows]) => [name, { ref: undefined, rows: Math.round(rows) }]));
}

/** Tables as artifacts with the reference that they would have in the store. */
export function inMemory(
  tables: Readonly<Record<string, readonly object[]>>,
  kept: Map<string, readonly unknown[]>,
): Outputs {
  return Object.fromEntries(
    Object.entries(tables).map(([name, rows]): [string, Artifact] => {
      const ref = `file:${sha256(formatRows(rows))}` as const;
      kept.set(ref, rows);
      return [name, { ref, rows: rows.length }];
    }),
  );
}
