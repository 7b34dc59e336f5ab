/** A config with some of its fields changed, as a file's overrides of a preset do. */
import { everyFlag } from "./fidelity.js";
import { isMembers, memberOf } from "./walk.js";

/**
 * JSON Merge Patch (RFC 7396): objects are merged, everything else is replaced, null removes. Two rules are ours: a base model that changes
 * its kind (from the Hub, pretrained) is replaced, and one word for all fidelity flags is the same as every flag.
 *
 * @example
 * mergePatch({ alpha: 0.15, rounds: { ilr: 6, dpo: 6 } }, { rounds: { dpo: 2 } }); // { alpha: 0.15, rounds: { ilr: 6, dpo: 2 } }
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMembers(patch)) return patch;
  const base = isMembers(target) && !changesKind(target, patch) ? target : {};
  const changed = Object.entries(patch).flatMap(([key, value]): [string, unknown][] =>
    value === null ? [] : [[key, mergePatch(inFull(key, memberOf(base, key)), value)]],
  );
  const kept = Object.entries(base).filter(([key]) => !Object.hasOwn(patch, key));
  return Object.fromEntries([...kept, ...changed]);
}

function changesKind(target: object, patch: object): boolean {
  const has = (value: object, key: string): boolean => Object.hasOwn(value, key);
  return (has(target, "hub") && has(patch, "pretrain")) || (has(target, "pretrain") && has(patch, "hub"));
}

function inFull(key: string, value: unknown): unknown {
  return key === "fidelity" && (value === "as-released" || value === "as-described") ? everyFlag(value) : value;
}
