import { describe, expect, it } from "vitest";
import { comparisonSource, preferenceLoss, refinementRule } from "../../../kernel-lib/src/methods/index.js";
import { outsideNames } from "../../../kernel-lib/src/methods/own/outside-names.js";
import { syntaxOf } from "../../../kernel-lib/src/methods/own/syntax.js";
import { noted } from "./notes.js";

const written = (text: string): string[] => outsideNames(syntaxOf(text)).names.map((name) => name.written);

describe("names from outside", () => {
  it.each([
    ["({ a, b }) => (b.length < a.length ? 0.9 : 0.1)", []],
    ["({ a }) => a.length > limit", ["limit"]],
    ["function f(x) { return x > 0 ? f(x - 1) : depth }", ["depth"]],
    ["async ({ a }, { limit }) => { const t = await fetch(a); return JSON.parse(t) < limit ? Math.PI : NaN }", []],
    ["(x = fallback) => { for (const y of x) { try { y() } catch (error) { log(error) } } }", ["fallback", "log"]],
    ["({ a: { b: [c] }, ...rest }) => c + rest.d + e", ["e"]],
    ["() => { total += 1; return total }", ["total"]],
    ["(x) => { class K { static #n = start; get n() { return K.#n + this.m } } return new K().n }", ["start"]],
    ["(x) => ({ x, [key]: 1, other: 2 })", ["key"]],
    ["() => typeof missing", ["missing"]],
    ["compare({ a }) { return a === best }", ["best"]], // a method of an object
    ["async compare({ a }) { return a }", []],
    ["() => arguments[0]", ["arguments"]], // those of whatever stands around it
    // What compilers and the notebook make of a name.
    ["({ a }) => a.length > exports.limit", ["limit"]],
    ["({ a }) => (0, lib_1.parse)(a) + import_lib.scan(a) + fs_1.default", ["parse", "scan", "fs"]],
    ['({ a }) => { const f = /* @__PURE__ */ __name((x) => x, "f"); return f(a) }', []],
  ])("of %s", (text, expected) => {
    expect(written(text)).toEqual(expected);
  });
});

const cheap = comparisonSource("cheap", ({ a, b }) => (b.length < a.length ? 0.9 : 0.1));
const limit = 3;
const halve = (x: number): number => x / 2;

