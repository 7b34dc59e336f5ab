import { resolve } from "node:path";
import type { Command } from "commander";
import { LabError, nearestName } from "../../core/index.js";
import { findProject } from "../../experiments/index.js";
import {
  DATA_SETS,
  type DataReport,
  type DataSetName,
  getDataSet,
  inspectData,
  openHub,
  type TransferProgress,
} from "../../hub/index.js";
import { about } from "../about.js";
import { print } from "../context.js";
import { interruptible } from "../interrupt.js";
import type { CliContext } from "../surroundings.js";
import { alignedTable } from "../table.js";

interface DataOptions {
  readonly data?: string;
}

interface GetOptions extends DataOptions {
  readonly mirror?: string;
  readonly from?: string;
}

/** The commands that look after data sets: get, list, path. */
export function registerData(program: Command, context: CliContext): void {
  const data = program.command("data").description(about.data);
  const inFolder = (command: Command): Command =>
    command.option("--data <folder>", "where data sets lie (default: ILR_DATA, else .ilr/data of the project)");
  inFolder(data.command("get"))
    .description(`bring a data set into the data folder, verified: ${DATA_SETS.join(", ")}`)
    .argument("<name>", "name of a data set")
    .option("--mirror <url>", "a mirror of huggingface.co (default: HF_ENDPOINT, else huggingface.co itself)")
    .option("--from <path>", "take it from a file or folder on this machine")
    .action((name: string, options: GetOptions) => get(context, name, options));
  inFolder(data.command("list"))
    .description("say which data sets are there, whether they are whole, and their licences")
    .action((options: DataOptions) => list(context, options));
  inFolder(data.command("path"))
    .description("print the data folder")
    .action((options: DataOptions) => print(context, folderOf(context, options)));
}

function folderOf(context: CliContext, { data }: DataOptions): string {
  return data === undefined ? findProject(context.cwd).data : resolve(context.cwd, data);
}

async function get(context: CliContext, name: string, options: GetOptions): Promise<void> {
  const dataSet = dataSetNamed(name);
  const data = folderOf(context, options);
  const say = (line: string): void => void context.stderr.write(`${line}\n`);
  const got = await interruptible(
    () => say("stopping; what was transferred is kept, and the same command goes on from there"),
    (signal) =>
      getDataSet(dataSet, {
        ...{ data, signal, onProgress: progressLines(say), onNote: say },
        from: options.from === undefined ? undefined : resolve(context.cwd, options.from),
        hub: () => openHub({ endpoint: options.mirror, env: context.env, signal, onRetry: say }),
      }),
  );
  print(context, `${got.name}: ${got.fetched ? "verified" : "there already, verified"}; ${contentsOf(got)}`);
  print(context, `licence: ${got.licence}`);
  print(context, got.folder);
}

/** A line each time a file is a tenth further. */
function progressLines(say: (line: string) => void): (progress: TransferProgress) => void {
  const tenths = new Map<string, number>();
  return ({ file, done, total }) => {
    const tenth = Math.floor((done / total) * 10);
    if ((tenths.get(file) ?? 0) >= tenth) return;
    tenths.set(file, tenth);
    say(`${file}: ${tenth * 10} % of ${megabytes(total)}`);
  };
}

async function list(context: CliContext, options: DataOptions): Promise<void> {
  const reports = await inspectData(folderOf(context, options));
  const rows = reports.map((report) => [
    report.name,
    report.state,
    contentsOf(report),
    sourceOf(report),
    report.licence,
  ]);
  print(context, alignedTable([["data set", "state", "contents", "source", "licence"], ...rows]));
  for (const { name, state, problem } of reports) {
    if (state === "missing") print(context, `\n${name} is not there: ilr data get ${name}`);
    else if (problem) print(context, `\n${name}: ${problem.message}\n  ${problem.hint ?? ""}`);
  }
}

function contentsOf({ files }: DataReport): string {
  const entries = Object.entries(files);
  if (entries.length === 0) return "-";
  const rows = entries.flatMap(([file, { rows: count }]) => (count === undefined ? [] : [`${count} ${file}`]));
  return `${rows.join(", ")}; ${megabytes(entries.reduce((sum, [, { size }]) => sum + size, 0))}`;
}

function sourceOf({ lock }: DataReport): string {
  if (lock === undefined) return "-";
  return lock.source.kind === "files" ? "own files" : `${lock.source.repository}@${lock.source.commit.slice(0, 12)}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function dataSetNamed(name: string): DataSetName {
  const found = DATA_SETS.find((each) => each === name);
  if (found !== undefined) return found;
  const near = nearestName(name, DATA_SETS);
  throw new LabError("name-unknown", `there is no data set "${name}"`, {
    hint: `${near === undefined ? "" : `did you mean ${near}? `}data sets: ${DATA_SETS.join(", ")}`,
  });
}
