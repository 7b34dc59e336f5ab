/**
 * A runner in memory. Derivations are really computed; steps are played by a scripted trainer. It is stricter than the
 * real one: tables are frozen, parameters are checked against the contract, and a derivation asked for twice under one
 * key must give the same rows twice (otherwise its key leaves out something that it depends on).
 */
import { digestOf, type Json } from "../../kernel-lib/src/core/index.js";
import {
  type AnswerRow,
  type Artifact,
  type ArtifactRef,
  type Artifacts,
  type ClassifierScore,
  type Decoding,
  type DeriveOptions,
  type Inputs,
  type LogprobScore,
  outputsOf,
  type Params,
  type ParamsInput,
  type PromptRow,
  paramsSchemas,
  type Runner,
  type StepOptions,
  type Tables,
  type TextRow,
  type Verb,
} from "../../kernel-lib/src/steps/index.js";

/** What a fake model is: the step that made it, what that step was given, and the model that it started from. */
export interface FakeModel {
  readonly verb: Verb | "import";
  readonly name: string;
  readonly parent?: FakeModel;
  /** Rows of every data input of its training. */
  readonly trainedOn: Readonly<Record<string, readonly object[]>>;
  /** Which checkpoint of its training it is; undefined for the final model. */
  readonly checkpoint?: string;
}

export interface SampleRequest {
  readonly model: FakeModel;
  readonly row: PromptRow;
  readonly sample: number;
  readonly decoding: Decoding;
  readonly seed: number;
}

/** What the fake trainer answers; every part is optional. */
export interface Script {
  readonly answer?: (request: SampleRequest) => string;
  /** Whether the answer ended by itself; default yes. */
  readonly finished?: (request: SampleRequest) => boolean;
  /** Probability of class 1. */
  readonly classify?: (text: string, model: FakeModel) => number;
  /** Nats. */
  readonly logprob?: (row: PromptRow & { readonly answer: string }, model: FakeModel) => number;
}

/** One request for a step, with the rows of its data inputs and the models among them. */
export interface StepCall {
  readonly verb: Verb;
  readonly label: string;
  readonly seed: number;
  readonly params: Params<Verb>;
  readonly rows: Readonly<Record<string, readonly object[]>>;
  readonly models: Readonly<Record<string, FakeModel>>;
  readonly outputs: Readonly<Record<string, Artifact>>;
}

export interface FakeRunner extends Runner {
  /** Every request, in order, the repeated ones included. */
  readonly calls: readonly StepCall[];
  callsOf(verb: Verb, label?: RegExp): readonly StepCall[];
  put<R extends object>(rows: readonly R[]): Artifact<R>;
  putModel(name: string): Artifact;
  rowsOf<R>(artifact: Artifact<R>): readonly R[];
  modelOf(artifact: Artifact): FakeModel;
}

