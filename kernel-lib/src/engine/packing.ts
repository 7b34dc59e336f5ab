/** From sequences to the feeds of a batch: ids, positions, masks, and which rows go where. */
import { Tensor } from "onnxruntime-node";
import type { Feeds, OutputRows, Sequence } from "./batch.js";

/** Large enough to make a weight vanish, small enough to stay far from infinity. */
const FORBIDDEN = -1e9;

/** Shape of a batch: row counts, and the padded layout. */
interface Extent {
  readonly tokens: number;
  readonly outputs: number;
  readonly batch: number;
  readonly heads: number;
  readonly time: number;
  readonly queries: number;
}

/**
 * The feeds of a batch.
 * @param identity the rotary position that leaves vectors as they are: the number of the model's positions.
 */
export function packBatch(
  sequences: readonly Sequence[],
  heads: number,
  identity: number,
  rows: OutputRows,
): { readonly feeds: Feeds; readonly tokens: number; readonly outputs: number } {
  const extent = measure(sequences, heads, rows);
  const { tokens, outputs } = extent;
  const positions = positionsOf(sequences, tokens);
  const feeds: Feeds = {
    ids: joined(
      sequences.map(({ ids }) => ids),
      [tokens],
    ),
    targets: joined(
      sequences.map(({ targets }) => targets),
      [rows === "every" ? tokens : outputs, 1],
    ),
    positions: rotaryPositions([positions, positions, identity]),
    mask: fullMask(sequences, extent),
    ...splitFeeds(sequences, extent),
  };
  if (rows === "selected") Object.assign(feeds, lastFeeds(sequences, extent, positions, identity));
  return { feeds, tokens, outputs };
}

function measure(sequences: readonly Sequence[], heads: number, rows: OutputRows): Extent {
  const lengths = sequences.map(({ ids }) => ids.length);
  const counts = sequences.map(({ at }) => at.length);
  const longest = Math.max(...lengths);
  const queries = Math.max(...counts);
  // A padded query looks at a padded key of its own sequence, so there must be one.
  const needsKey =
    rows === "selected" && sequences.some(({ ids, at }) => ids.length === longest && at.length < queries);
  return {
    tokens: sum(lengths),
    outputs: sum(counts),
    batch: sequences.length,
    heads,
    time: longest + (needsKey ? 1 : 0),
    queries,
  };
}

/** Row numbers between [n, parts, heads] (packed) and [part][batch, heads, time] (padded). Padding repeats its sequence's last token. */
function exchange(
  lengths: readonly number[],
  parts: number,
  heads: number,
  time: number,
): { readonly padded: readonly Int32Array[]; readonly packed: Int32Array } {
  const size = lengths.length * heads * time;
  const padded = Array.from({ length: parts }, () => new Int32Array(size));
  const packed = new Int32Array(sum(lengths) * parts * heads);
  const stride = parts * heads;
  let start = 0;
  lengths.forEach((length, sequence) => {
    for (let part = 0; part < parts; part++) {
      const target = padded[part]!;
      for (let head = 0; head < heads; head++) {
        const base = (sequence * heads + head) * time;
        let row = (start * parts + part) * heads + head;
        for (let t = 0; t < length; t++) {
          target[base + t] = row;
          packed[row] = part * size + base + t;
          row += stride;
        }
        target.fill(Math.max(row - stride, 0), base + length, base + time);
      }
    }
    start += length;
  });
  return { padded, packed };
}

function splitFeeds(sequences: readonly Sequence[], { tokens, batch, heads, time }: Extent): Feeds {
  const lengths = sequences.map(({ ids }) => ids.length);
  const shape = [batch, heads, time];
  const three = exchange(lengths, 3, heads, time);
  const one = exchange(lengths, 1, heads, time);
  return {
    query: new Tensor("int32", three.padded[0]!, shape),
    key: new Tensor("int32", three.padded[1]!, shape),
    value: new Tensor("int32", three.padded[2]!, shape),
    unsplit: new Tensor("int32", three.packed, [tokens, 3, heads]),
    merge: new Tensor("int32", one.packed, [tokens, heads]),
    unmerge: new Tensor("int32", one.padded[0]!, shape),
  };
}

