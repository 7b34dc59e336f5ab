import { Tensor } from "onnxruntime-node";
import { HIDDEN } from "./segment.js";

/** Sizes of a cache: `groups` is how many it can hold, `width` the rows of each. */
export interface CacheSizes {
  readonly layers: number;
  readonly heads: number;
  readonly headSize: number;
  readonly groups: number;
  readonly width: number;
}

/** What a segment of `steps` added to a slot. */
export interface Addition {
  readonly slot: number;
  readonly steps: number;
  /** For beams: which beam each beam continues after each step, [steps * width]. */
  readonly parents?: Int32Array | undefined;
}

/** Columns are added and dropped in steps of this many, so that most segments find room. */
const COLUMN_STEP = 16;

/**
 * Keys and values of the groups being continued, and who may see them. Groups fill slots 0 to `count` - 1 without gaps, so the
 * models read the arrays in place; each tensor is [slots, heads, columns, headSize], a group's own columns being the first ones.
 */
export class KeyValueCache {
  readonly #sizes: CacheSizes;
  /** Keys of each layer, then values of each layer. */
  #tensors: readonly Float32Array[];
  #bias: Float32Array;
  #columns = COLUMN_STEP;
  /** Columns in use, by slot. */
  readonly #used: number[] = [];

  constructor(sizes: CacheSizes) {
    this.#sizes = sizes;
    this.#tensors = this.#allocate(this.#columns);
    this.#bias = new Float32Array(sizes.groups * sizes.width * this.#columns).fill(HIDDEN);
  }

  get count(): number {
    return this.#used.length;
  }

  /**
   * Puts a prompt into the next free slot, visible to all rows of the group.
   * @param prefill keys of each layer, then values: [batch, heads, length, headSize]. @param length of those, the columns to take.
   */
  add(prefill: readonly Tensor[], batchIndex: number, length: number): void {
    const slot = this.#used.length;
    this.#used.push(0);
    if (length > this.#columns) this.#resize(roundedUp(length));
    const { width } = this.#sizes;
    this.#take(
      prefill,
      batchIndex,
      slot,
      Array.from({ length }, (_, column) => column),
    );
    for (let row = slot * width; row < (slot + 1) * width; row++) {
      this.#bias.fill(HIDDEN, row * this.#columns, (row + 1) * this.#columns);
      this.#bias.fill(0, row * this.#columns, row * this.#columns + length);
    }
  }

