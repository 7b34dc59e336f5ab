/** Small checkpoints for tests: random ones, and one whose continuations are mostly decided by the last token. */
import type { Json } from "../../kernel-lib/src/core/index.js";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import type { Checkpoint } from "../../kernel-lib/src/engine/checkpoint.js";
import { parameterLayout } from "../../kernel-lib/src/engine/layout.js";
import { type Architecture, architectureSchema } from "../../kernel-lib/src/steps/index.js";

/** A `tokenizer.json` with the special tokens first, then the ten digits, then `words`. */
export function wordLevelTokenizer(words: readonly string[]): Json {
  const specials = ["<pad>", "<eos>", "<unk>"];
  const vocabulary = [...specials, ..."0123456789", ...words];
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, id) => ({
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
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
      unk_token: "<unk>",
    },
  };
}

export const EOS_ID = 1;
export const TINY_WORDS = ["+", "-", "=", "the", "apples", "has", "####"] as const;

/**
 * A random checkpoint; matrices are normal with standard deviation `spread` / sqrt(inputs), norms near 1.
 * Large spreads give decided (low-entropy) predictions.
 */
export function tinyModel(seed: number, changes: Partial<Architecture> = {}, spread = 2): Checkpoint {
  const architecture = architectureSchema.parse({
    vocabSize: 13 + TINY_WORDS.length,
    hiddenSize: 16,
    layers: 2,
    heads: 2,
    intermediateSize: 24,
    maxPositions: 64,
    ...changes,
  });
  const layout = parameterLayout(architecture, "lm");
  const random = seededRandom("tiny", seed);
  const parameters = new Float32Array(layout.total);
  for (const { shape, offset, size } of layout.blocks) {
    for (let i = offset; i < offset + size; i++) {
      parameters[i] =
        shape.length === 1 ? 1 + 0.1 * random.normal() : (spread * random.normal()) / Math.sqrt(shape[1]!);
    }
  }
  return { architecture, head: "lm", parameters, tokenizer: wordLevelTokenizer(TINY_WORDS) };
}

/** A model with structure: the head prefers a fixed successor of the last token, weakened by what attention adds. */
export function successorModel(seed: number): Checkpoint {
  const model = tinyModel(seed, { hiddenSize: 32, heads: 4 }, 0.7);
  const { blocks } = parameterLayout(model.architecture, "lm");
  const embedding = blocks.find(({ name }) => name === "model.embed_tokens.weight")!;
  const head = blocks.find(({ name }) => name === "lm_head.weight")!;
  const parameters = model.parameters.slice();
  const random = seededRandom("successor", seed);
  for (let i = 0; i < embedding.size; i++) parameters[embedding.offset + i] = random.normal();
  const order = random.shuffle(Array.from({ length: model.architecture.vocabSize }, (_, token) => token));
  order.forEach((token, place) => {
    const next = order[(place + 1) % order.length]!;
    for (let i = 0; i < 32; i++) {
      parameters[head.offset + next * 32 + i] =
        0.2 * parameters[embedding.offset + token * 32 + i]! + 0.1 * random.normal();
    }
  });
  return { ...model, parameters };
}
