import { spawnSync } from "node:child_process";

const python = process.env.ILR_PYTHON ?? "python3";

/** Whether there is a Python with SciPy and statsmodels (ILR_PYTHON names it) to hold our numbers against. */
export const hasScipy = spawnSync(python, ["-c", "import scipy, statsmodels"]).status === 0;

/** Runs a script that assigns `answer`, with `given` in scope; both are JSON. */
export function ask<T>(given: unknown, script: string): T {
  const source = `import json, sys\ngiven = json.load(sys.stdin)\n${script}\nprint(json.dumps(answer))\n`;
  const run = spawnSync(python, ["-c", source], { input: JSON.stringify(given), encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout.trim().split("\n").at(-1)!) as T;
}
