import type { Verdict } from "../results/index.js";
import type { Rendered } from "./displayable.js";

/** What a display shows, for readers of executed notebooks. */
export type DisplayKind = "figure" | "claims" | "summary" | "table" | "answers" | "labels";

/** Where a display's numbers come from. */
export interface DisplayProvenance {
  /** Name of the experiment, such as "micro-math/main". */
  readonly experiment: string;
  readonly title: string;
  readonly seeds: readonly number[];
  readonly machine: string;
  readonly backend: string;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly ended: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly counts: { readonly executed: number; readonly cached: number };
  /** Keys of steps behind it: those that trained the models it is about, where they are known; a few hundred at most. */
  readonly keys: readonly string[];
  /** True for a run that was read from `results/`, false for one that was made here. */
  readonly recorded: boolean;
}

/** A comparison behind a claim as an executed notebook keeps it. */
export type DisplayedReading = Pick<
  Verdict["readings"][number],
  "compares" | "run" | "difference" | "p" | "adjusted" | "outcome"
> & {
  /** p-values and what else needs to be said, in words. */
  readonly note: string;
};

/** A claim's verdict as an executed notebook keeps it: plain JSON, differences as shares. */
export type DisplayedClaim = Pick<Verdict, "claim" | "statement" | "outcome" | "missing"> & {
  readonly readings: readonly DisplayedReading[];
};

/** What stands under `ilr-lab` in a display's metadata. */
export interface DisplayMetadata {
  readonly kind?: DisplayKind;
  readonly provenance?: DisplayProvenance;
  readonly claims?: readonly DisplayedClaim[];
}

const known = new WeakMap<object, DisplayProvenance>();

/**
 * Notes where a value comes from; `display` then says so in the output's metadata. The columns of a table are noted as well, so that a
 * filtered, sorted or narrowed frame keeps its provenance, while one with copied (`slice`) or computed columns, or those of two runs,
 * has none.
 */
export function withProvenance<T extends object>(value: T, provenance: DisplayProvenance): T {
  known.set(value, provenance);
  for (const column of columnsOf(value)) known.set(column, provenance);
  return value;
}

/** Where a value comes from, if that was noted. */
export function provenanceOf(value: unknown): DisplayProvenance | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const own = known.get(value);
  if (own !== undefined) return own;
  const [first, ...others] = columnsOf(value).map((column) => known.get(column));
  return others.every((other) => other === first) ? first : undefined;
}

/** Where what is drawn from several runs comes from: one run's provenance with all names, seeds, times and keys. */
export function provenanceOfAll(all: readonly [DisplayProvenance, ...DisplayProvenance[]]): DisplayProvenance {
  const distinct = <T>(of: (one: DisplayProvenance) => readonly T[]): readonly T[] => [...new Set(all.flatMap(of))];
  const sum = (of: "executed" | "cached"): number => all.reduce((total, { counts }) => total + counts[of], 0);
  const joined = (of: "experiment" | "title" | "machine" | "backend"): string =>
    distinct((one) => [one[of]]).join(of === "machine" ? "; " : ", ");
  return {
    ...{ experiment: joined("experiment"), title: joined("title"), seeds: distinct(({ seeds }) => seeds) },
    ...{ machine: joined("machine"), backend: joined("backend"), versions: all[0].versions },
    started: all.map(({ started }) => started).sort()[0]!,
    ended: all
      .map(({ ended }) => ended)
      .sort()
      .at(-1)!,
    counts: { executed: sum("executed"), cached: sum("cached") },
    keys: distinct(({ keys }) => keys),
    recorded: all.some(({ recorded }) => recorded),
  };
}

/** Forms of a value together with what they are and where they come from. */
export function described(rendered: Rendered, metadata: DisplayMetadata, provenance?: DisplayProvenance): Rendered {
  const before = rendered.metadata[metadataKey] as DisplayMetadata | undefined;
  const all: DisplayMetadata = { ...before, ...metadata, ...(provenance && { provenance }) };
  if (Object.keys(all).length === 0) return rendered;
  return { ...rendered, metadata: { ...rendered.metadata, [metadataKey]: all } };
}

const metadataKey = "ilr-lab";

/** Arquero's tables share the column objects that an operation leaves as they are. */
function columnsOf(value: object): readonly object[] {
  const table = value as { columnNames?: () => string[]; column?: (name: string) => unknown };
  if (typeof table.columnNames !== "function" || typeof table.column !== "function") return [];
  return table.columnNames().flatMap((name) => {
    const column = table.column!(name);
    return typeof column === "object" && column !== null ? [column] : [];
  });
}
