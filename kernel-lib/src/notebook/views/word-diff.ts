/** A stretch of text that both sides have, or only one of them. */
export interface DiffPart {
  readonly kind: "same" | "deleted" | "inserted";
  readonly text: string;
}

/** Words, and the spaces between them, each a token. */
const tokens = /\s+|\S+/g;

/** Larger tables of comparisons than this are not filled: the middle then counts as wholly replaced. */
const mostCells = 4_000_000;

/**
 * What changed between two texts, word by word: a longest common subsequence of words and of the spaces between them. The parts that are
 * not inserted, one after the other, are `before`; those that are not deleted are `after`.
 *
 * @example
 * wordDiff("2 + 3 = 6", "2 + 3 = 5"); // same "2 + 3 = ", deleted "6", inserted "5"
 */
export function wordDiff(before: string, after: string): readonly DiffPart[] {
  const [a, b] = [before.match(tokens) ?? [], after.match(tokens) ?? []];
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start++;
  let end = 0;
  while (end < most - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const middle = changes(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const same = (words: readonly string[]): DiffPart => ({ kind: "same", text: words.join("") });
  return joined([same(a.slice(0, start)), ...middle, same(a.slice(a.length - end))]);
}

function changes(a: readonly string[], b: readonly string[]): readonly DiffPart[] {
  const width = b.length + 1;
  if ((a.length + 1) * width > mostCells) {
    return [
      { kind: "deleted", text: a.join("") },
      { kind: "inserted", text: b.join("") },
    ];
  }
  const common = commonLengths(a, b);
  const parts: DiffPart[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      parts.push({ kind: "same", text: a[i++]! });
      j++;
    } else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
      parts.push({ kind: "deleted", text: a[i++]! });
    else parts.push({ kind: "inserted", text: b[j++]! });
  }
  return [...parts, { kind: "deleted", text: a.slice(i).join("") }, { kind: "inserted", text: b.slice(j).join("") }];
}

/** At `i * (b.length + 1) + j`: how many tokens `a` from `i` on and `b` from `j` on have in common, in order. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint32Array {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        a[i] === b[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  return lengths;
}

/** Neighbours of a kind as one part. Between two parts that both have, what was deleted comes before what was inserted. */
function joined(parts: readonly DiffPart[]): readonly DiffPart[] {
  const result: DiffPart[] = [];
  let [deleted, inserted] = ["", ""];
  const flush = (): void => {
    if (deleted !== "") result.push({ kind: "deleted", text: deleted });
    if (inserted !== "") result.push({ kind: "inserted", text: inserted });
    [deleted, inserted] = ["", ""];
  };
  for (const { kind, text } of parts) {
    if (text === "") continue;
    if (kind === "deleted") deleted += text;
    else if (kind === "inserted") inserted += text;
    else {
      flush();
      const last = result.at(-1);
      if (last?.kind === "same") result[result.length - 1] = { kind, text: last.text + text };
      else result.push({ kind, text });
    }
  }
  flush();
  return result;
}
