import type { MimeBundle } from "./nbformat.js";

/** A value in every form that a notebook may want. */
export interface Rendered {
  readonly data: MimeBundle & { readonly "text/plain": string };
  readonly metadata: MimeBundle;
}

export interface DisplayOptions {
  /** Rows of a table that are shown; of labels and answers, how many questions. Default: 20. */
  readonly rows?: number;
}

/**
 * The method by which a value says how it wants to be shown. A symbol of the registry, so that values of another copy of this
 * library, or of somebody's own, are known too; nothing is guessed from a value's shape.
 */
export const displaySymbol: unique symbol = Symbol.for("ilr-lab.display") as never;

/** A value that shows itself. */
export interface Displayable {
  readonly [displaySymbol]: (options: Required<DisplayOptions>) => Rendered;
}

/** True for values that say how they want to be shown. */
export function isDisplayable(value: unknown): value is Displayable {
  if (typeof value !== "object" || value === null) return false;
  return typeof (value as Partial<Displayable>)[displaySymbol] === "function";
}

/** Gives a value a way to be shown; to everybody else it looks as before. */
export function displayedAs<T extends object>(value: T, show: Displayable[typeof displaySymbol]): T {
  return Object.defineProperty(value, displaySymbol, { value: show, enumerable: false, configurable: true });
}
