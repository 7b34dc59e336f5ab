import { type ActionRecord, inputsOfDocument } from "../store/index.js";
import type { StoredRun } from "./stored-run.js";

/**
 * Everything of a run that some records stand on, themselves included: back from inputs to what made them.
 *
 * @returns a function from records to theirs.
 */
export function ancestry({ records }: StoredRun): (roots: readonly ActionRecord[]) => ReadonlySet<ActionRecord> {
  const makers = new Map<string, ActionRecord>();
  // Equal content may have been made twice: it counts as made by whoever came first.
  for (const record of [...records].sort((x, y) => x.startedAt.localeCompare(y.startedAt))) {
    for (const { ref } of Object.values(record.outputs)) if (!makers.has(ref)) makers.set(ref, record);
  }
  return (roots) => {
    const found = new Set(roots);
    for (const { document } of found) {
      for (const ref of Object.values(inputsOfDocument(document))) {
        const maker = makers.get(ref);
        if (maker) found.add(maker);
      }
    }
    return found;
  };
}
