import type { StoreRunner } from "../../backends/index.js";
import { digestOf, type Json, limitOf } from "../../core/index.js";
import {
  type Artifact,
  type Inputs,
  type Params,
  type ParamsInput,
  paramsSchemas,
  type Runner,
  type StepOptions,
  type Verb,
} from "../../steps/index.js";
import { type Books, type Draft, isKnown, noteUse, once, type PlanScope, read } from "./books.js";
import { planDerivation } from "./derivations.js";
import { expectedOutputs } from "./expected-outputs.js";
import { createLedger, type Ledger, type Outputs } from "./ledger.js";
import { acceleratorsFor } from "./memory.js";
import { type ModelSize, parametersOf, shapeOf } from "./model-size.js";
import type { PlannedTables, PricedStep } from "./priced-step.js";
import { stepCost, withAdapter } from "./step-cost.js";

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
