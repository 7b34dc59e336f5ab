import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../kernel-lib/src/core/index.js";
import { loadTokenizer, specialTokenIds } from "../../kernel-lib/src/engine/tokenizer.js";
import { wordLevelTokenizer } from "./tiny-models.js";

const json = wordLevelTokenizer(["+", "=", "####", "apples", "Tom", "-"]) as { [key: string]: Json };
const tokenizer = loadTokenizer(json);
const vocabulary = (json.model as { vocab: Record<string, number> }).vocab;
const words = (ids: readonly number[]): string[] =>
  ids.map((id) => Object.keys(vocabulary).find((word) => vocabulary[word] === id)!);

describe("encoding", () => {
  it("splits at white space of any kind and around every digit", () => {
    expect(words(tokenizer.encode("Tom  12\n+ 3\t=\u00a015\r\n\n#### 15\n"))).toEqual([
      "Tom",
      "1",
      "2",
      "+",
      "3",
      "=",
      "1",
      "5",
      "####",
      "1",
      "5",
    ]);
    expect(words(tokenizer.encode("apples12Tom"))).toEqual(["apples", "1", "2", "Tom"]);
    expect(tokenizer.encode("")).toEqual([]);
    expect(tokenizer.encode(" \n ")).toEqual([]);
  });

  it("gives <unk> for unknown words, also for names of Object's members", () => {
    expect(words(tokenizer.encode("pears constructor 1.5"))).toEqual(["<unk>", "<unk>", "1", "<unk>", "5"]);
  });

  it("finds special tokens inside words, as the library does", () => {
    expect(words(tokenizer.encode("Tom<eos>Tom <pad>3"))).toEqual(["Tom", "<eos>", "Tom", "<pad>", "3"]);
  });

  it("knows its special tokens and size", () => {
    expect([tokenizer.padId, tokenizer.eosId, tokenizer.vocabSize]).toEqual([0, 1, 19]);
    expect(specialTokenIds(json)).toEqual({ padId: 0, eosId: 1 });
  });
});

describe("decoding", () => {
  it("joins words with spaces, digits to numbers, and leaves special tokens out", () => {
    expect(tokenizer.decode(tokenizer.encode("Tom 12 + 3 = 15 #### 15"))).toBe("Tom 12 + 3 = 15 #### 15");
    expect(tokenizer.decode([0, ...tokenizer.encode("- 7"), 1, 2])).toBe("- 7");
    expect(tokenizer.decode([])).toBe("");
    expect(tokenizer.decode([999])).toBe("");
  });

  it("undoes encoding, for texts of known words with a space between them", () => {
    const word = fc.constantFrom("Tom", "apples", "+", "=", "####", "-");
    const number = fc.nat(9999).map(String);
    // Two numbers in a row would join: texts alternate.
    fc.assert(
      fc.property(fc.array(fc.tuple(word, number)), (pairs) => {
        const text = pairs.flat().join(" ");
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
  });
});

it("encodes millions of tokens a second", () => {
  const text = "Tom 12 + 3 = 15 #### 15 apples\n".repeat(2000);
  tokenizer.encode(text);
  const start = performance.now();
  const count = tokenizer.encode(text).length;
  // A bound that a busy machine still meets: alone it is above 10 million.
  expect(count / ((performance.now() - start) / 1000)).toBeGreaterThan(500_000);
});

describe("tokenizers that are not of this kind are refused by the name of the field", () => {
  const changed = (changes: { [key: string]: Json }): Json => ({ ...json, ...changes });
  const model = json.model as { [key: string]: Json };
  it.each([
    ["normalizer", changed({ normalizer: { type: "Lowercase" } })],
    ["post_processor", changed({ post_processor: { type: "TemplateProcessing" } })],
    ["decoder", changed({ decoder: { type: "ByteLevel" } })],
    ["pre_tokenizer", changed({ pre_tokenizer: null })],
    ["pre_tokenizer", changed({ pre_tokenizer: { type: "WhitespaceSplit" } })],
    [
      "pre_tokenizer.pretokenizers",
      changed({
        pre_tokenizer: {
          type: "Sequence",
          pretokenizers: [{ type: "WhitespaceSplit" }, { type: "Digits", individual_digits: false }],
        },
      }),
    ],
    ["model.type", changed({ model: { ...model, type: "BPE" } })],
    ["model.vocab", changed({ model: { ...model, vocab: { a: -1 } } })],
    ["model.vocab", changed({ model: { ...model, vocab: { a: 1e15 } } })],
    ["model.unk_token", changed({ model: { ...model, unk_token: "<none>" } })],
    ["added_tokens", changed({ added_tokens: [] })],
    ["added_tokens", changed({ added_tokens: null })],
    ["tokenizer.json", null],
    ["tokenizer.json", "text"],
  ])("%s", (field, value) => {
    expect(() => loadTokenizer(value)).toThrowError(
      expect.objectContaining({ code: "unsupported", message: expect.stringContaining(field) }),
    );
  });
});

const python = process.env.ILR_PYTHON ?? "python3";
const hasLibrary = spawnSync(python, ["-c", "import tokenizers"]).status === 0;

it.skipIf(!hasLibrary)("gives the ids that the tokenizers library gives", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "Tom",
      "apples",
      "12",
      "####",
      "<eos>",
      "<pad>",
      "½",
      "٣",
      "é",
      "😀",
      "\u0085",
      "\ufeff",
      "\u2028",
      "\u200b",
    ),
    fc.constantFrom(" ", "\n", "\t", "\u00a0", "\u3000", "\u000b"),
    fc.string({ unit: "grapheme", maxLength: 4 }),
  );
  const texts = fc.sample(
    fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
    { numRuns: 300, seed: 1 },
  );
  const script =
    "import json, sys; from tokenizers import Tokenizer; r = json.load(sys.stdin); " +
    "t = Tokenizer.from_str(json.dumps(r['tokenizer'])); print(json.dumps([t.encode(x).ids for x in r['texts']]))";
  const run = spawnSync(python, ["-c", script], {
    input: JSON.stringify({ tokenizer: json, texts }),
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  expect(texts.map((text) => tokenizer.encode(text))).toEqual(JSON.parse(run.stdout));
});
