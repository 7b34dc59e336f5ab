import { type Embedder, similarity } from "../judge/index.js";
import type { Proposed } from "./task.js";

/**
 * Whether label and proposal mean the same, for all labels of a round at once: their similarity is above the median of these
 * similarities (paper), so that half of the labels agree, however alike they are.
 *
 * Ties do not agree: what equals the median is not above it. Only texts that are equal word for word always agree (where more than
 * half of a round are, the median is 1 and nothing is above it). A blank text is like no other: similarity 0.
 */
export async function agreeing(embedder: Embedder, pairs: readonly Proposed[]): Promise<readonly boolean[]> {
  const texts = pairs.flatMap(({ label, proposal }) => [asOneLine(label), asOneLine(proposal)]);
  const different = pairs.map((_, i) => texts[2 * i] !== texts[2 * i + 1]);
  const asked = [...new Set(texts.filter((text, i) => text !== "" && different[i >> 1]))];
  const vectors = await embedder.embed(asked);
  const places = new Map(asked.map((text, i) => [text, i]));
  const similarities = pairs.map((_, i) => {
    if (!different[i]) return 1;
    const [x, y] = [places.get(texts[2 * i]!), places.get(texts[2 * i + 1]!)];
    return x === undefined || y === undefined ? 0 : similarity(vectors[x]!, vectors[y]!);
  });
  const middle = median(similarities);
  return similarities.map((value, i) => !different[i] || value > middle);
}

/** As the released code embeds texts: line breaks become spaces. */
function asOneLine(text: string): string {
  return text.replaceAll("\n", " ").trim();
}

/** The middle value, or the mean of the two middle ones; NaN of nothing. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  const upper = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[upper]! : (sorted[upper - 1]! + sorted[upper]!) / 2;
}
