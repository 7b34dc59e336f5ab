import type { ColumnTable } from "arquero";
import type { DataFrame } from "danfojs-node";
import { LabError, nearestName } from "../../core/index.js";
import { danfoColumn } from "./column.js";

type Danfo = typeof import("danfojs-node");

export interface DanfoOptions {
  /** Columns that are going to be grouped by, by their names in the frame: refuses those whose groups danfo would mix up. */
  readonly groupBy?: readonly string[];
}

/**
 * A frame as a DataFrame of danfo.js, for those who know its ways; rows come in the frame's order, its filters applied.
 *
 * What is put right on the way: every row has every column, in one order; missing numbers are NaN, so that a group's mean is NaN and not
 * too small; every column has one type, found from all its values (big integers, lists, objects and mixed columns are text, dates ISO text,
 * booleans with gaps 1, 0 and NaN). A column whose name is a member of DataFrame gets an underscore: `round` is `round_`, and `df.round()`
 * works.
 *
 * What danfo 1.2.0 does wrong all the same (docs/analysis.md, each held by a test):
 * - grouping by several columns mixes up groups whose keys are equal when joined by "-": name them in `groupBy`, and such frames are refused
 * - the standard deviation of one value is 0, and `count` counts missing values: use Arquero's `rollup`
 * - `sortValues` leaves columns with missing values unsorted: use Arquero's `orderby` first
 *
 * @throws LabError `unsupported` without the package danfojs-node, and for groups that danfo would mix up; `name-unknown` in `groupBy`.
 * @example
 * const df = await toDanfo(run.frame("rounds"), { groupBy: ["arm", "round"] });
 * df.groupby(["arm", "round_"]).col(["accuracy"]).mean().print();
 */
export async function toDanfo(frame: ColumnTable, options: DanfoOptions = {}): Promise<DataFrame> {
  const danfo = await loadDanfo();
  const names = frame.columnNames();
  const columns = names.map((name) => danfoColumn(Array.from(frame.array(name) as ArrayLike<unknown>)));
  const keys = (options.groupBy ?? []).map((name) => columns[placeOf(name, names)]!.values);
  refuseMixedGroups(options.groupBy ?? [], keys);
  const rows = Array.from({ length: frame.numRows() }, (_, row) => columns.map(({ values }) => values[row]));
  return new danfo.DataFrame(rows, {
    columns: freeNames(names, membersOf(danfo)),
    dtypes: columns.map(({ dtype }) => dtype),
  });
}

/** danfo.js brings TensorFlow.js: a few seconds, and only when somebody asks for it. */
async function loadDanfo(): Promise<Danfo> {
  try {
    const loaded = await import("danfojs-node");
    const danfo = (loaded as Danfo & { readonly default?: Danfo }).default ?? loaded;
    // Otherwise the first sum advises to install another package.
    (danfo.tensorflow as { enableProdMode(): void }).enableProdMode();
    return danfo;
  } catch (cause) {
    throw new LabError("unsupported", "the package danfojs-node is not there, or cannot be loaded", {
      cause,
      hint: "docs/analysis.md says how to install it; Arquero does all that danfo does",
    });
  }
}

/** Names of a DataFrame's own fields and methods. */
function membersOf({ DataFrame }: Danfo): ReadonlySet<string> {
  const names = Object.getOwnPropertyNames(new DataFrame([[0]], { columns: ["_"] })).filter((name) => name !== "_");
  for (let layer: object | null = DataFrame.prototype; layer !== null; layer = Object.getPrototypeOf(layer)) {
    names.push(...Object.getOwnPropertyNames(layer));
  }
  return new Set(names);
}

function freeNames(names: readonly string[], taken: ReadonlySet<string>): string[] {
  const others = new Set(names);
  return names.map((name) => {
    let free = name;
    while (taken.has(free) || (free !== name && others.has(free))) free = `${free}_`;
    return free;
  });
}

function placeOf(name: string, names: readonly string[]): number {
  const place = names.indexOf(name);
  if (place >= 0) return place;
  const near = nearestName(name, names);
  throw new LabError("name-unknown", `there is no column ${JSON.stringify(name)} to group by`, {
    hint: near ? `did you mean ${JSON.stringify(near)}?` : `the frame has ${names.join(", ")}`,
  });
}

/** danfo knows a group by its keys, joined by "-". */
function refuseMixedGroups(names: readonly string[], keys: readonly (readonly unknown[])[]): void {
  const groups = new Map<string, string>();
  for (let row = 0; row < (keys[0]?.length ?? 0); row++) {
    const key = keys.map((values) => values[row]);
    const [joined, exact] = [key.join("-"), JSON.stringify(key)];
    const other = groups.get(joined) ?? exact;
    if (other === exact) groups.set(joined, exact);
    else {
      throw new LabError(
        "unsupported",
        `danfo would take the groups ${other} and ${exact} of ${names.join(", ")} for one`,
        {
          hint: `group in Arquero: toDanfo(frame.groupby(${names.map((name) => JSON.stringify(name)).join(", ")}).rollup({ ... }))`,
        },
      );
    }
  }
}
