/** The tasks of the kit, by name. A task defined in a notebook needs no entry here: experiments take tasks as values. */
import { LabError, nearestName } from "../core/index.js";
import { microMath } from "./micro-math/index.js";
import type { Task } from "./task.js";

/** Every task that can be asked for by name. */
export const tasks: readonly Task[] = [microMath];

/**
 * The task of that name.
 *
 * @throws LabError `name-unknown`, with the nearest name as a hint.
 * @example
 * taskByName("micro-math").splits(0).test.length; // 2000
 */
export function taskByName(name: string): Task {
  const found = tasks.find((task) => task.name === name);
  if (found !== undefined) return found;
  const names = tasks.map((task) => task.name);
  const near = nearestName(name, names);
  throw new LabError("name-unknown", `there is no task "${name}"`, {
    hint: near === undefined ? `tasks: ${names.join(", ")}` : `did you mean "${near}"? (tasks: ${names.join(", ")})`,
  });
}
