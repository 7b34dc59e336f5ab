/** Fidelity flags (F1 to F9) as data: what each means is said in methods/recipe.ts and docs/fidelity.md. */
import { z } from "zod";

const FLAGS = [
  "dpoEvaluatorOrder",
  "alphaBase",
  "oracleCap",
  "evaluatorBos",
  "decoding",
  "lossWeighting",
  "dpoReference",
  "judgeOrder",
  "oraclePairs",
] as const;
type Flag = (typeof FLAGS)[number];
type Variant = "as-described" | "as-released";
type Flags<T> = { [F in Flag]: T };

const variant = z.enum(["as-described", "as-released"]);
const shapeOf = <T>(of: () => T): Flags<T> => Object.fromEntries(FLAGS.map((flag) => [flag, of()])) as Flags<T>;

/**
 * Every flag set alike.
 *
 * @example
 * everyFlag("as-released").decoding; // "as-released"
 */
export const everyFlag = (value: Variant): Flags<Variant> => shapeOf(() => value);

/** One word for all flags. */
const everyFlagSchema = variant.transform(everyFlag);

/** Flags of an experiment: one word for all, or flag by flag; those not named are as described. */
export const fidelitySchema = z.union([
  everyFlagSchema,
  z.strictObject(shapeOf(() => variant.default("as-described"))),
]);

/** Flags of an arm, over the experiment's: without defaults, because a flag that an arm does not name is the experiment's. */
export const fidelityOverridesSchema = z.union([everyFlagSchema, z.strictObject(shapeOf(() => variant)).partial()]);
