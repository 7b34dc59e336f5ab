import { resolve } from "node:path";
import type { Command } from "commander";
import { LabError, nearestName } from "../../core/index.js";
import {
  type Cell,
  type Point,
  type RunRecord,
  readRun,
  type VerifiedCell,
  verifyCell,
} from "../../experiments/index.js";
import { formatCount, showProgress } from "../../notebook/index.js";
import { openStore, temporaryFolder } from "../../store/index.js";
import { about } from "../about.js";
import { openNamed, openProject, print, wholeNumber } from "../context.js";
import { interruptible } from "../interrupt.js";
import { findRecorded } from "../recorded.js";
import type { CliContext } from "../surroundings.js";
import { alignedTable } from "../table.js";

interface VerifyOptions {
  readonly arm?: string;
  readonly seed?: string;
  readonly round?: string;
  readonly tolerance?: string;
  readonly workers?: string;
}

/** `ilr verify` checks the store's bytes; `ilr verify results` checks recorded numbers by computing one of them again. */
export function registerVerify(program: Command, context: CliContext): void {
  program
    .command("verify")
    .description(about.verify)
    .argument("[what]", "store or results", "store")
    .argument("[experiment]", "results: whose (default: micro-math/main)")
    .option("--arm <name>", "results: which curve (default: SFT)")
    .option("--seed <n>", "results: which seed (default: the first)")
    .option("--round <n>", "results: which round (default: the first that the arm has)")
    .option("--tolerance <points>", "results: largest difference in test accuracy that passes, in points (default: 0)")
    .option("--workers <n>", "results: steps side by side (default: one a core, at most two)")
    .action((what: string, experiment: string | undefined, options: VerifyOptions) => {
      if (what === "store") return verifyStore(context);
      if (what === "results") return verifyResults(context, experiment ?? "micro-math/main", options);
      throw new LabError("config-invalid", `verify does not know "${what}"`, { hint: "expected store or results" });
    });
}

async function verifyStore(context: CliContext): Promise<void> {
  const { content } = await openProject(context);
  const { files, bytes, records, damaged, lostRecords } = await content.verifyAll();
  print(context, `${files} files (${formatCount(bytes)}B) and ${records} records checked`);
  if (damaged.length + lostRecords.length === 0) return;
  for (const name of [...damaged, ...lostRecords]) print(context, `  ${name}`);
  throw new LabError("store-damaged", `${damaged.length} files and ${lostRecords.length} records are damaged`, {
    hint: "they were put into quarantine; run the experiment again, and what it needs is computed again",
  });
}

/** In a store of its own, so that nothing is taken from the cache. */
async function verifyResults(context: CliContext, name: string, options: VerifyOptions): Promise<void> {
  const { results, data } = await openProject(context);
  const record = await recordedRun(results, name);
  const cell = cellOf(record, options);
  const { path: folder, remove } = await temporaryFolder("verify");
  const workers = options.workers === undefined ? undefined : wholeNumber("--workers", options.workers, 1);
  const backend = await openNamed(context, undefined, workers);
  const progress = showProgress({ stream: context.stdout, title: `${name}: ${describe(cell)}` });
  const { onActivity } = progress;
  try {
    const store = await openStore(folder);
    const verified = await interruptible(progress.note, (signal) =>
      verifyCell(record, cell, { store, results, data, backend, signal, onActivity }),
    ).finally(progress.close);
    report(context, name, verified, options);
  } finally {
    await backend.close();
    await remove();
  }
}

async function recordedRun(results: string, name: string): Promise<RunRecord> {
  const runs = (await findRecorded([results])).flatMap((entry) => (entry.kind === "run" ? [entry] : []));
  const found = runs.find(({ folder }) => folder === resolve(results, name));
  if (found) return readRun(found.folder);
  const names = runs.map(({ provenance }) => provenance.experiment.name);
  const near = nearestName(name, names);
  throw new LabError("name-unknown", `results/ has no run "${name}"`, {
    hint: near ? `did you mean "${near}"?` : `recorded: ${names.join(", ") || "none"}`,
  });
}

function cellOf({ points, provenance }: RunRecord, { arm, seed, round }: VerifyOptions): Cell {
  const name = arm ?? provenance.experiment.arms[0]!.name;
  const first = points.find((point) => point.arm === name);
  return {
    arm: name,
    seed: seed === undefined ? provenance.experiment.seeds[0]! : wholeNumber("--seed", seed, 0),
    round: round === undefined ? (first?.round ?? 0) : wholeNumber("--round", round, 0),
  };
}

const describe = ({ arm, seed, round }: Cell): string => `${arm}, seed ${seed}, round ${round}`;

function report(context: CliContext, name: string, verified: VerifiedCell, { tolerance = "0" }: VerifyOptions): void {
  const { cell, fields, differing, tested, difference, identical } = verified;
  const rows = fields
    .filter(({ recorded, recomputed }) => (recorded ?? recomputed ?? null) !== null)
    .map(({ field, recorded, recomputed, equal }) => [
      field,
      shown(recorded),
      shown(recomputed),
      equal ? "same" : "differs",
    ]);
  print(context, alignedTable([[`${name}: ${describe(cell)}`, "recorded", "computed here", ""], ...rows], [1, 2]));
  if (identical) {
    print(context, `identical: all ${tested} test questions and every number`);
    return;
  }
  const points = `${differing} of ${tested} test questions differ, test accuracy by ${(100 * difference).toFixed(2)} points`;
  if (Math.abs(100 * difference) <= Number(tolerance)) {
    print(context, `within ${tolerance} points: ${points}`);
    return;
  }
  throw new LabError("input-damaged", `the record does not hold what this machine computes: ${points}`, {
    hint: "processors round differently: --tolerance 2 lets small differences pass; a large one is worth an issue, with this table",
  });
}

function shown(value: Point[keyof Point]): string {
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  return value === null || value === undefined ? "-" : typeof value === "string" ? value : `${value.length} bins`;
}
