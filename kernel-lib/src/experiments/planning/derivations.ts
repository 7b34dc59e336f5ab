import { digestOf, type Json, LabError } from "../../core/index.js";
import type { Artifacts, DeriveOptions, Inputs, Tables } from "../../steps/index.js";
import { type Books, isKnown, noteTables, once, type PlanScope, read } from "./books.js";
import { estimated, inMemory } from "./expected-outputs.js";
import type { Ledger, Outputs } from "./ledger.js";

/**
 * Larger tables than this are only estimated: making millions of words of pretraining text takes as long as a training step.
 */
const MOST_COMPUTED_ROWS = 50_000;

/** A derivation: looked up, computed in memory, or expected. */
export async function planDerivation<In, Out>(
  books: Books,
  scope: PlanScope,
  name: string,
  params: Json,
  inputs: Artifacts<In>,
  { expectRows, costly = false }: DeriveOptions<Out>,
  compute: (tables: Tables<In>) => Tables<Out> | Promise<Tables<Out>>,
): Promise<Artifacts<Out>> {
  const { ledger, runner } = books;
  const given = inputs as Inputs;
  const expected = Object.entries(expectRows as Readonly<Record<string, number>>);
  const id = digestOf({ name, params, inputs: ledger.namesOf(given) });
  const measured = measuredOutputs(ledger, given, expected);
  const enter = (outputs: Outputs): Outputs => {
    noteTables(books, id, scope, outputs);
    return ledger.enter({ id, inputs: given, outputs, measured, seconds: 0 });
  };
  books.tables.get(id)?.experiments.add(scope.experiment);
  const outputs = await once(books, id, async () => {
    if (!isKnown(given)) return enter(estimated(expected));
    return books.inTurn(async () => {
      const { outputs: stored } = await runner.peekDerivation(name, params, given);
      if (stored) return enter(stored);
      const small = expected.every(([, rows]) => rows <= MOST_COMPUTED_ROWS);
      if (!small || costly) return enter(estimated(expected));
      return enter(await computeOrExpect(books, given, expected, compute as AnyCompute));
    });
  });
  return outputs as Artifacts<Out>;
}

type AnyCompute = (tables: never) => unknown;

/** The tables, computed in memory; as many rows as expected where the task's data has yet to be fetched. */
async function computeOrExpect(
  books: Books,
  inputs: Inputs,
  expected: readonly (readonly [string, number])[],
  compute: AnyCompute,
): Promise<Outputs> {
  const tables = await Promise.all(
    Object.entries(inputs).map(async ([input, artifact]) => [input, await read(books, artifact)] as const),
  );
  try {
    const made = await compute(Object.fromEntries(tables) as never);
    return inMemory(made as Readonly<Record<string, readonly object[]>>, books.computed);
  } catch (error) {
    if (error instanceof LabError && error.code === "input-missing") return estimated(expected);
    throw error;
  }
}

/** Outputs that serve measurement only: test and validation questions, and whatever is made of those. */
function measuredOutputs(
  ledger: Ledger,
  inputs: Inputs,
  expected: readonly (readonly [string, number])[],
): readonly string[] {
  const names = expected.map(([name]) => name);
  if (names.includes("test")) return names.filter((name) => name === "test" || name === "validation");
  return Object.values(inputs).some(ledger.isMeasured) ? names : [];
}