function lastFeeds(
  sequences: readonly Sequence[],
  { tokens, outputs, batch, heads, time, queries }: Extent,
  positions: Int32Array,
  identity: number,
): Feeds {
  const pairs = exchange(
    sequences.map(({ ids }) => ids.length),
    2,
    heads,
    time,
  );
  const query = exchange(
    sequences.map(({ at }) => at.length),
    1,
    heads,
    queries,
  );
  const kept = new Int32Array(outputs);
  const keptPositions = new Int32Array(outputs);
  const inverse = new Int32Array(tokens).fill(outputs);
  let output = 0;
  let start = 0;
  for (const { ids, at } of sequences) {
    for (const t of at) {
      inverse[start + t] = output;
      keptPositions[output] = positions[start + t]!;
      kept[output++] = start + t;
    }
    start += ids.length;
  }
  return {
    lastQuery: new Tensor("int32", query.padded[0]!, [batch, heads, queries]),
    lastMerge: new Tensor("int32", query.packed, [outputs, heads]),
    lastKey: new Tensor("int32", pairs.padded[0]!, [batch, heads, time]),
    lastValue: new Tensor("int32", pairs.padded[1]!, [batch, heads, time]),
    lastUnsplit: new Tensor("int32", pairs.packed, [tokens, 2, heads]),
    lastPositions: rotaryPositions([positions, identity]),
    lastMask: selectedMask(sequences, time, queries),
    kept: new Tensor("int32", kept, [outputs]),
    keptInverse: new Tensor("int32", inverse, [tokens]),
    queryPositions: rotaryPositions([keptPositions]),
  };
}

/** Sequences of one length without branches share one causal mask. */
function fullMask(sequences: readonly Sequence[], { batch, time }: Extent): Tensor {
  const alike = sequences.every(({ ids, branches }) => ids.length === time && branches === undefined);
  const masked = alike ? sequences.slice(0, 1) : sequences;
  const data = new Float32Array(masked.length * time * time).fill(FORBIDDEN);
  masked.forEach((sequence, b) => {
    for (let t = 0; t < time; t++) allow(data, (b * time + t) * time, sequence, t, time);
  });
  return new Tensor("float32", data, [alike ? 1 : batch, 1, time, time]);
}

function selectedMask(sequences: readonly Sequence[], time: number, queries: number): Tensor {
  const data = new Float32Array(sequences.length * queries * time).fill(FORBIDDEN);
  sequences.forEach((sequence, b) => {
    for (let q = 0; q < queries; q++) {
      allow(data, (b * queries + q) * time, sequence, sequence.at[q] ?? sequence.ids.length, time);
    }
  });
  return new Tensor("float32", data, [sequences.length, 1, queries, time]);
}

/**
 * What the query at token `t` may look at. A padded query (t beyond the sequence) looks at padding only, where the gradients that it
 * makes are dropped: so padding needs no zeros.
 */
function allow(data: Float32Array, start: number, { ids, branches }: Sequence, t: number, time: number): void {
  if (t >= ids.length) {
    data[start + time - 1] = 0;
    return;
  }
  if (branches === undefined) {
    data.fill(0, start, start + t + 1);
    return;
  }
  for (let key = 0; key <= t; key++) if (branches[key] === 0 || branches[key] === branches[t]) data[start + key] = 0;
}

function joined(lists: readonly (readonly number[])[], shape: readonly number[]): Tensor {
  const data = new Int32Array(sum(lists.map(({ length }) => length)));
  let end = 0;
  for (const list of lists) {
    data.set(list, end);
    end += list.length;
  }
  return new Tensor("int32", data, shape);
}

/** Rotary positions of all tokens. */
function positionsOf(sequences: readonly Sequence[], tokens: number): Int32Array {
  const data = new Int32Array(tokens);
  let row = 0;
  for (const { ids, positions } of sequences) {
    for (let t = 0; t < ids.length; t++) data[row++] = positions === undefined ? t : positions[t]!;
  }
  return data;
}

/**
 * int64 [n, parts]: for each part the positions of n tokens, or one position for all. Written as little-endian pairs of words: a BigInt
 * for each would cost more than the rest of the batch.
 */
function rotaryPositions(parts: readonly [Int32Array, ...(Int32Array | number)[]]): Tensor {
  const count = parts[0].length;
  const data = new BigInt64Array(count * parts.length);
  const words = new Int32Array(data.buffer);
  parts.forEach((positions, part) => {
    for (let n = 0; n < count; n++) {
      words[2 * (n * parts.length + part)] = typeof positions === "number" ? positions : positions[n]!;
    }
  });
  return new Tensor("int64", data, [count, parts.length]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
