/** Which names a function takes from outside its own text: what its text alone does not tell. */
import { createRequire } from "node:module";
import type { Node } from "acorn";

/** Every program has these. Taken when the kit is loaded, so that what a notebook adds later is not among them. */
const builtIn: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(globalThis));

/** What TypeScript and esbuild put beside the code that they write; it means the same everywhere. */
const compilersOwn =
  /^__(name|publicField|privateGet|privateSet|async|await|rest|spread\w*|assign|awaiter|generator|values|read|class\w+)$/;

/** Objects that compilers and notebooks put in place of a name: `exports.limit` was `limit`, `lib_1.parse` was `parse`. */
const standIn = /^(exports|\w+_\d+|import_\w+|__vi_import_\d+__)$/;

/** What a function refers to. */
export interface OutsideNames {
  /** Each as it was written, and what the compiler made of it where that is another name. */
  readonly names: readonly { readonly written: string; readonly compiled: string }[];
  /** Expressions such as `exports.limit`, and the names that they stand for. */
  readonly standIns: ReadonlyMap<unknown, string>;
  /** It draws from `Math.random`. */
  readonly drawsAtRandom: boolean;
}

/**
 * The names that a function uses and does not define, but for those that every program has.
 *
 * @example
 * outsideNames(syntaxOf("({ a }) => a.length > limit")).names; // [{ written: "limit", compiled: "limit" }]
 */
export function outsideNames(program: Node): OutsideNames {
  const { analyze } = createRequire(import.meta.url)("eslint-scope") as typeof import("eslint-scope");
  const taken = membersTaken(program);
  const free = analyze(program as never, { ecmaVersion: 2025, sourceType: "script" }).globalScope?.through ?? [];
  const names = new Map<string, { written: string; compiled: string }>();
  const standIns = new Map<unknown, string>();
  let drawsAtRandom = false;
  for (const { identifier } of free) {
    const { name } = identifier as { readonly name: string };
    const member = taken.get(identifier);
    if (name === "Math" && member?.name === "random") drawsAtRandom = true;
    if (builtIn.has(name) || compilersOwn.test(name)) continue;
    const isStandIn = member !== undefined && standIn.test(name);
    const written = isStandIn ? fromModule(name, member.name) : name;
    if (isStandIn) standIns.set(member.expression, written);
    names.set(`${name}.${written}`, { written, compiled: name });
  }
  return { names: [...names.values()], standIns, drawsAtRandom };
}

/** The default export of a module goes by the module's name. */
function fromModule(name: string, member: string): string {
  return member === "default" ? name.replace(/^import_|_\d+$/g, "") : member;
}

interface Member {
  readonly name: string;
  /** Such as `identifier.name`. */
  readonly expression: unknown;
}

/** By identifier: the member that is taken of it, as in `identifier.member`. */
function membersTaken(program: Node): ReadonlyMap<unknown, Member> {
  const members = new Map<unknown, Member>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { type, object, property, computed } = value as Readonly<Record<string, unknown>>;
    const name = (property as { readonly name?: unknown } | undefined)?.name;
    if (type === "MemberExpression" && computed === false && typeof name === "string") {
      members.set(object, { name, expression: value });
    }
    for (const child of Object.values(value)) visit(child);
  };
  visit(program);
  return members;
}
