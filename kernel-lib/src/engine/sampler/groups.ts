/** Answers in progress: what a group of rows has written, read back from the segment model's outputs. */
import type { Tensor } from "onnxruntime-node";
import { type Random, seededRandom } from "../../core/index.js";

/** A finished or cut-off answer. */
export interface SampledAnswer {
  /** Number of the sample, from 0. */
  readonly sample: number;
  /** Token ids, without EOS. */
  readonly tokens: readonly number[];
  /** Sum of log-probabilities at temperature 1 in nats, EOS included when `finished`. */
  readonly logprob: number;
  /** Whether the answer ended with EOS before its limit. */
  readonly finished: boolean;
}

/** One segment's outputs, as the model gives them. */
export type SegmentOutputs = Readonly<Record<string, Tensor>>;

/** What both kinds of groups know. */
export interface GroupOptions {
  /** Position of the question among all. */
  readonly question: number;
  readonly prompt: readonly number[];
  readonly width: number;
  /** Largest number of tokens of an answer, EOS included. */
  readonly limit: number;
  readonly eosId: number;
}

/** Rows that answer one question together. */
export interface Group {
  readonly options: GroupOptions;
  /** Tokens that the rows read next, `width` of them. */
  readonly reading: Int32Array;
  /** Tokens written so far by a row that is not finished. */
  readonly written: number;
  readonly done: boolean;
  /** Beams: log-probabilities of the beams so far. */
  readonly totals?: Float32Array;
  /** Temperatures: the rows' next uniform numbers, [width], one call per step. */
  uniforms?(): readonly number[];
  /**
   * Takes in the group's part of a segment.
   * @returns for beams, which beam each continues after each step, [steps * width].
   */
  accept(outputs: SegmentOutputs, slot: number, groups: number, steps: number): Int32Array | undefined;
  answers(): readonly SampledAnswer[];
}

interface Row {
  readonly tokens: number[];
  logprob: number;
  finished: boolean;
}

/** Greedy and temperature decoding: rows that know nothing of each other. */
export class IndependentRows implements Group {
  readonly options: GroupOptions;
  readonly reading: Int32Array;
  readonly uniforms?: () => readonly number[];
  written = 0;
  readonly #firstSample: number;
  readonly #rows: readonly Row[];

  /** @param seed draws the uniform numbers, with the question's id and the sample's number; undefined for greedy decoding. */
  constructor(options: GroupOptions, firstSample: number, seed?: { readonly step: number; readonly id: string }) {
    this.options = options;
    this.reading = new Int32Array(options.width).fill(options.prompt.at(-1)!);
    this.#firstSample = firstSample;
    this.#rows = Array.from({ length: options.width }, () => ({ tokens: [], logprob: 0, finished: false }));
    if (!seed) return;
    const streams = this.#rows.map((_, row): Random => seededRandom("sample", seed.step, seed.id, firstSample + row));
    this.uniforms = () => streams.map((stream) => stream.below(2 ** 23) / 2 ** 23);
  }

  get done(): boolean {
    return this.written >= this.options.limit || this.#rows.every((row) => row.finished);
  }

  accept(outputs: SegmentOutputs, slot: number, groups: number, steps: number): undefined {
    const { width, limit, eosId } = this.options;
    const tokens = outputs.tokens!.data as Int32Array;
    const logprobs = outputs.logprobs!.data as Float32Array;
    this.#rows.forEach((row, index) => {
      for (let step = 0; step < steps && !row.finished && row.tokens.length < limit; step++) {
        const at = (step * groups + slot) * width + index;
        const token = tokens[at]!;
        row.logprob += logprobs[at]!;
        if (token === eosId) row.finished = true;
        else row.tokens.push(token);
      }
      this.reading[index] = tokens[((steps - 1) * groups + slot) * width + index]!;
    });
    this.written += steps;
  }

  answers(): readonly SampledAnswer[] {
    return this.#rows.map((row, index) => ({ sample: this.#firstSample + index, ...row }));
  }
}

