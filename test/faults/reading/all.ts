import { experiments } from "./experiments.js";
import { models } from "./models.js";
import { runs } from "./runs.js";
import type { Surface } from "./surface.js";
import { tables } from "./tables.js";

/** Every kind of input that comes from outside. */
export const surfaces: readonly Surface[] = [...experiments, ...models, ...tables, ...runs];
