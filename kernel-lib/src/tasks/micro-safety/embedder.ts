import { type Embedder, type Embedding, normalised } from "../../judge/index.js";
import { wordsOf } from "./lexicon.js";

const BUCKETS = 512;

/**
 * Words and pairs of neighbouring words, counted in 512 buckets: the similarity of two texts is the share of both that they have in common.
 * It knows neither meaning nor synonyms. Word order counts as much as words do.
 */
export const overlapEmbedder: Embedder = {
  identity: { embeddings: "words-and-pairs-1", buckets: BUCKETS },
  embed: async (texts) => texts.map(countsOf),
};

function countsOf(text: string): Embedding {
  const counts = new Float64Array(BUCKETS);
  const words = ["", ...wordsOf(text), ""];
  for (const [i, word] of words.entries()) {
    if (word !== "") counts[bucketOf(word)]! += 1;
    if (i > 0) counts[bucketOf(`${words[i - 1]} ${word}`)]! += 1;
  }
  return normalised(counts)!;
}

/** FNV-1a. */
function bucketOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % BUCKETS;
}