describe("the identity of a function", () => {
  it("is its text and its parameters, whatever it is called", () => {
    const same = (name: string) => comparisonSource(name, ({ a, b }) => (b.length < a.length ? 0.9 : 0.1));
    expect(same("cheap").code.digest).toBe(same("another").code.digest);
    const digests = [
      same("x"),
      comparisonSource("x", ({ a, b }) => (b.length < a.length ? 0.8 : 0.1)),
      comparisonSource("x", ({ a, b }, { by }) => Number(b.length + by < a.length), { parameters: { by: 1 } }),
      comparisonSource("x", ({ a, b }, { by }) => Number(b.length + by < a.length), { parameters: { by: 2 } }),
      comparisonSource("x", ({ a }) => halve(a.length) % 1, { parameters: { halve } }),
      comparisonSource("x", ({ a }) => halve(a.length) % 1, { parameters: { halve: (x: number) => x / 3 } }),
      comparisonSource("x", (pairs) => pairs.map(() => 0.5), { batchSize: 2 }),
      comparisonSource("x", (pairs) => pairs.map(() => 0.5), { batchSize: 3 }),
      refinementRule("x", ({ pairs }) => pairs.map(({ id }) => id)),
    ].map(({ code }) => code.digest);
    expect(new Set(digests).size).toBe(digests.length);
    expect(cheap.code.source).toContain("b.length");
  });

  it("is what the text says, not how it is laid out", () => {
    const digest = (text: string): string => comparisonSource("x", new Function(`return ${text}`)()).code.digest;
    const plain = digest("({ a }) => { return a === 'x' ? 0.9 : 1 / 3 }");
    for (const text of [
      "({a})=>{return a==='x'?.9:1/3}",
      '({ a }) => {\n  // why\n  return a === "x" ? 0.90 : (1 / 3);\n}',
      "({ a }) => {\r\n return a === 'x' ? 9e-1 : 1 / 3 }",
    ]) {
      expect(digest(text), text).toBe(plain);
    }
    const others = [
      "({ a }) => { return\na === 'x' ? 0.9 : 1 / 3 }",
      "({ b }) => { return b === 'x' ? 0.9 : 1 / 3 }",
      "({ a }) => { return a === 'y' ? 0.9 : 1 / 3 }",
      "({ a }) => { return a === 'x' ? 0.91 : 1 / 3 }",
      "({ a }) => { return a == 'x' ? 0.9 : 1 / 3 }",
      "async ({ a }) => { return a === 'x' ? 0.9 : 1 / 3 }",
      "({ a }) => { return /x/.test(a) ? 0.9 : 1 / 3 }",
      "({ a }) => { return /x/i.test(a) ? 0.9 : 1 / 3 }",
      "({ a }) => { return a === String.raw`\\x` ? 0.9 : 1 / 3 }",
      "({ a }) => { return a === String.raw`\\y` ? 0.9 : 1 / 3 }",
      "({ a }) => { return a.length > 1e999 ? 0.9 : 1 / 3 }",
      "({ a }) => { return a.length > 10n ? 0.9 : 1 / 3 }",
      "({ a }) => { return a.length > 11n ? 0.9 : 1 / 3 }",
      "({ a }) => { return a.length > null ? 0.9 : 1 / 3 }",
    ].map(digest);
    expect(new Set([plain, ...others]).size).toBe(1 + others.length);
  });

  it("is the same whatever a compiler made of the names from outside", () => {
    const of = (text: string, parameters: object = { limit: 3, parse: "as of today" }): string => {
      const names = ["limit", "parse", "exports", "lib_1", "import_lib"];
      const compute = new Function(...names, `return ${text}`)();
      return comparisonSource("x", compute, { parameters: { ...parameters } }).code.digest;
    };
    const plain = of("({ a }) => parse(a) > limit");
    expect(of("({ a }) => (0, lib_1.parse)(a) > exports.limit")).toBe(plain);
    expect(of("({ a }) => (0, import_lib.parse)(a) > limit")).toBe(plain);
    expect(of("({ a }) => (0, import_lib.parse)(a) > limit", { limit: 4, parse: "as of today" })).not.toBe(plain);
    expect(of("({ a, exports }) => parse(a) > exports.limit")).not.toBe(of("({ a, exports }) => parse(a) > limit"));
    expect(of("({ a }) => (1, parse)(a) > limit")).not.toBe(plain);
  });

  it("does not depend on the order of the parameters", () => {
    const of = (parameters: Readonly<Record<string, number>>) => comparisonSource("x", () => 0.5, { parameters }).code;
    expect(of({ a: 1, b: 2 }).digest).toBe(of({ b: 2, a: 1 }).digest);
  });

  it("cannot be changed behind the key's back", async () => {
    const parameters = { words: ["good"] };
    const rule = refinementRule(
      "words",
      (_, { words }) => {
        globalThis.notes.push(words);
        return [];
      },
      { parameters },
    );
    parameters.words.push("bad");
    await rule.choose({ pairs: [], total: 0, alpha: 0.15, round: 1, random: undefined as never });
    expect(noted()).toEqual([["good"]]);
    expect(() => (noted()[0] as string[]).push("bad")).toThrow(TypeError);
  });

  it("refuses what is not told: names from outside, functions without a text, values that are no data", () => {
    const message = (make: () => unknown): string => {
      try {
        make();
      } catch (error) {
        expect(error).toMatchObject({ name: "LabError", code: "config-invalid", hint: expect.any(String) });
        return `${(error as Error).message} | ${(error as { hint: string }).hint}`;
      }
      throw new Error("nothing was refused");
    };
    expect(message(() => comparisonSource("x", ({ a }) => Number(a.length > limit)))).toMatch(
      /comparison source "x" uses limit, .*\{ parameters: \{ limit \} \}/,
    );
    // Saying so is enough, and so is a stand-in for what cannot be told.
    comparisonSource("x", ({ a }) => Number(a.length > limit), { parameters: { limit } });
    comparisonSource("x", ({ a }) => Number(a.length > limit), { parameters: { limit: "as of Monday" } });
    expect(message(() => refinementRule("r", () => [], { parameters: { f: () => limit } }))).toMatch(
      /parameter f of refinement rule "r" uses limit/,
    );
    expect(message(() => comparisonSource("x", () => Math.random()))).toMatch(/Math\.random.*random\.next/);
    expect(message(() => comparisonSource("x", Math.max as never))).toMatch(/built-in.*wrap it/);
    expect(message(() => comparisonSource("x", (() => 1).bind(null)))).toMatch(/bound/);
    expect(message(() => comparisonSource("x", class {} as never))).toMatch(/class/);
    for (const value of [undefined, Number.NaN, new Map(), 3n, Symbol("s"), { at: new Date(0) }, { f: () => 1 }]) {
      expect(message(() => comparisonSource("x", () => 1, { parameters: { value } }))).toMatch(
        /parameter value .* is neither JSON nor a function/,
      );
    }
    for (const batchSize of [0, 1.5, -1, Number.NaN]) {
      expect(message(() => comparisonSource("x", () => [1], { batchSize }))).toMatch(/batchSize .* whole number/);
    }
  });
});

describe("a preference loss of one's own", () => {
  it("is data, and read at once", () => {
    const formula = "max(0, 1 - beta * margin)";
    expect(preferenceLoss("hinge", formula)).toEqual({ kind: "preference-loss", name: "hinge", formula });
    expect(() => preferenceLoss("hinge", "max(0, 1 - beta * margn)")).toThrow(
      expect.objectContaining({ code: "config-invalid", hint: "did you mean margin?" }),
    );
  });
});
