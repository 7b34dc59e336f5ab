/** Changing one field of a config, as `--set field=value` does. */
import { LabError, nearestName } from "../../core/index.js";
import { everyFlag } from "./fidelity.js";
import { type ExperimentInput, experimentSchema } from "./schema.js";
import { fieldsOf, isMembers, memberOf, schemaAt } from "./walk.js";

/** Names that lead to what all objects share instead of to a field. */
const SHARED = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Sets one field of a config by its dotted path; the value is read as JSON, or as text where it is not JSON. A member of a list is named
 * by its place or, in brackets, by its name.
 *
 * @example
 * setField(experiment, "recipe.dpo.beta=0.5");
 * setField(experiment, "arms[ILR (noisy oracle 0.75)].alpha=0.3");
 * @throws LabError `config-invalid` when the assignment has no `=` or the path leads through something that is no object.
 */
export function setField(experiment: ExperimentInput, assignment: string): ExperimentInput {
  const at = equalsSign(assignment);
  if (at < 1) {
    throw new LabError("config-invalid", `--set ${assignment}: expected field=value`, {
      hint: "such as --set alpha=0.3",
    });
  }
  const [name, text] = [assignment.slice(0, at), assignment.slice(at + 1)];
  const copy = copied(experiment);
  const path = parsePath(name);
  let target: unknown = copy;
  const walked: (string | number)[] = [];
  for (const key of path.slice(0, -1)) {
    const found = placeOf(target, key, name);
    walked.push(found);
    target = container(target as Record<string | number, unknown>, found, name, walked, copy);
  }
  const last = placeOf(target, path.at(-1)!, name);
  (target as Record<string | number, unknown>)[last] = readValue(text);
  return copy;
}

/** The first `=` that is not part of a name in brackets. */
function equalsSign(assignment: string): number {
  const [name] = /^(?:[^=[]|\[[^\]]*\])*/.exec(assignment)!;
  return assignment[name.length] === "=" ? name.length : -1;
}

/** Dots separate fields; brackets hold a place or a name, which may have dots. */
function parsePath(name: string): readonly string[] {
  const parts = name.match(/\[[^\]]*\]|[^.[]+|\.(?=\.|$)|^\./g) ?? [];
  const path = parts.map((part) => (part.startsWith("[") ? part.slice(1, -1) : part));
  if (path.length > 0 && path.every((part) => part !== "" && part !== ".")) return path;
  throw new LabError("config-invalid", `--set ${name}: this is no path`, {
    hint: "such as recipe.dpo.beta, arms.0.alpha or arms[ILR (oracle)].alpha",
  });
}

/**
 * A copy in which nothing is shared: presets name one object in several places (all adapters are alike), and only one of them is meant.
 * structuredClone would keep that.
 */
function copied(experiment: ExperimentInput): ExperimentInput {
  const copy = copyOf(experiment, 0);
  if (isMembers(copy)) return copy as unknown as ExperimentInput;
  throw new LabError("config-invalid", "the experiment is no object", { hint: "ilr list shows some" });
}

/** Deeper than any config; what goes on has itself inside. */
const MOST_LEVELS = 50;

function copyOf(value: unknown, level: number): unknown {
  if (level > MOST_LEVELS) throw new LabError("config-invalid", "the experiment is nested too deeply");
  if (Array.isArray(value)) return value.map((entry) => copyOf(entry, level + 1));
  if (!isMembers(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copyOf(member, level + 1)]));
}

/** The key of a member: itself, or in a list the place of the entry of that name. */
function placeOf(target: unknown, key: string, name: string): string | number {
  if (Array.isArray(target)) return entryOf(target, key, name);
  if (SHARED.has(key)) throw noField(name, key, Object.keys(target as object));
  return key;
}

function entryOf(list: readonly unknown[], key: string, name: string): number {
  const names = list.map((entry) => memberOf(entry, "name"));
  const place = /^\d+$/.test(key) ? Number(key) : names.indexOf(key);
  if (place >= 0 && place < list.length) return place;
  const known = names.filter((entry): entry is string => typeof entry === "string");
  const near = nearestName(key, known);
  throw new LabError("config-invalid", `--set ${name}: there is no entry ${key}`, {
    hint: near
      ? `did you mean ${near}?`
      : `expected a place from 0 to ${list.length - 1}${known.map((n) => `, ${n}`).join("")}`,
  });
}

/** The object or list behind a key; made where the schema has one and the config left it out. */
function container(
  target: Record<string | number, unknown>,
  key: string | number,
  name: string,
  path: readonly (string | number)[],
  whole: ExperimentInput,
): unknown {
  const found = memberOf(target, key);
  if (typeof found === "object" && found !== null) return found;
  // One word stands for all flags; here one of them is changed.
  const isOneWord = key === "fidelity" && (found === "as-released" || found === "as-described");
  const fields = found === undefined ? fieldsOf(schemaAt(experimentSchema, whole, path)) : [];
  if (isOneWord || fields.length > 0) {
    const made: object = isOneWord ? everyFlag(found) : {};
    target[key] = made;
    return made;
  }
  throw noField(name, String(key), Object.keys(target));
}

function noField(name: string, key: string, known: readonly string[]): LabError {
  const near = nearestName(key, known);
  return new LabError("config-invalid", `--set ${name}: there is no field ${key}`, {
    hint: near ? `did you mean ${near}?` : `fields here: ${known.join(", ") || "none"}`,
  });
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
