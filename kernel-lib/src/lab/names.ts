import { LabError, nearestName } from "../core/index.js";

/**
 * A member of a table of things by name.
 *
 * @throws LabError `name-unknown`.
 */
export function member<T extends object>(all: T, kind: string, name: keyof T & string): T[keyof T & string] {
  if (!Object.hasOwn(all, name)) throw unknownName(kind, name, Object.keys(all));
  return all[name];
}

/** The error for a name that nothing has, with the nearest one that something has. */
export function unknownName(kind: string, name: string, known: readonly string[]): LabError {
  const near = nearestName(name, known);
  return new LabError("name-unknown", `there is no ${kind} ${JSON.stringify(name)}`, {
    hint: near ? `did you mean ${JSON.stringify(near)}?` : `known: ${known.join(", ") || "none"}`,
  });
}
