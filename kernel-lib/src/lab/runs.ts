import { join } from "node:path";
import type { ColumnTable } from "arquero";
import {
  families,
  findProject,
  PROFILES,
  type Project,
  profileOf,
  type RunRecord,
  readRun,
  recordedRuns,
} from "../experiments/index.js";
import { displayedAs, render, withProvenance } from "../notebook/index.js";
import {
  columnsOfAll,
  frameOf,
  type NamedSource,
  query,
  type RecordsName,
  recordTables,
  rowsOfAll,
  type SqlValue,
  statementOf,
} from "../results/index.js";
import { openStore, type Store } from "../store/index.js";
import { member, unknownName } from "./names.js";
import { provenanceOfRuns } from "./provenance.js";
import { type Run, runOf } from "./run.js";

/** Which recorded runs are meant. */
export interface RunQuery {
  /** Names of experiments ("micro-math/main"; "gsm8k/main" means it at every size), or of folders under `results/`. Default: all. */
  readonly experiment?: string | readonly string[];
  /** Size: "micro", "small", "paper", "paper-70b". Default: any. */
  readonly profile?: string;
  /** Where results and the store are. Default: the checkout around the current folder. */
  readonly project?: Project;
}

/** Asks DuckDB: a template whose interpolated values become parameters of the statement, never text. */
export type Sql = (strings: TemplateStringsArray, ...values: readonly SqlValue[]) => Promise<ColumnTable>;

/** Recorded runs together, to compute with; `display` shows what they are. */
export interface Runs {
  /** Their names: their folders under `results/`, sorted. */
  readonly names: readonly string[];
  /** One of them. @throws LabError `name-unknown`. */
  run(name: string): Run;
  /**
   * The rows of all of them as they were recorded, with the run's name in `run`: those of `run.records`.
   *
   * @throws LabError `input-missing` when they are of the store, and it lacks those of a run; `name-unknown`.
   */
  records(name: RecordsName): Promise<ColumnTable>;
  /**
   * SQL over the same tables, by the same names.
   *
   * @throws LabError `config-invalid` for a statement that DuckDB refuses; as `records`.
   */
  readonly sql: Sql;
}

type NamedRun = NamedSource;

/**
 * Every recorded run under `results/`, at any depth, that matches.
 *
 * @throws LabError `name-unknown` when none does; `input-damaged` for one that cannot be read.
 * @example
 * const runs = await loadRuns({ experiment: "micro-math/main" });
 * const examples = await runs.records("examples");
 * display(examples.groupby("run", "arm").rollup({ accuracy: (d) => op.mean(d.correct) }));
 */
export async function loadRuns(wanted: RunQuery = {}): Promise<Runs> {
  const all = await readRuns(wanted);
  const records = all.map(({ run }) => run);
  const byName = new Map(all.map((source) => [source.name, source]));
  const runs: Runs = {
    names: [...byName.keys()],
    run: (name) => {
      const found = byName.get(name);
      if (found === undefined) throw unknownName("run", name, [...byName.keys()]);
      return runOf(found.run, { recorded: true, store: found.store });
    },
    records: async (name) => {
      member(recordTables, "table of records", name);
      return about(frameOf(columnsOfAll(name), await rowsOfAll(name, all)), records);
    },
    sql: sqlOver(async () => all),
  };
  const summary = frameOf(columnsOfAll("runs"), await rowsOfAll("runs", all));
  return displayedAs(runs, (options) => render(about(summary.select(shown), records), options));
}

/** Columns of `display(runs)`. */
const shown = ["run", "experiment", "profile", "seeds", "started", "wallSeconds", "executed", "cached", "machine"];

/** SQL over runs, which are read when a statement names one of their tables. */
export function sqlOver(runs: () => Promise<readonly NamedRun[]>): Sql {
  return async (strings, ...values) => {
    let reading: Promise<readonly NamedRun[]> | undefined;
    let used: readonly RunRecord[] = [];
    const result = await query(statementOf(strings, values), {
      names: Object.keys(recordTables),
      load: async (table) => {
        const name = table as RecordsName;
        reading ??= runs();
        const all = await reading;
        used = all.map(({ run }) => run);
        return { columns: columnsOfAll(name), rows: await rowsOfAll(name, all) };
      },
    });
    return about(result, used);
  };
}

/** Reads the runs that match. */
export async function readRuns({
  experiment,
  profile,
  project = findProject(),
}: RunQuery): Promise<readonly NamedRun[]> {
  if (profile !== undefined && !(PROFILES as readonly string[]).includes(profile)) {
    throw unknownName("profile", profile, PROFILES);
  }
  let opened: Promise<Store> | undefined;
  const store = (): Promise<Store> => (opened ??= openStore(project.store));
  const all: NamedRun[] = [];
  for (const name of await recordedRuns(project.results)) {
    all.push({ name, run: await readRun(join(project.results, ...name.split("/"))), store });
  }
  const wanted = typeof experiment === "string" ? [experiment] : experiment;
  for (const name of wanted ?? [])
    if (!all.some((run) => isOf(run, name))) throw unknownName("recorded run", name, namesOf(all));
  const found = all.filter(
    (run) =>
      (wanted?.some((name) => isOf(run, name)) ?? true) && (profile === undefined || profileOfRun(run) === profile),
  );
  if (found.length === 0 && profile !== undefined) {
    const sizes = [...new Set(all.flatMap((run) => profileOfRun(run) ?? []))];
    throw unknownName("recorded run of the profile", profile, sizes);
  }
  return found;
}

const profileOfRun = ({ run }: NamedRun): string | undefined => profileOf(run.provenance.experiment.name);

/** Whether a run is called so: by its folder, by its experiment, or by the experiment's name without its size. */
function isOf({ name, run }: NamedRun, wanted: string): boolean {
  const own = run.provenance.experiment.name;
  if (wanted === name || wanted === own || wanted === own.split("@")[0]) return true;
  const family = families.find((candidate) => candidate.name === wanted);
  return [...(family?.profiles.values() ?? [])].some((preset) => preset.name === own);
}

function namesOf(all: readonly NamedRun[]): readonly string[] {
  return [...new Set(all.flatMap(({ name, run }) => [name, run.provenance.experiment.name]))];
}

function about(table: ColumnTable, runs: readonly RunRecord[]): ColumnTable {
  const provenance = provenanceOfRuns(runs);
  return provenance ? withProvenance(table, provenance) : table;
}
