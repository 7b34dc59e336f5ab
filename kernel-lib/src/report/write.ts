import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { storeFailure } from "../store/index.js";
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
  const temporary = join(folder, `.index.html.${process.pid}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(temporary, report.html);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw storeFailure(error, `writing the report ${path}`);
  }
  return { ...report, path, bytes: Buffer.byteLength(report.html) };
}