  /**
   * Appends what a segment added to slots. Of beams' keys only those are kept that a beam still continues: most lines of descent
   * meet a few steps back, and what nobody sees again would only slow down everything after it.
   */
  extend(recent: readonly Tensor[], additions: readonly Addition[]): void {
    const { width } = this.#sizes;
    const lineages = additions.map(({ steps, parents }) => followLineage(steps, width, parents));
    const needed = additions.map(({ slot }, index) => this.#used[slot]! + lineages[index]!.kept.length);
    this.#fit(Math.max(0, ...needed));
    additions.forEach(({ slot }, index) => {
      const { origin, holders, kept } = lineages[index]!;
      const start = this.#used[slot]!;
      this.#take(recent, slot, slot, kept);
      const columns = this.#columns;
      const rows = this.#bias.subarray(slot * width * columns, (slot + 1) * width * columns);
      const before = rows.slice();
      origin.forEach((from, row) => {
        if (from !== row) rows.set(before.subarray(from * columns, from * columns + start), row * columns);
      });
      kept.forEach((column, place) => {
        const step = Math.floor(column / width);
        for (let row = 0; row < width; row++) {
          if (holders[step]![row] === column % width) rows[row * columns + start + place] = 0;
        }
      });
    });
  }

  /** Frees a slot; the last group moves into it. */
  remove(slot: number): void {
    const last = this.#used.length - 1;
    if (slot !== last) {
      const { heads, headSize, width } = this.#sizes;
      const size = heads * this.#columns * headSize;
      for (const tensor of this.#tensors) tensor.copyWithin(slot * size, last * size, (last + 1) * size);
      const views = width * this.#columns;
      this.#bias.copyWithin(slot * views, last * views, (last + 1) * views);
      this.#used[slot] = this.#used[last]!;
    }
    this.#used.pop();
  }

  /** The segment model's inputs `past_key_*`, `past_value_*` and `bias`: views of this cache, valid until it changes. */
  feeds(): Record<string, Tensor> {
    const { layers, heads, headSize, width } = this.#sizes;
    const shape = [this.count, heads, this.#columns, headSize];
    const feeds: Record<string, Tensor> = {};
    this.#tensors.forEach((tensor, index) => {
      const name = index < layers ? `past_key_${index}` : `past_value_${index - layers}`;
      feeds[name] = new Tensor(
        "float32",
        tensor.subarray(
          0,
          shape.reduce((product, length) => product * length, 1),
        ),
        shape,
      );
    });
    const views = this.count * width * this.#columns;
    feeds.bias = new Tensor("float32", this.#bias.subarray(0, views), [this.count, width, this.#columns]);
    return feeds;
  }

  /** Makes `needed` columns; gives room back when much of it is unused. */
  #fit(needed: number): void {
    const columns = roundedUp(Math.max(needed, ...this.#used));
    if (columns > this.#columns || columns < this.#columns - COLUMN_STEP) this.#resize(columns);
  }

  /** Copies columns of a batch's row behind a slot's own. */
  #take(from: readonly Tensor[], index: number, slot: number, columns: readonly number[]): void {
    const { heads, headSize } = this.#sizes;
    const start = this.#used[slot]!;
    const runs = contiguousRuns(columns);
    from.forEach((source, which) => {
      const data = source.data as Float32Array;
      const given = source.dims[2]!;
      const target = this.#tensors[which]!;
      for (let head = 0; head < heads; head++) {
        const at = (index * heads + head) * given;
        let to = ((slot * heads + head) * this.#columns + start) * headSize;
        for (const { first, count } of runs) {
          const piece = data.subarray((at + first) * headSize, (at + first + count) * headSize);
          target.set(piece, to);
          to += piece.length;
        }
      }
    });
    this.#used[slot] = start + columns.length;
  }

  #allocate(columns: number): readonly Float32Array[] {
    const { layers, heads, headSize, groups } = this.#sizes;
    return Array.from({ length: 2 * layers }, () => new Float32Array(groups * heads * columns * headSize));
  }

  #resize(columns: number): void {
    const { heads, headSize, groups, width } = this.#sizes;
    const copy = (from: Float32Array, to: Float32Array, blocks: number, size: number): void => {
      const kept = Math.min(columns, this.#columns) * size;
      for (let block = 0; block < blocks; block++) {
        const at = block * this.#columns * size;
        to.set(from.subarray(at, at + kept), block * columns * size);
      }
    };
    const tensors = this.#allocate(columns);
    tensors.forEach((tensor, index) => {
      copy(this.#tensors[index]!, tensor, this.count * heads, headSize);
    });
    const bias = new Float32Array(groups * width * columns).fill(HIDDEN);
    copy(this.#bias, bias, this.count * width, 1);
    this.#tensors = tensors;
    this.#bias = bias;
    this.#columns = columns;
  }
}

interface Lineage {
  /** Which row each row was before the segment. */
  readonly origin: readonly number[];
  /** Per step, which row wrote what each row now has there. */
  readonly holders: readonly (readonly number[])[];
  /** New columns (step * width + row) that some row sees, in order. */
  readonly kept: readonly number[];
}

function followLineage(steps: number, width: number, parents: Int32Array | undefined): Lineage {
  const holders: number[][] = [];
  let origin = Array.from({ length: width }, (_, row) => row);
  for (let step = steps - 1; step >= 0; step--) {
    if (parents) origin = origin.map((row) => parents[step * width + row]!);
    holders[step] = origin;
  }
  const kept = holders.flatMap((rows, step) =>
    [...new Set(rows)].sort((x, y) => x - y).map((row) => step * width + row),
  );
  return { origin, holders, kept };
}

function contiguousRuns(columns: readonly number[]): readonly { readonly first: number; readonly count: number }[] {
  const runs: { first: number; count: number }[] = [];
  for (const column of columns) {
    const last = runs.at(-1);
    if (last && last.first + last.count === column) last.count++;
    else runs.push({ first: column, count: 1 });
  }
  return runs;
}

function roundedUp(columns: number): number {
  return Math.max(1, Math.ceil(columns / COLUMN_STEP)) * COLUMN_STEP;
}
