import { checkRef } from "./check.js";
import { describe, type Problem } from "./check-file.js";
import type { StoreContext } from "./context.js";
import { hashFile } from "./publish.js";
import { quarantine } from "./quarantine.js";
import { type ActionRecord, readRecord, touchRecord } from "./records.js";

/**
 * The record of a key, if every output is present and of the right digest: a hit.
 * Damaged outputs are quarantined and said aloud, and the record goes with them, so that the step runs again.
 */
export async function lookup(context: StoreContext, key: string): Promise<ActionRecord | undefined> {
  const record = await readRecord(context, key);
  if (record === undefined) return undefined;
  // Before the outputs are looked at: a collector under way then spares them, or has taken the record already, and it is no hit.
  if (!(await touchRecord(context, key))) return undefined;
  const basis = context.hitCheck === "full" ? "bytes" : context.hitCheck;
  for (const [name, output] of Object.entries(record.outputs)) {
    const isFile = output.ref.startsWith("file:");
    const problems = await checkRef(context, output.ref, basis, isFile ? output.size : undefined);
    if (problems.length === 0) continue;
    await quarantineOutput(context, record, name, problems);
    return undefined;
  }
  return record;
}

async function quarantineOutput(
  context: StoreContext,
  record: ActionRecord,
  name: string,
  problems: readonly Problem[],
): Promise<void> {
  const what = `output "${name}" of ${record.label} (${record.key.slice(0, 12)})`;
  await quarantineContent(context, what, problems);
  await quarantineRecord(context, record, `${what} is ${describe(problems[0]!)}; it will be computed again`);
}

/** Moves a record away whose outputs are not whole. */
export async function quarantineRecord(context: StoreContext, record: ActionRecord, problem: string): Promise<void> {
  const isWhole = async (): Promise<boolean> => {
    for (const { ref } of Object.values(record.outputs)) {
      if ((await checkRef(context, ref, "bytes").catch(() => [ref])).length > 0) return false;
    }
    return true;
  };
  await quarantine(context, context.paths.record(record.key), problem, isWhole);
}

/** Moves every damaged file among the problems into quarantine. */
export async function quarantineContent(
  context: StoreContext,
  what: string,
  problems: readonly Problem[],
): Promise<void> {
  for (const problem of problems) {
    context.hashed.delete(problem.digest);
    if (problem.problem === "missing") continue;
    await quarantine(
      context,
      context.paths.content(problem.digest),
      `${what}: ${problem.digest} is ${describe(problem)}`,
      async (moved) => (await hashFile(moved)) === problem.digest,
    );
  }
}
