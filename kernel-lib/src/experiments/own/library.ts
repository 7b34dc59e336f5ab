/** The functions of the user's that an experiment names, found and held against what it says of them. */
import { LabError, nearestName } from "../../core/index.js";
import { type OwnComparisons, plannedRule, plannedSource, type RefinementRule } from "../../methods/index.js";
import type { Arm, OwnReference } from "../config/arms.js";
import type { Experiment } from "../config/schema.js";
import type { Own } from "./method.js";

/** What an experiment's arms may call. */
export interface OwnLibrary {
  source(name: string): OwnComparisons;
  rule(name: string): RefinementRule;
}

/** A function that an experiment calls, for its record: enough to know it again, and to read it. */
export interface OwnRecord {
  readonly kind: Own["kind"];
  readonly name: string;
  readonly digest: string;
  readonly source: string;
  readonly parameters: Own["code"]["parameters"];
}

const words = { "comparison-source": "comparison source", "refinement-rule": "refinement rule" } as const;

/**
 * An experiment whose references all have digests, and the functions behind them.
 *
 * @param own the functions at hand.
 * @throws LabError `config-invalid` for a function that is named and not there, is another than the experiment says, or shares its name.
 */
export function bindOwn(
  experiment: Experiment,
  own: readonly Own[],
): { readonly experiment: Experiment; readonly library: OwnLibrary; readonly records: readonly OwnRecord[] } {
  refuseHomonyms(own);
  const used = new Set<Own>();
  const bind = <R extends OwnReference>(arm: Arm, kind: Own["kind"], reference: R): R => {
    const value = found(own, kind, reference, `arm ${JSON.stringify(arm.name)}`);
    used.add(value);
    return { ...reference, digest: value.code.digest };
  };
  const arms = experiment.arms.map((arm): Arm => {
    const { comparisons, refine } = arm;
    return {
      ...arm,
      ...(isReference(comparisons) && { comparisons: bind(arm, "comparison-source", comparisons) }),
      ...(refine && { refine: bind(arm, "refinement-rule", refine) }),
    };
  });
  const records = [...used].map(({ kind, name, code }) => ({ kind, name, ...code }));
  return { experiment: { ...experiment, arms: arms as Experiment["arms"] }, library: libraryOf(own), records };
}

/** What a plan of an experiment calls: its functions by name and digest only, since a plan asks nobody. */
export function plannedOwn(experiment: Experiment, own: readonly Own[]): OwnLibrary {
  const digestOf = (kind: Own["kind"], name: string): string => {
    const given = own.find((each) => each.kind === kind && each.name === name)?.code.digest;
    return (
      given ?? references(experiment).find((each) => each.kind === kind && each.own === name)?.digest ?? "not known"
    );
  };
  return {
    source: (name) => plannedSource(name, digestOf("comparison-source", name)),
    rule: (name) => plannedRule(name, digestOf("refinement-rule", name)),
  };
}

function references({ arms }: Experiment): readonly (OwnReference & { readonly kind: Own["kind"] })[] {
  return arms.flatMap(({ comparisons, refine }) => [
    ...(isReference(comparisons) ? [{ kind: "comparison-source", ...comparisons } as const] : []),
    ...(refine ? [{ kind: "refinement-rule", ...refine } as const] : []),
  ]);
}

function isReference(comparisons: Arm["comparisons"]): comparisons is OwnReference {
  return typeof comparisons === "object" && "own" in comparisons;
}

function found(own: readonly Own[], kind: Own["kind"], { own: name, digest }: OwnReference, where: string): Own {
  const ofKind = own.filter((each) => each.kind === kind);
  const value = ofKind.find((each) => each.name === name);
  const what = `${words[kind]} ${JSON.stringify(name)}`;
  if (value === undefined) {
    const near = nearestName(
      name,
      ofKind.map((each) => each.name),
    );
    const make = kind === "comparison-source" ? "comparisonSource" : "refinementRule";
    throw new LabError("config-invalid", `${where} needs the ${what}, a function that a config cannot hold`, {
      hint: near
        ? `did you mean ${JSON.stringify(near)}?`
        : `pass it from a notebook or a script: lab.run(..., { own: [${make}(${JSON.stringify(name)}, ...)] })`,
    });
  }
  if (digest === undefined || digest === value.code.digest) return value;
  throw new LabError("config-invalid", `${where} was written for another ${what}: its text or parameters differ`, {
    hint: `expected digest ${digest.slice(0, 12)}..., got ${value.code.digest.slice(0, 12)}...; without a digest the config takes any function of this name`,
  });
}

/** A name that means two functions would mean either. */
function refuseHomonyms(own: readonly Own[]): void {
  for (const { kind, name, code } of own) {
    if (own.every((each) => each.kind !== kind || each.name !== name || each.code.digest === code.digest)) continue;
    throw new LabError("config-invalid", `there are two different ${words[kind]}s ${JSON.stringify(name)}`, {
      hint: "give each a name of its own",
    });
  }
}

function libraryOf(own: readonly Own[]): OwnLibrary {
  const of = (kind: Own["kind"], name: string): Own => {
    const value = own.find((each) => each.kind === kind && each.name === name);
    if (value === undefined) throw new LabError("internal", `${words[kind]} ${JSON.stringify(name)} was never bound`);
    return value;
  };
  return {
    source: (name) => of("comparison-source", name) as OwnComparisons,
    rule: (name) => of("refinement-rule", name) as RefinementRule,
  };
}
