import { join } from "node:path";
import { writeWhole } from "../store/index.js";
import { buildReport, type Report, type ReportOptions } from "./build.js";

/** A report on disk. */
export interface WrittenReport extends Report {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Makes a report and writes it as `index.html` into a folder, in one step: readers see the old page or the new one.
 *
 * @throws LabError as `buildReport` does; `store-unwritable` or `store-full` when the page cannot be written.
 * @example
 * const { path } = await writeReport(["notebooks/01-main-result.ipynb"], "out/report");
 */
export async function writeReport(
  paths: readonly string[],
  folder: string,
  options: ReportOptions = {},
): Promise<WrittenReport> {
  const report = await buildReport(paths, options);
  const path = join(folder, "index.html");
  await writeWhole(path, report.html);
  return { ...report, path, bytes: Buffer.byteLength(report.html) };
}
