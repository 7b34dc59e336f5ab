/** The closing table of `make test-faults`: what the tests counted, as a reporter of vitest. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname, relative } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import type { FaultCount } from "./tally.js";

/** A row of out/faults.json: the counts, and where they come from. */
export interface FaultRow extends FaultCount {
  readonly test: string;
  readonly passed: boolean;
  readonly seed: number;
  readonly form: "long" | "short";
  readonly date: string;
  readonly machine: string;
}

const FILE = "out/faults.json";

/** Rows of several runs add up: a fault that was tried again replaces its row. */
export default class FaultTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = new Map(read().map((row) => [`${row.test} ${row.fault}`, row]));
    const skipped: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const row = rowOf(module, test);
        if (row) rows.set(`${row.test} ${row.fault}`, row);
        else if (test.result().state === "skipped") skipped.push(`${test.fullName}${noteOf(test)}`);
      }
    }
    const sorted = [...rows.values()].sort((a, b) => a.test.localeCompare(b.test));
    mkdirSync(dirname(FILE), { recursive: true });
    writeFileSync(FILE, `${JSON.stringify(sorted, null, 2)}\n`);
    writeFileSync(FILE.replace(/json$/, "md"), tableOf(sorted));
    console.log(`\n${tableOf(sorted)}`);
    for (const name of skipped) console.log(`not tried: ${name}`);
  }
}

/** The counts as a Markdown table. */
export function tableOf(rows: readonly FaultRow[]): string {
  const lines = rows.map(({ fault, tries, lost, wrong, mended = [], note, passed }) => {
    const what = `${fault}${note === undefined ? "" : ` (${note})`}${passed ? "" : " **failed**"}`;
    return `| ${[what.replaceAll("|", "\\|"), tries, lost, wrong, mended.join(", ")].join(" | ")} |`;
  });
  return `${["| fault | tries | lost | wrong | mended |", "|---|--:|--:|--:|---|", ...lines].join("\n")}\n`;
}

function rowOf(module: TestModule, test: TestCase): FaultRow | undefined {
  const counts = test.meta().fault;
  if (counts === undefined) return undefined;
  return {
    ...counts,
    test: relative(process.cwd(), module.moduleId),
    passed: test.ok(),
    seed: Number(process.env.ILR_FAULTS_SEED ?? 0),
    form: process.env.ILR_FAULTS === "long" ? "long" : "short",
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  };
}

function noteOf(test: TestCase): string {
  const result = test.result();
  return result.state === "skipped" && result.note ? `: ${result.note}` : "";
}

function read(): readonly FaultRow[] {
  try {
    return JSON.parse(readFileSync(FILE, "utf8")) as readonly FaultRow[];
  } catch {
    return [];
  }
}
