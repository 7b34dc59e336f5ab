import type { StoreRunner } from "../../backends/index.js";
import { digestOf, type Json, LabError, limitOf } from "../../core/index.js";
import {
  type Artifact,
  type Artifacts,
  type DeriveOptions,
  type Inputs,
  type Params,
  type ParamsInput,
  paramsSchemas,
  type Runner,
  type StepOptions,
  type Tables,
  type Verb,
} from "../../steps/index.js";
import type { Device } from "./devices.js";
import { tableBytes } from "./disk.js";
import { estimated, expectedOutputs, inMemory } from "./expected-outputs.js";
import { createLedger, type Ledger, type Outputs } from "./ledger.js";
import { acceleratorsFor } from "./memory.js";
import { type ModelSize, parametersOf, shapeOf } from "./model-size.js";
import type { TypicalTokens } from "./passes.js";
import type { PlannedTables, PricedStep, StepUse } from "./priced-step.js";
import type { Rates } from "./rates.js";
import { stepCost, withAdapter } from "./step-cost.js";

/** On whose behalf steps are asked for, and what they are priced by. */
export interface PlanScope {
  readonly experiment: string;
  readonly arm: string;
  readonly seed: number;
  readonly tokens: TypicalTokens;
  readonly rates: Rates;
  /** Undefined: workers of this machine. */
  readonly device: Device | undefined;
  /** Size of a model that comes from outside the plan, such as a base model. */
  readonly sizeOf: (artifact: Artifact) => ModelSize | undefined;
}

/** Notes what several arms, seeds and experiments would run, and what that would cost; what they share is noted once. */
export interface Planner {
  /** A runner that executes no step and writes nothing. Arms that are planned one after the other give the same plan every time. */
  runnerFor(scope: PlanScope): Runner;
  /** Every step that was asked for, once, in the order of asking. */
  steps(): readonly PricedStep[];
  tables(): readonly PlannedTables[];
  /** Seconds until the last of some steps would be there, if each starts when its inputs are. */
  criticalSeconds(steps: readonly PricedStep[]): number;
}

/**
 * Larger tables than this are only estimated: making millions of words of pretraining text takes as long as a training step.
 */
const MOST_COMPUTED_ROWS = 50_000;

type Draft = { -readonly [K in keyof PricedStep]: PricedStep[K] };

/** What all scopes of a planner share. */
interface Books {
  readonly runner: StoreRunner;
  readonly ledger: Ledger;
  readonly steps: Map<string, Draft>;
  readonly uses: Map<string, { readonly byArm: Map<string, StepUse>; readonly labels: Set<string> }>;
  readonly tables: Map<string, Pick<PlannedTables, "key" | "bytes"> & { readonly experiments: Set<string> }>;
  readonly asked: Map<string, Promise<Outputs>>;
  readonly computed: Map<string, readonly unknown[]>;
  /** Look-ups and computations happen one at a time, so that steps are asked for in the same order every time. */
  readonly inTurn: <T>(task: () => Promise<T>) => Promise<T>;
}

/**
 * Steps with known inputs are looked up in the store; derivations with known inputs are looked up, or computed in memory, so that
 * what follows from them can be looked up too. Anything that needs an output yet to be made gets a key of its own made of what is
 * known, so that arms share in the plan what they share in the run.
 */
export function createPlanner(runner: StoreRunner): Planner {
  const books: Books = {
    ...{ runner, ledger: createLedger(), steps: new Map(), uses: new Map(), tables: new Map() },
    ...{ asked: new Map(), computed: new Map(), inTurn: limitOf(1) },
  };
  return {
    runnerFor: (scope) => ({
      read: (artifact) => read(books, artifact),
      step: (verb, params, inputs, options) => planStep(books, scope, verb, params, inputs, options),
      derive: (name, params, inputs, options, compute) =>
        planDerivation(books, scope, name, params, inputs, options, compute),
    }),
    steps: () =>
      [...books.steps].map(([id, draft]) => {
        const { byArm, labels } = books.uses.get(id)!;
        return { ...draft, uses: [...byArm.values()], labels: [...labels] };
      }),
    tables: () => [...books.tables.values()].map((table) => ({ ...table, experiments: [...table.experiments] })),
    criticalSeconds: (steps) => steps.reduce((last, { id }) => Math.max(last, books.ledger.endOf(id)), 0),
  };
}

async function read<R>({ computed, runner }: Books, artifact: Artifact<R>): Promise<readonly R[] | undefined> {
  if (artifact.ref === undefined) return undefined;
  return (computed.get(artifact.ref) as readonly R[] | undefined) ?? runner.store.readRows<R>(artifact.ref);
}

/** Equal requests are one, also when they come at once. */
function once({ asked }: Books, id: string, make: () => Promise<Outputs>): Promise<Outputs> {
  const found = asked.get(id) ?? make();
  asked.set(id, found);
  return found;
}

