/** What identifies a function of the user's: a stored result is found again only by the same code. */
import { z } from "zod";
import { type Digest, digestOf, type Json, LabError } from "../../core/index.js";
import { type OutsideNames, outsideNames } from "./outside-names.js";
import { meaningOf, syntaxOf } from "./syntax.js";

/** Values that a function depends on besides its arguments: JSON, or functions that it calls. */
export type OwnParameters = Readonly<Record<string, unknown>>;

/** Code as far as it can be told apart. */
export interface OwnCode {
  /** The function's text, as the notebook or the compiler left it. */
  readonly source: string;
  /** Values as they are, functions as their text. */
  readonly parameters: Readonly<Record<string, Json>>;
  /** Of what both say, blanks and comments left out: part of the key of whatever the function computes. */
  readonly digest: Digest;
}

type AnyFunction = (...args: never) => unknown;

/**
 * Identifies a function by its text and its parameters.
 *
 * @param what for messages, such as `comparison source "shorter"`.
 * @param settings further choices that the result depends on.
 * @throws LabError `config-invalid` for a function whose text says nothing or not all: it is built in or bound, takes names from outside
 * that are no parameters, or draws from `Math.random`; and for parameters that are neither JSON nor functions.
 */
export function codeOf(what: string, compute: AnyFunction, parameters: OwnParameters, settings: Json = {}): OwnCode {
  const known = Object.keys(parameters);
  const { source, meaning } = readFunction(what, compute, known);
  const identified = Object.entries(parameters).map(([name, value]) => {
    return [name, identityOf(`parameter ${name} of ${what}`, name, value, known)] as const;
  });
  const texts = Object.fromEntries(identified.map(([name, { text }]) => [name, text]));
  const meanings = Object.fromEntries(identified.map((each) => [each[0], each[1].meaning]));
  return { source, parameters: texts, digest: digestOf({ meaning, parameters: meanings, settings }) };
}

/** Parameters that nobody can change any more, so that a function gets what its key says. */
export function frozen<P extends OwnParameters>(parameters: P): Readonly<P> {
  const copies = Object.entries(parameters).map(([name, value]) => [
    name,
    typeof value === "function" ? value : deepFrozen(structuredClone(value)),
  ]);
  return Object.freeze(Object.fromEntries(copies)) as Readonly<P>;
}

function deepFrozen(value: unknown): unknown {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFrozen);
  return value;
}

/** A parameter as it is recorded, and what of it counts. */
function identityOf(
  what: string,
  name: string,
  value: unknown,
  known: readonly string[],
): { readonly text: Json; readonly meaning: Json } {
  if (typeof value === "function") {
    const { source, meaning } = readFunction(what, value as AnyFunction, known);
    return { text: { function: source }, meaning: { function: meaning } };
  }
  const json = z.json().safeParse(value);
  if (json.success) return { text: json.data as Json, meaning: { value: json.data as Json } };
  throw new LabError("config-invalid", `${what} is neither JSON nor a function`, {
    hint: `give what identifies it, such as { ${name}: "version 2" }: it becomes part of the key of every result`,
  });
}

function readFunction(
  what: string,
  compute: AnyFunction,
  known: readonly string[],
): { readonly source: string; readonly meaning: Json } {
  const source = textOf(what, compute);
  let syntax: ReturnType<typeof syntaxOf>;
  try {
    syntax = syntaxOf(source);
  } catch (cause) {
    throw new LabError("config-invalid", `the text of ${what} cannot be read`, {
      cause,
      hint: "give a function or an arrow function; what it calls may be a parameter",
    });
  }
  const outside = outsideNames(syntax);
  assertSelfContained(what, outside, known);
  return { source, meaning: meaningOf(syntax, outside.standIns) };
}

function textOf(what: string, compute: AnyFunction): string {
  const text = Function.prototype.toString.call(compute).replaceAll("\r\n", "\n");
  if (!/\{\s*\[native code\]\s*\}$/.test(text) && !/^class\b/.test(text)) return text;
  throw new LabError("config-invalid", `${what} is a built-in, a bound function or a class: its text says nothing`, {
    hint: "wrap it: (pair) => it(pair)",
  });
}

function assertSelfContained(what: string, { names, drawsAtRandom }: OutsideNames, known: readonly string[]): void {
  if (drawsAtRandom) {
    throw new LabError("config-invalid", `${what} draws from Math.random: nobody could run it again`, {
      hint: "draw from `random`, which its argument has: random.next() is the same for the same seed and pair",
    });
  }
  const unknown = names.find(({ written, compiled }) => !known.includes(written) && !known.includes(compiled));
  if (unknown === undefined) return;
  const { written } = unknown;
  throw new LabError("config-invalid", `${what} uses ${written}, which is defined outside of it`, {
    hint: `say so, that a changed ${written} is not answered from the store: { parameters: { ${written} } }, or { parameters: { ${written}: "version 2" } } for what is neither JSON nor a short function`,
  });
}
