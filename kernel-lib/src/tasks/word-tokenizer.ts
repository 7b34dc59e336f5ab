/** The word tokenizer of the micro tasks, as a Hugging Face `tokenizer.json`. */
import type { Json } from "../core/index.js";
import type { Pretraining } from "./task.js";

export const SPECIAL_TOKENS = ["<pad>", "<eos>", "<unk>"] as const;

/** A space before every token, everything in one string, no spaces within numbers and at the start. */
const DECODERS: readonly Json[] = [
  { type: "Replace", pattern: { Regex: "^" }, content: " " },
  { type: "Fuse" },
  { type: "Replace", pattern: { Regex: "(?<=[0-9]) (?=[0-9])" }, content: "" },
  { type: "Strip", content: " ", start: 1, stop: 0 },
];

/**
 * The tokenizer as the JSON value of a `tokenizer.json`: words split at white space, one token a digit, no BOS.
 * The decoder joins words by spaces and digits without, so that decoding gives the text back.
 *
 * @param vocabulary all tokens in the order of their ids, the special ones first.
 */
export function wordTokenizer(vocabulary: readonly string[]): Json {
  const vocab = Object.fromEntries(vocabulary.map((token, id) => [token, id]));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "WhitespaceSplit" }, { type: "Digits", individual_digits: true }],
    },
    post_processor: null,
    decoder: { type: "Sequence", decoders: DECODERS },
    model: { type: "WordLevel", vocab, unk_token: "<unk>" },
  };
}

/** What base models of a generated task are pretrained on. Its vocabulary is gathered when it is first asked for: some draw phrases to find their words. */
export function wordPretraining(corpus: Pretraining["corpus"], vocabulary: () => readonly string[]): Pretraining {
  let gathered: readonly string[] | undefined;
  const words = (): readonly string[] => {
    gathered ??= vocabulary();
    return gathered;
  };
  return {
    corpus,
    tokenizer: () => wordTokenizer(words()),
    get vocabSize() {
      return words().length;
    },
  };
}
