import type { StoreRunner } from "../../backends/index.js";
import type { Artifact, Inputs } from "../../steps/index.js";
import type { Device } from "./devices.js";
import { tableBytes } from "./disk.js";
import type { Ledger, Outputs } from "./ledger.js";
import type { ModelSize } from "./model-size.js";
import type { TypicalTokens } from "./passes.js";
import type { PlannedTables, PricedStep, StepUse } from "./priced-step.js";
import type { Rates } from "./rates.js";

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

/** A step while it is planned. */
export type Draft = { -readonly [K in keyof PricedStep]: PricedStep[K] };

/** What all scopes of a planner share. */
export interface Books {
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

/** Rows of an artifact: computed for this plan, or in the store; undefined of one that has yet to be made. */
export async function read<R>({ computed, runner }: Books, artifact: Artifact<R>): Promise<readonly R[] | undefined> {
  if (artifact.ref === undefined) return undefined;
  return (computed.get(artifact.ref) as readonly R[] | undefined) ?? runner.store.readRows<R>(artifact.ref);
}

/** Equal requests are one, also when they come at once. */
export function once({ asked }: Books, id: string, make: () => Promise<Outputs>): Promise<Outputs> {
  const found = asked.get(id) ?? make();
  asked.set(id, found);
  return found;
}

/** Notes that an arm asks for a step, and what it calls it. */
export function noteUse({ uses }: Books, id: string, { experiment, arm, seed }: PlanScope, label: string): void {
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

/** Notes the tables that a derivation leaves. */
export function noteTables({ tables }: Books, id: string, { experiment, tokens }: PlanScope, outputs: Outputs): void {
  const rows = Object.values(outputs).reduce((sum, artifact) => sum + (artifact.rows ?? 0), 0);
  const key = Object.values(outputs).find(({ madeBy }) => madeBy !== undefined)?.madeBy;
  tables.set(id, { ...(key && { key }), bytes: tableBytes(rows, tokens), experiments: new Set([experiment]) });
}

/** Whether all inputs have a reference, so that there is a key to look up. */
export function isKnown(inputs: Inputs): boolean {
  return Object.values(inputs).every(({ ref }) => ref !== undefined);
}
