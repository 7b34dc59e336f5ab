import type { StoreRunner } from "../backends/index.js";
import { digestOf, type Json, sha256 } from "../core/index.js";
import {
  type Artifact,
  type Artifacts,
  type DeriveOptions,
  type Inputs,
  outputsOf,
  type Params,
  type ParamsInput,
  paramsSchemas,
  type Runner,
  type StepOptions,
  type Tables,
  type Verb,
} from "../steps/index.js";
import { formatRows } from "../store/index.js";
import { flopsOf, parametersOf, type Rates, type TypicalTokens } from "./cost.js";

/** One step of a plan. What several arms have in common is one step. */
export interface PlannedStep {
  /** For people, such as "ILR round 2: student". */
  readonly label: string;
  readonly verb: Verb;
  /** Key in the store; undefined while an input has yet to be made. */
  readonly key?: string;
  /** True: its outputs are in the store, and it will not run. */
  readonly cached: boolean;
  /** Estimated floating-point operations. */
  readonly flops: number;
  /** Estimated seconds of one worker; of a cached step, what it took. */
  readonly seconds: number;
  /** Parameters of the model. */
  readonly parameters: number;
  /** Rows of all data inputs. */
  readonly rows: number;
}

/** A runner that executes no step and writes nothing: it notes what would run, and what that would cost. */
export interface PlanningRunner extends Runner {
  /** Every step that was asked for, once, in order. */
  steps(): readonly PlannedStep[];
  /** Seconds of the longest chain of steps that need each other's outputs. */
  criticalSeconds(): number;
}

export interface Prices {
  readonly tokens: TypicalTokens;
  readonly rates: Rates;
}

type Outputs = Readonly<Record<string, Artifact>>;

/**
 * Larger tables than this are only estimated: making millions of words of pretraining text takes as long as a training step.
 */
const MOST_COMPUTED_ROWS = 50_000;

/**
 * Steps with known inputs are looked up in the store; derivations with known inputs are looked up, or computed in memory, so that
 * what follows from them can be looked up too. Anything that needs an output yet to be made gets a key of its own made of what is
 * known, so that arms share in the plan what they share in the run.
 */
export function planningRunner(runner: StoreRunner, prices: Prices): PlanningRunner {
  const ledger = createLedger();
  const planned: PlannedStep[] = [];
  const asked = new Map<string, Promise<Outputs>>();
  const computed = new Map<string, readonly unknown[]>();

  /** Equal requests are one, also when they come at once. */
  const once = (document: Json, make: (id: string) => Promise<Outputs>): Promise<Outputs> => {
    const id = digestOf(document);
    const found = asked.get(id) ?? make(id);
    asked.set(id, found);
    return found;
  };
  const read = async <R>(artifact: Artifact<R>): Promise<readonly R[] | undefined> => {
    if (artifact.ref === undefined) return undefined;
    return (computed.get(artifact.ref) as readonly R[] | undefined) ?? runner.store.readRows<R>(artifact.ref);
  };

  return {
    read,
    steps: () => planned,
    criticalSeconds: () => ledger.criticalSeconds(),
    step: <V extends Verb>(verb: V, params: ParamsInput<V>, inputs: Inputs, { seed, label }: StepOptions) => {
      const full = paramsSchemas[verb].parse(params) as Params<V>;
      const names = ledger.namesOf(inputs);
      return once({ verb, params: full as Json, inputs: names, seed }, async (id) => {
        const peek = areKnown(inputs) ? await runner.peek(verb, params, inputs, seed) : undefined;
        const cost = priceOf(verb, full, inputs, prices);
        const cached = peek?.outputs !== undefined;
        const seconds = peek?.seconds ?? cost.seconds;
        planned.push({ label, verb, ...(peek && { key: peek.key }), cached, ...cost, seconds });
        return ledger.enter(id, inputs, peek?.outputs ?? expectedOutputs(verb, full, inputs), cached ? 0 : seconds);
      });
    },
    derive: async <In, Out>(
      name: string,
      params: Json,
      inputs: Artifacts<In>,
      { expectRows, costly = false }: DeriveOptions<Out>,
      compute: (tables: Tables<In>) => Tables<Out> | Promise<Tables<Out>>,
    ): Promise<Artifacts<Out>> => {
      const given = inputs as Inputs;
      const expected = Object.entries(expectRows as Readonly<Record<string, number>>);
      const outputs = await once({ name, params, inputs: ledger.namesOf(given) }, async (id) => {
        const peek = areKnown(given) ? await runner.peekDerivation(name, params, given) : undefined;
        const small = expected.every(([, rows]) => rows <= MOST_COMPUTED_ROWS);
        if (peek?.outputs) return ledger.enter(id, given, peek.outputs, 0);
        if (!peek || !small || costly) return ledger.enter(id, given, estimated(expected), 0);
        const tables = await Promise.all(
          Object.entries(given).map(async ([input, artifact]) => [input, await read(artifact)] as const),
        );
        const made = await compute(Object.fromEntries(tables) as Tables<In>);
        return ledger.enter(id, given, inMemory(made as Readonly<Record<string, readonly object[]>>, computed), 0);
      });
      return outputs as Artifacts<Out>;
    },
  };
}

