import { availableParallelism } from "node:os";
import { LabError } from "../core/index.js";

/**
 * How many steps run side by side: as asked, or as the environment's ILR_WORKERS says, or one a core, at most two.
 * @throws LabError `config-invalid` for a wrong number.
 */
export function workerCount(workers: number | undefined, usual = Math.min(2, availableParallelism())): number {
  const count = workers ?? workersFromEnvironment() ?? usual;
  assertCount(count, "workers");
  return count;
}

function workersFromEnvironment(): number | undefined {
  const text = process.env.ILR_WORKERS;
  if (text === undefined || text === "") return undefined;
  assertCount(Number(text), "ILR_WORKERS");
  return Number(text);
}

function assertCount(workers: number, name: string): void {
  if (Number.isInteger(workers) && workers > 0) return;
  throw new LabError("config-invalid", `${name} is ${workers}; expected a whole number from 1`);
}
