import { inspect, isDeepStrictEqual } from "node:util";
import { LabError } from "../../core/index.js";
import { display, markdown } from "../display.js";

/** What is said of an expectation that is not met. */
export interface ExpectationOptions {
  /** Where to look, in plain words. */
  readonly hint?: string;
}

/** What a check may expect of an answer; each stops the check, and so the notebook, where it is not met. */
export interface Expect {
  /** Two values of the same content: numbers, texts, lists, records, maps, sets. */
  equal(got: unknown, expected: unknown, what: string, options?: ExpectationOptions): void;
  /** A number no farther than `within` from the expected one. Default: 1e-6. */
  near(got: number, expected: number, what: string, options?: ExpectationOptions & { readonly within?: number }): void;
  /** Anything else; `otherwise` says what is wrong, and what was got. */
  that(holds: boolean, otherwise: string, options?: ExpectationOptions): void;
}

/**
 * Stands where a student's code belongs. It fits wherever a value is expected, so that a notebook with blanks compiles.
 *
 * @param exercise its number, such as "2.1".
 * @param write what belongs here.
 * @throws LabError `exercise-blank`, always.
 * @example
 * function preference(rewardA: number, rewardB: number): number {
 *   return blank("2.1", "the belief that b is better");
 * }
 */
export function blank(exercise: string, write: string): never {
  throw fault("exercise-blank", `exercise ${exercise} is still blank: write ${write}`, {
    hint: "put your code in place of blank(...), and run that cell again",
  });
}

/**
 * Checks a student's answer by what it does: `body` tries it out and says what it expects. If all is met, that is shown with the text that
 * `body` returns: Markdown, a remark on what was found.
 *
 * @throws LabError `exercise-blank`; `exercise-wrong` for an expectation that is not met, with what was got and expected, and for code that
 * throws; other errors of the kit as they are.
 * @example
 * await check("2.1", ({ near }) => {
 *   near(preference(1, 1), 0.5, "the belief where both rewards are equal");
 *   return "Only the difference of rewards counts.";
 * });
 */
export async function check(exercise: string, body: (expect: Expect) => string | Promise<string>): Promise<void> {
  let remark: string;
  try {
    remark = await body(expectations(exercise));
  } catch (error) {
    if (error instanceof LabError) throw error;
    const what = error instanceof Error ? `${error.name}: ${error.message}` : inspect(error);
    throw new LabError("exercise-wrong", `exercise ${exercise} is not right yet: your code stopped with ${what}`, {
      hint: "the line is in the stack below",
      cause: error,
    });
  }
  display(markdown(`✓ **Exercise ${exercise} is right.**${remark === "" ? "" : ` ${remark}`}`));
}

function expectations(exercise: string): Expect {
  const wrong = (what: string, { hint }: ExpectationOptions = {}): LabError =>
    fault("exercise-wrong", `exercise ${exercise} is not right yet: ${what}`, hint === undefined ? {} : { hint });
  return {
    equal: (got, expected, what, options) => {
      if (isDeepStrictEqual(ofThisRealm(got), ofThisRealm(expected))) return;
      throw wrong(`${what}: got ${shown(got)}, expected ${shown(expected)}`, options);
    },
    near: (got, expected, what, { within = 1e-6, ...options } = {}) => {
      if (typeof got === "number" && Math.abs(got - expected) <= within) return;
      const range = within > 1e-3 ? ` (within ${shown(within)})` : "";
      throw wrong(`${what}: got ${shown(got)}, expected ${shown(expected)}${range}`, options);
    },
    that: (holds, otherwise, options) => {
      if (holds !== true) throw wrong(otherwise, options);
    },
  };
}

/** Without a stack: where the check stands says nothing about the answer. */
function fault(code: "exercise-blank" | "exercise-wrong", message: string, options: ExpectationOptions): LabError {
  const error = new LabError(code, message, options);
  error.stack = `${error.name}: ${message}`;
  return error;
}

/** A cell's lists and records have other prototypes than the kit's; what cannot be copied (a function) stays as it is. */
function ofThisRealm(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return value;
  }
}

/** A value in one line; numbers to six digits. */
function shown(value: unknown): string {
  if (typeof value === "number" && Number.isFinite(value)) return String(Number(value.toPrecision(6)));
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 12, maxStringLength: 120 });
}