/** Names of artifacts, known or not, and when they would be there. */
interface Ledger {
  /** Reference of a known artifact; of another, where it will come from. */
  namesOf(inputs: Inputs): Readonly<Record<string, string>>;
  /** Notes outputs that are there `seconds` after the last input. */
  enter(id: string, inputs: Inputs, outputs: Outputs, seconds: number): Outputs;
  criticalSeconds(): number;
}

function createLedger(): Ledger {
  const names = new WeakMap<Artifact, string>();
  const times = new WeakMap<Artifact, number>();
  let last = 0;
  const nameOf = (artifact: Artifact): string => artifact.ref ?? names.get(artifact) ?? "unknown";
  return {
    namesOf: (inputs) => Object.fromEntries(Object.entries(inputs).map(([name, artifact]) => [name, nameOf(artifact)])),
    enter: (id, inputs, outputs, seconds) => {
      const start = Math.max(0, ...Object.values(inputs).map((artifact) => times.get(artifact) ?? 0));
      for (const [name, artifact] of Object.entries(outputs)) {
        names.set(artifact, `${id}/${name}`);
        times.set(artifact, start + seconds);
      }
      last = Math.max(last, start + seconds);
      return outputs;
    },
    criticalSeconds: () => last,
  };
}

function areKnown(inputs: Inputs): boolean {
  return Object.values(inputs).every(({ ref }) => ref !== undefined);
}

type Price = Pick<PlannedStep, "flops" | "seconds" | "parameters" | "rows">;

function priceOf<V extends Verb>(verb: V, params: Params<V>, inputs: Inputs, { tokens, rates }: Prices): Price {
  const rows = Object.fromEntries(Object.entries(inputs).map(([name, artifact]) => [name, artifact.rows ?? 0]));
  const parameters = modelSize(verb, params, inputs) ?? 0;
  const flops = flopsOf(verb, params, { parameters, rows }, tokens);
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  return { flops, seconds: flops / rates[verb], parameters, rows: total };
}

function modelSize<V extends Verb>(verb: V, params: Params<V>, inputs: Inputs): number | undefined {
  if (verb === "pretrain") return parametersOf((params as Params<"pretrain">).architecture);
  return inputs.model?.parameters;
}

/** Outputs of a step that has not run: how many rows and parameters they will have. */
function expectedOutputs<V extends Verb>(verb: V, params: Params<V>, inputs: Inputs): Outputs {
  const parameters = modelSize(verb, params, inputs);
  const rows = (inputs.prompts ?? inputs.rows)?.rows;
  const answers = verb === "sample" ? answersKept(params as Params<"sample">) : 1;
  return Object.fromEntries(
    Object.entries(outputsOf(verb, params)).map(([name, kind]): [string, Artifact] => {
      if (kind === "tree") return [name, { ref: undefined, ...(parameters !== undefined && { parameters }) }];
      return [name, { ref: undefined, ...(rows !== undefined && name !== "log" && { rows: rows * answers }) }];
    }),
  );
}

function answersKept({ decoding }: Params<"sample">): number {
  return decoding.kind === "temperature" ? decoding.samples : 1;
}

function estimated(expected: readonly (readonly [string, number])[]): Outputs {
  return Object.fromEntries(expected.map(([name, rows]) => [name, { ref: undefined, rows: Math.round(rows) }]));
}

/** Tables as artifacts with the reference that they would have in the store. */
function inMemory(tables: Readonly<Record<string, readonly object[]>>, kept: Map<string, readonly unknown[]>): Outputs {
  return Object.fromEntries(
    Object.entries(tables).map(([name, rows]): [string, Artifact] => {
      const ref = `file:${sha256(formatRows(rows))}` as const;
      kept.set(ref, rows);
      return [name, { ref, rows: rows.length }];
    }),
  );
}
