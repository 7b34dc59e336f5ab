import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabError } from "../../kernel-lib/src/core/index.js";
import {
  type ExperimentInput,
  mergePatch,
  parseExperiment,
  setField,
} from "../../kernel-lib/src/experiments/config.js";
import { presetByName, presets } from "../../kernel-lib/src/experiments/presets/index.js";

const SOURCES = ["micro-math/main", "gsm8k/main@paper", "saferpaca/human@paper"] as const;
/** A preset in which no two fields share an object. */
const fresh = (name: string): ExperimentInput => JSON.parse(JSON.stringify(presetByName(name))) as ExperimentInput;
const source = fc.constantFrom(...SOURCES);
/** Anything that a notebook or a file could hold, and more. */
const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withNullPrototype: true,
  withSparseArray: true,
  maxDepth: 3,
});

/** Either a result, or an error of ours with a hint. */
function outcome<T>(read: () => T): T | LabError {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    expect((error as LabError).code).toMatch(/^(config-invalid|name-unknown)$/);
    return error as LabError;
  }
}

type Members = Record<string, unknown>;
const isObject = (value: unknown): value is Members => typeof value === "object" && value !== null;

/** Paths of all objects and lists in a value, its own included. */
function containers(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (!isObject(value)) return [];
  return [path, ...Object.entries(value).flatMap(([key, member]) => containers(member, [...path, key]))];
}
const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((v, key) => (v as Members)[key], value);

describe("whatever comes in", () => {
  it("is an experiment or an error of ours", () => {
    fc.assert(
      fc.property(anything, (input) => void outcome(() => parseExperiment(input))),
      { numRuns: 300, seed: 1 },
    );
  });

  it("in the place of any one field is taken or named, and an error names that field or one inside", () => {
    fc.assert(
      fc.property(source, fc.nat(), anything, (name, which, value) => {
        const preset = fresh(name);
        const fields = containers(preset).flatMap((path) =>
          Object.keys(at(preset, path) as object).map((key) => [...path, key]),
        );
        const path = fields[which % fields.length]!;
        (at(preset, path.slice(0, -1)) as Members)[path.at(-1)!] = value;
        const result = outcome(() => parseExperiment(preset));
        if (!(result instanceof LabError)) return;
        const [named] = /^(?:unknown field )?(\S+)/.exec(result.message)!.slice(1);
        const field = path.join(".");
        // A wrong kind of base or arm shows in another field of the same object.
        const around = path.slice(0, -1).join(".");
        expect(named!.startsWith(field) || named!.startsWith(around) || field.startsWith(named!)).toBe(true);
      }),
      { numRuns: 400, seed: 1 },
    );
  });

  it("an unknown field is named, at any depth", () => {
    fc.assert(
      fc.property(
        source,
        fc.nat(),
        fc.constantFrom("zzz", "alpah", "nmae", "revison"),
        anything,
        (name, which, key, value) => {
          const preset = fresh(name);
          // What `choices` holds is up to whoever writes it.
          const objects = containers(preset).filter(
            (path) => !Array.isArray(at(preset, path)) && path[0] !== "choices",
          );
          const path = objects[which % objects.length]!;
          (at(preset, path) as Members)[key] = value;
          const error = outcome(() => parseExperiment(preset));
          expect(error).toBeInstanceOf(LabError);
          expect((error as LabError).message).toBe(`unknown field ${[...path, key].join(".")}`);
          expect((error as LabError).hint).toMatch(/^(did you mean |fields here: )/);
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe("--set", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc
      .array(
        fc.constantFrom(
          "arms",
          "0",
          "[SFT]",
          "[",
          "]",
          ".",
          "=",
          "__proto__",
          "constructor",
          "fidelity",
          "bases",
          "weak",
          "x",
        ),
        {
          maxLength: 8,
        },
      )
      .map((parts) => parts.join("")),
  );

  it("with any text gives a config or an error of ours, changes nothing else, and pollutes nothing", () => {
    const before = Object.getOwnPropertyNames(Object.prototype).length;
    fc.assert(
      fc.property(source, text, text, (name, path, value) => {
        const preset = fresh(name);
        const original = structuredClone(preset);
        const result = outcome(() => setField(preset, `${path}=${value}`));
        if (!(result instanceof LabError)) outcome(() => parseExperiment(result));
        expect(preset).toEqual(original);
        expect(Object.getPrototypeOf(result instanceof LabError ? {} : result)).toBe(Object.prototype);
      }),
      { numRuns: 500, seed: 1 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(before);
  });

  it("of every leaf of every preset to itself changes nothing", () => {
    for (const preset of presets.values()) {
      const leaves = containers(preset).flatMap((path) =>
        Object.entries(at(preset, path) as object).flatMap(([key, value]) =>
          isObject(value) ? [] : [[[...path, key], value] as const],
        ),
      );
      const same = leaves
        .filter(([path]) => path[0] !== "choices")
        .reduce((config, [path, value]) => setField(config, `${path.join(".")}=${JSON.stringify(value)}`), preset);
      expect(same).toEqual(preset);
    }
  });
});

describe("a merge patch (RFC 7396)", () => {
  // The examples of the RFC's appendix A.
  it.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j with %j is %j", (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });

  it("twice is the same as once, and leaves the target alone", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const before = structuredClone(target);
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
        expect(target).toEqual(before);
      }),
      { seed: 1 },
    );
  });

  it("does not take a base of one kind for the beginning of one of another", () => {
    const [micro, paper] = ["micro-math/main", "gsm8k/main@paper"].map((name) => presetByName(name));
    const merged = mergePatch(micro, { bases: { weak: paper!.bases.weak } }) as ExperimentInput;
    expect(parseExperiment(merged).bases.weak).toEqual(paper!.bases.weak);
  });

  it("changes one flag of fidelity in one word", () => {
    const merged = mergePatch(presetByName("gsm8k/as-released", "paper"), { fidelity: { decoding: "as-described" } });
    expect(parseExperiment(merged).fidelity).toMatchObject({ decoding: "as-described", lossWeighting: "as-released" });
  });
});