export function fakeRunner(script: Script = {}): FakeRunner {
  const tables = new Map<ArtifactRef, readonly object[]>();
  const models = new Map<ArtifactRef, FakeModel>();
  const derivations = new Map<string, string>();
  const calls: StepCall[] = [];

  const put = <R extends object>(rows: readonly R[], madeBy?: string): Artifact<R> => {
    const ref = `file:${digestOf(rows as unknown as Json)}` as const;
    tables.set(ref, deepFreeze(structuredClone(rows)));
    return { ref, rows: rows.length, ...(madeBy !== undefined && { madeBy }) };
  };
  const putModel = (model: FakeModel, madeBy: string): Artifact => {
    const ref = `tree:${digestOf(`${madeBy}/${model.checkpoint ?? ""}`)}` as const;
    models.set(ref, model);
    return { ref, madeBy };
  };
  const rowsOf = <R>(artifact: Artifact<R>): readonly R[] => {
    const rows = tables.get(artifact.ref!);
    if (!rows) throw new Error(`no such table: ${artifact.ref}`);
    return rows as readonly R[];
  };
  const modelOf = (artifact: Artifact): FakeModel => {
    const model = models.get(artifact.ref!);
    if (!model) throw new Error(`no such model: ${artifact.ref}`);
    return model;
  };

  const step = async <V extends Verb>(verb: V, input: ParamsInput<V>, inputs: Inputs, options: StepOptions) => {
    const params = paramsSchemas[verb].parse(input) as Params<V>;
    const refs = Object.fromEntries(Object.entries(inputs).map(([name, { ref }]) => [name, ref!]));
    const key = digestOf({ verb, params, refs, seed: options.seed } as unknown as Json);
    const isModel = ([, { ref }]: [string, Artifact]): boolean => ref!.startsWith("tree:");
    const entries = Object.entries(inputs);
    const rows = Object.fromEntries(
      entries.filter((e) => !isModel(e)).map(([name, a]) => [name, rowsOf(a) as object[]]),
    );
    const given = Object.fromEntries(entries.filter(isModel).map(([name, a]) => [name, modelOf(a)]));
    const context = { verb, key, params, rows, models: given, options };
    const outputs = Object.fromEntries(
      Object.entries(outputsOf(verb, params)).map(([name, kind]): [string, Artifact] => {
        if (kind === "file") return [name, put(dataOf(context, script), key)];
        const parent = given.model;
        const checkpoint = name === "model" ? undefined : name;
        const model = { verb, name: options.label, trainedOn: rows, ...(parent && { parent }) };
        return [name, putModel(checkpoint ? { ...model, checkpoint } : model, key)];
      }),
    );
    calls.push({ verb, ...options, params, rows, models: given, outputs });
    return outputs;
  };

  const derive = async <In, Out>(
    name: string,
    params: Json,
    inputs: Artifacts<In>,
    { label }: DeriveOptions<Out>,
    compute: (tables: Tables<In>) => Tables<Out> | Promise<Tables<Out>>,
  ): Promise<Artifacts<Out>> => {
    const entries = Object.entries(inputs as Inputs);
    const key = digestOf({ name, params, refs: entries.map(([input, { ref }]) => [input, ref!]) });
    const given = Object.fromEntries(entries.map(([input, artifact]) => [input, rowsOf(artifact)]));
    const results = (await compute(given as Tables<In>)) as Readonly<Record<string, readonly object[]>>;
    const digest = digestOf(results as Json);
    if ((derivations.get(key) ?? digest) !== digest) throw new Error(`${label}: equal keys of ${name}, other rows`);
    derivations.set(key, digest);
    return Object.fromEntries(
      Object.entries(results).map(([output, rows]) => [output, put(rows, key)]),
    ) as Artifacts<Out>;
  };

  return {
    calls,
    callsOf: (verb, label = /(?:)/) => calls.filter((call) => call.verb === verb && label.test(call.label)),
    put,
    putModel: (name) => putModel({ verb: "import", name, trainedOn: {} }, name),
    rowsOf,
    modelOf,
    step,
    derive,
    read: async (artifact) => rowsOf(artifact),
  };
}

interface StepContext {
  readonly verb: Verb;
  readonly params: Params<Verb>;
  readonly rows: Readonly<Record<string, readonly object[]>>;
  readonly models: Readonly<Record<string, FakeModel>>;
  readonly options: StepOptions;
}

/** The rows that a step leaves: answers, scores, or an empty log. */
function dataOf({ verb, params, rows, models, options }: StepContext, script: Script): readonly object[] {
  const model = models.model;
  if (verb === "sample") {
    const { decoding } = params as Params<"sample">;
    const samples = decoding.kind === "temperature" ? decoding.samples : 1;
    return (rows.prompts as readonly PromptRow[]).flatMap((row) =>
      Array.from({ length: samples }, (_, sample): AnswerRow => {
        const request = { model: model!, row, sample, decoding, seed: options.seed };
        const answer = script.answer?.(request) ?? "";
        return { id: row.id, sample, answer, tokens: 1, logprob: -1, finished: script.finished?.(request) ?? true };
      }),
    );
  }
  if (verb === "score" && (params as Params<"score">).kind === "classifier") {
    return (rows.rows as readonly TextRow[]).map(({ id, text }): ClassifierScore => {
      const accept = script.classify?.(text, model!) ?? 0.5;
      return { id, probabilities: [1 - accept, accept] };
    });
  }
  if (verb === "score") {
    return (rows.rows as readonly (PromptRow & { answer: string })[]).map(
      (row): LogprobScore => ({ id: row.id, logprob: script.logprob?.(row, model!) ?? -1, tokens: 1 }),
    );
  }
  return [];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