interface Hypothesis {
  readonly tokens: readonly number[];
  readonly logprob: number;
  readonly finished: boolean;
  readonly score: number;
}

/**
 * Beam search as vLLM 0.5 does it with `use_beam_search`, `best_of = width`, length penalty 1 and `early_stopping = False`:
 *
 * - Each step takes the 2 * width continuations with the largest summed log-probability, over all beams (in the first step there
 *   is one beam). Those that end with EOS are finished; the width best others are the next beams.
 * - A finished answer's score is its summed log-probability, EOS included, over the number of tokens of prompt and answer, EOS not
 *   counted. The width best finished answers are kept.
 * - The search stops when width answers are finished and the worst of them scores at least as much as the best of the next beams
 *   does now. At the limit every continuation counts as finished (EOS-less ones by their full length).
 * - The answer is the best finished one; of equals, the one found first.
 */
export class Beams implements Group {
  readonly options: GroupOptions;
  readonly reading: Int32Array;
  readonly totals: Float32Array;
  written = 0;
  done = false;
  readonly #vocabSize: number;
  #beams: readonly (readonly number[])[];
  #finished: readonly Hypothesis[] = [];

  constructor(options: GroupOptions, vocabSize: number) {
    this.options = options;
    this.#vocabSize = vocabSize;
    this.reading = new Int32Array(options.width).fill(options.prompt.at(-1)!);
    // All rows start alike: only the first may be continued, or each continuation would be found `width` times.
    this.totals = new Float32Array(options.width).fill(-1e20).fill(0, 0, 1);
    this.#beams = Array.from({ length: options.width }, () => []);
  }

  accept(outputs: SegmentOutputs, slot: number, groups: number, steps: number): Int32Array {
    const { width } = this.options;
    const candidates = outputs.candidates!.data as Int32Array;
    const totals = outputs.totals!.data as Float32Array;
    const parents = new Int32Array(steps * width);
    for (let step = 0; step < steps && !this.done; step++) {
      const at = (step * groups + slot) * 2 * width;
      const parent = this.#step(candidates.subarray(at, at + 2 * width), totals.subarray(at, at + 2 * width));
      parents.set(parent, step * width);
    }
    return parents;
  }

  answers(): readonly SampledAnswer[] {
    const { tokens, logprob, finished } = this.#finished[0]!;
    return [{ sample: 0, tokens, logprob, finished }];
  }

  /** One step of the search. @returns the beams that the next ones continue. */
  #step(candidates: Int32Array, totals: Float32Array): readonly number[] {
    const { prompt, width, limit, eosId } = this.options;
    this.written++;
    const atLimit = this.written >= limit;
    const parents: number[] = [];
    const beams: (readonly number[])[] = [];
    const finished = [...this.#finished];
    candidates.forEach((candidate, rank) => {
      const token = candidate % this.#vocabSize;
      const parent = Math.floor(candidate / this.#vocabSize);
      const logprob = totals[rank]!;
      const before = this.#beams[parent]!;
      const ends = token === eosId;
      if (ends || atLimit) {
        const tokens = ends ? before : [...before, token];
        finished.push({ tokens, logprob, finished: ends, score: logprob / (prompt.length + tokens.length) });
      } else if (beams.length < width) {
        this.reading[beams.length] = token;
        this.totals[beams.length] = logprob;
        parents.push(parent);
        beams.push([...before, token]);
      }
    });
    // Sorting is stable: of equals, the one found first stays in front.
    this.#finished = finished.sort((x, y) => y.score - x.score).slice(0, width);
    this.#beams = beams;
    const best = this.totals[0]! / (prompt.length + this.written);
    this.done = atLimit || (this.#finished.length === width && this.#finished[width - 1]!.score >= best);
    return parents;
  }
}
