/** Word-level tokenizers, read from the `tokenizer.json` that Hugging Face's `tokenizers` library writes and reads. */
import { canonicalJson, isDeeperThan, type Json, LabError, shown } from "../core/index.js";

/** Text to token ids and back. */
export interface Tokenizer {
  /** Token ids of a text; no token is added in front or behind. Unknown words become `<unk>`. */
  encode(text: string): number[];
  /** Words joined by single spaces, runs of digits joined to one number; special tokens are left out. */
  decode(ids: ArrayLike<number>): string;
  /** One token as it stands in the vocabulary, special tokens too. */
  token(id: number): string;
  readonly eosId: number;
  readonly padId: number;
  /** One more than the largest token id. */
  readonly vocabSize: number;
}

const EOS = "<eos>";
const PAD = "<pad>";

/** Unicode's White_Space, which is what the Rust library splits at (JavaScript's \s differs in U+0085 and U+FEFF). */
const SPACES = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
const NUMERIC = /\p{N}/u;
/** One digit by itself, or a run of anything else. */
const PIECES = /\p{N}|\P{N}+/gu;
/** Deeper than any tokenizer of this kind. */
const MOST_LEVELS = 20;
/** Distinct words kept, so that hostile text cannot fill the memory. */
const CACHE_LIMIT = 65_536;

/** The ids of `<eos>` and `<pad>` in the content of a `tokenizer.json`. */
export function specialTokenIds(tokenizer: Json): { readonly eosId: number; readonly padId: number } {
  const added = addedTokens(record(tokenizer, "tokenizer.json"));
  const find = (content: string): number => {
    const id = added.get(content);
    if (id === undefined) throw unsupported("added_tokens", `${[...added.keys()].join(" ")} without ${content}`);
    return id;
  };
  return { eosId: find(EOS), padId: find(PAD) };
}

/** The one decoder that is understood: what `decode` does (spaces between words, none between digits), in `tokenizers`' terms. */
const DECODER: Json = {
  type: "Sequence",
  decoders: [
    { type: "Replace", pattern: { Regex: "^" }, content: " " },
    { type: "Fuse" },
    { type: "Replace", pattern: { Regex: "(?<=[0-9]) (?=[0-9])" }, content: "" },
    { type: "Strip", content: " ", start: 1, stop: 0 },
  ],
};

/**
 * A tokenizer from the content of `tokenizer.json`: model WordLevel, split at white space and around each digit.
 * Gives the ids that `tokenizers` gives.
 *
 * @throws LabError `unsupported`, naming the field, for any other kind of tokenizer.
 *
 * @example
 * const tokenizer = loadTokenizer(JSON.parse(await readFile("tokenizer.json", "utf8")));
 * tokenizer.decode(tokenizer.encode("12 + 3\n= 15")); // "12 + 3 = 15"
 */