function planStep<V extends Verb>(
  books: Books,
  scope: PlanScope,
  verb: V,
  params: ParamsInput<V>,
  inputs: Inputs,
  { seed, label }: StepOptions,
): Promise<Outputs> {
  const { ledger, runner, steps } = books;
  const full = paramsSchemas[verb].parse(params) as Params<V>;
  const id = digestOf({ verb, params: full as Json, inputs: ledger.namesOf(inputs), seed });
  noteUse(books, id, scope, label);
  return once(books, id, async () => {
    const { draft, size } = draftOf(books, scope, { id, verb, params: full, inputs, label, seed });
    steps.set(id, draft);
    const peek = isKnown(inputs) ? await books.inTurn(() => runner.peek(verb, params, inputs, seed)) : undefined;
    if (peek) draft.key = peek.key;
    draft.cached = peek?.outputs !== undefined;
    draft.seconds = peek?.seconds ?? draft.seconds;
    const outputs = peek?.outputs ?? expectedOutputs(verb, full, inputs, size);
    const measured = draft.purpose === "measurement" ? Object.keys(outputs) : [];
    return ledger.enter({ id, inputs, outputs, size, measured, seconds: draft.cached ? 0 : draft.seconds });
  });
}

interface Asked<V extends Verb> {
  readonly id: string;
  readonly verb: V;
  readonly params: Params<V>;
  readonly inputs: Inputs;
  readonly label: string;
  readonly seed: number;
}

function draftOf<V extends Verb>(
  { ledger }: Books,
  scope: PlanScope,
  { id, verb, params, inputs, label, seed }: Asked<V>,
): { readonly draft: Draft; readonly size: ModelSize } {
  const { device, rates, tokens } = scope;
  const rows = Object.fromEntries(Object.entries(inputs).map(([name, artifact]) => [name, artifact.rows ?? 0]));
  const size = withAdapter(params, modelUnder(ledger, scope, verb, params, inputs));
  const cost = stepCost(verb, params, size, rows, tokens);
  const accelerators = device === undefined ? 0 : acceleratorsFor(cost.memoryBytes, device.memoryBytes);
  const seconds = cost.flops / rates[verb].flopsPerSecond / Math.max(1, accelerators);
  const purpose = Object.values(inputs).some(ledger.isMeasured) ? "measurement" : "method";
  const draft = {
    id,
    label,
    verb,
    stepSeed: seed,
    cached: false,
    ...cost,
    seconds,
    accelerators,
    purpose,
    uses: [],
    labels: [],
  } as const;
  return { draft, size };
}

/** The model that a step trains or asks: an adapter's size is that of the model under it, and its own. */
function modelUnder<V extends Verb>(
  ledger: Ledger,
  { sizeOf }: PlanScope,
  verb: V,
  params: Params<V>,
  { model, base }: Inputs,
): ModelSize {
  if (verb === "pretrain") {
    const { architecture } = params as Params<"pretrain">;
    return { parameters: parametersOf(architecture), shape: shapeOf(architecture) };
  }
  const known = (artifact: Artifact): ModelSize =>
    ledger.sizeOf(artifact) ?? sizeOf(artifact) ?? { parameters: artifact.parameters };
  if (model === undefined) return { parameters: undefined };
  const size = known(model);
  if (base === undefined || size.adapter !== undefined) return size;
  return { ...known(base), ...(size.parameters !== undefined && { adapter: size.parameters }) };
}

async function planDerivation<In, Out>(
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

function noteUse({ uses }: Books, id: string, { experiment, arm, seed }: PlanScope, label: string): void {
  const known = uses.get(id) ?? { byArm: new Map<string, StepUse>(), labels: new Set<string>() };
  uses.set(id, known);
  known.labels.add(label);
  const who = JSON.stringify([experiment, arm, seed]);
  if (!known.byArm.has(who)) known.byArm.set(who, { experiment, arm, seed, round: roundOf(label, arm), label });
}

/** Methods call the steps of a round "<arm> round <n>", or "<arm> round <n>: <what>". */
function roundOf(label: string, arm: string): number | null {
  const rest = label.startsWith(arm) ? label.slice(arm.length) : label;
  const found = /^ round (\d+)(?=$|:)/.exec(rest);
  return found ? Number(found[1]) : null;
}

function noteTables({ tables }: Books, id: string, { experiment, tokens }: PlanScope, outputs: Outputs): void {
  const rows = Object.values(outputs).reduce((sum, artifact) => sum + (artifact.rows ?? 0), 0);
  const key = Object.values(outputs).find(({ madeBy }) => madeBy !== undefined)?.madeBy;
  tables.set(id, { ...(key && { key }), bytes: tableBytes(rows, tokens), experiments: new Set([experiment]) });
}

function isKnown(inputs: Inputs): boolean {
  return Object.values(inputs).every(({ ref }) => ref !== undefined);
}