export function loadTokenizer(tokenizer: Json): Tokenizer {
  if (isDeeperThan(tokenizer, MOST_LEVELS)) throw unsupported("its nesting", "too deep");
  const root = record(tokenizer, "tokenizer.json");
  for (const field of ["normalizer", "post_processor", "truncation", "padding"]) {
    if ((root[field] ?? null) !== null) throw unsupported(field, root[field]);
  }
  // Written anew: a number such as 1e999 is read as infinity, which no JSON holds.
  if (
    (root.decoder ?? null) !== null &&
    canonicalJson(JSON.parse(JSON.stringify(root.decoder))) !== canonicalJson(DECODER)
  ) {
    throw unsupported("decoder", root.decoder);
  }
  checkPreTokenizer(root.pre_tokenizer);
  const { vocabulary, unknownId } = wordLevelModel(root.model);
  const added = addedTokens(root);
  const { eosId, padId } = specialTokenIds(tokenizer);

  const words: string[] = [];
  for (const [word, id] of [...vocabulary, ...added]) words[id] = word;
  const special = new Set(added.values());
  // Longest first: where one special token begins another, the longer one is meant.
  const contents = [...added.keys()].sort((x, y) => y.length - x.length).map(escapeForRegExp);
  const specials = new RegExp(`(${contents.join("|")})`, "u");

  const cache = new Map<string, readonly number[]>();
  const idsOfWord = (word: string): readonly number[] => {
    const known = cache.get(word);
    if (known) return known;
    const ids = (word.match(PIECES) ?? []).map((piece) => vocabulary.get(piece) ?? unknownId);
    if (cache.size < CACHE_LIMIT) cache.set(word, ids);
    return ids;
  };
  const encodeInto = (ids: number[], text: string): void => {
    for (const word of text.split(SPACES)) {
      if (word === "") continue;
      for (const id of idsOfWord(word)) ids.push(id);
    }
  };

  const isDigit = words.map((word) => word.length <= 2 && NUMERIC.test(word));
  return {
    encode: (text) => {
      const ids: number[] = [];
      if (!specials.test(text)) encodeInto(ids, text);
      else {
        for (const part of text.split(specials)) {
          const id = added.get(part);
          if (id === undefined) encodeInto(ids, part);
          else ids.push(id);
        }
      }
      return ids;
    },
    decode: (ids) => {
      let text = "";
      let afterDigit = false;
      for (let i = 0; i < ids.length; i++) {
        const id = ids[i]!;
        const word = words[id];
        if (word === undefined || special.has(id)) continue;
        const digit = isDigit[id]!;
        text += text === "" || (digit && afterDigit) ? word : ` ${word}`;
        afterDigit = digit;
      }
      return text;
    },
    token: (id) => words[id] ?? `<${id}>`,
    eosId,
    padId,
    vocabSize: words.length,
  };
}

function checkPreTokenizer(value: Json | undefined): void {
  const splitters = record(value, "pre_tokenizer");
  const list = splitters.pretokenizers;
  if (splitters.type !== "Sequence" || !Array.isArray(list) || list.length !== 2) {
    throw unsupported("pre_tokenizer", value);
  }
  const [first, second] = list.map((item: Json) => record(item, "pre_tokenizer.pretokenizers"));
  const expected = first?.type === "WhitespaceSplit" && second?.type === "Digits" && second.individual_digits === true;
  if (!expected) throw unsupported("pre_tokenizer.pretokenizers", list);
}

function wordLevelModel(value: Json | undefined): { vocabulary: ReadonlyMap<string, number>; unknownId: number } {
  const model = record(value, "model");
  if (model.type !== "WordLevel") throw unsupported("model.type", model.type);
  const vocabulary = new Map<string, number>();
  for (const [word, id] of Object.entries(record(model.vocab, "model.vocab"))) {
    if (!isTokenId(id)) throw unsupported("model.vocab", { [word]: id ?? null });
    vocabulary.set(word, id);
  }
  const unknownId = vocabulary.get(String(model.unk_token));
  if (unknownId === undefined) throw unsupported("model.unk_token", model.unk_token);
  return { vocabulary, unknownId };
}

function addedTokens(root: Readonly<Record<string, Json | undefined>>): ReadonlyMap<string, number> {
  const list = root.added_tokens;
  if (!Array.isArray(list)) throw unsupported("added_tokens", list);
  return new Map(
    list.map((item: Json) => {
      const { content, id, ...options } = record(item, "added_tokens");
      const plain = ["single_word", "lstrip", "rstrip"].every((option) => options[option] !== true);
      if (typeof content !== "string" || content === "" || !isTokenId(id) || options.special !== true || !plain) {
        throw unsupported("added_tokens", item);
      }
      return [content, id];
    }),
  );
}

/** An id that may index a table: a vocabulary never comes near the bound, a damaged file might. */
function isTokenId(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 24;
}

function record(value: Json | undefined, field: string): Readonly<Record<string, Json | undefined>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unsupported(field, value);
  return value as Readonly<Record<string, Json | undefined>>;
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function unsupported(field: string, got: Json | undefined): LabError {
  return new LabError("unsupported", `tokenizer.json: ${field} is ${shown(got ?? null, 80)}`, {
    hint: "expected a WordLevel model, pre_tokenizer Sequence[WhitespaceSplit, Digits(individual_digits)], special tokens <pad> <eos> <unk>",
  });
}
