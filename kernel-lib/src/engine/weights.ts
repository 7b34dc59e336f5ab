import { Tensor } from "onnxruntime-node";
import type { Architecture } from "../steps/index.js";
import { foldNorms, splitRows } from "./autodiff/linear.js";
import { view } from "./autodiff/shape.js";
import type { Tape } from "./autodiff/tape.js";
import type { Feeds, OutputRows } from "./batch.js";
import { type Head, type ParameterBlock, parameterLayout } from "./layout.js";
import type { Value } from "./onnx/graph.js";

/** Neighbouring blocks of the parameter vector that a graph uses as one matrix. */
interface Piece {
  /** Name of the first block. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
}

/**
 * The flat parameter vector as a matrix: every block's size is a multiple of the hidden size d, so all parameters together are
 * [rows, d], matrices first, one row for each norm at the end. The graph multiplies the norms' weights into the linear layers behind
 * them, all layers at once.
 */
export interface Weights {
  /** Graph inputs [matrix rows, d] and [norms, d]. */
  readonly matrices: Value;
  readonly norms: Value;
  /** The matrix that starts with the block of this name, with its norm folded in. */
  get(name: string): Value;
  /** The head's weight [vocabulary or 2, d], with the final norm folded in. */
  readonly head: Value;
}

/** Shapes of the two inputs of `declareWeights`: rows of matrices, and of norms; both d wide. */
export function weightRows(
  architecture: Architecture,
  head: Head,
): { readonly matrices: number; readonly norms: number; readonly width: number } {
  const { decayed, total } = parameterLayout(architecture, head);
  const width = architecture.hiddenSize;
  return { matrices: decayed / width, norms: (total - decayed) / width, width };
}

/** Feeds of `declareWeights`: views of the flat parameters, not copies. */
export function weightFeeds(parameters: Float32Array, architecture: Architecture, head: Head): Feeds {
  const { matrices, norms, width } = weightRows(architecture, head);
  const boundary = matrices * width;
  return {
    matrices: new Tensor("float32", parameters.subarray(0, boundary), [matrices, width]),
    norms: new Tensor("float32", parameters.subarray(boundary, boundary + norms * width), [norms, width]),
  };
}

/** Declares the inputs `matrices` and `norms`, tracked on the tape if they are to be trained. */
export function declareWeights(
  tape: Tape,
  architecture: Architecture,
  head: Head,
  rows: OutputRows,
  trained: boolean,
): Weights {
  const { graph } = tape;
  const { matrices: matrixRows, norms: normRows, width } = weightRows(architecture, head);
  const declare = (name: string, count: number): Value => {
    const value = graph.input(name, "float32", [count, width]);
    return trained ? tape.parameter(value) : value;
  };
  const matrices = declare("matrices", matrixRows);
  const norms = declare("norms", normRows);
  const { blocks } = parameterLayout(architecture, head);
  const folded = foldNorms(tape, matrices, norms, normOfRows(blocks, width));
  const pieces = joined(blocks, architecture, rows);
  const parts = splitRows(
    tape,
    folded,
    pieces.map(({ size }) => size / width),
  );
  const values = new Map(
    pieces.map(({ name, shape }, k) => {
      const part = parts[k]!;
      return [name, shape[1] === width ? part : view(tape, part, shape, shape[0])];
    }),
  );
  const get = (name: string): Value => values.get(name)!;
  const top = (): Value => {
    if (head === "classifier") return get("score.weight");
    if (!architecture.tiedEmbeddings) return get("lm_head.weight");
    const finalNorm = new Array<number>(architecture.vocabSize).fill(normRows - 1);
    return foldNorms(tape, get("model.embed_tokens.weight"), norms, finalNorm);
  };
  return { matrices, norms, get, head: top() };
}

/** For each row of the matrices, the norm in front of it; undefined if there is none. */
function normOfRows(blocks: readonly ParameterBlock[], width: number): readonly (number | undefined)[] {
  const norms = blocks.filter(({ shape }) => shape.length === 1).map(({ name }) => name);
  return blocks.flatMap(({ name, shape, size }) => {
    if (shape.length === 1) return [];
    const norm = norms.indexOf(normBefore(name) ?? "");
    return new Array<number | undefined>(size / width).fill(norm < 0 ? undefined : norm);
  });
}

function normBefore(name: string): string | undefined {
  const layer = name.split(".").slice(0, 3).join(".");
  if (/\.[qkv]_proj\./.test(name)) return `${layer}.input_layernorm.weight`;
  if (/\.(gate|up)_proj\./.test(name)) return `${layer}.post_attention_layernorm.weight`;
  return name === "lm_head.weight" || name === "score.weight" ? "model.norm.weight" : undefined;
}

/** The matrices; query, key and value become one (in a last layer with selected rows: query alone, key and value). */
function joined(blocks: readonly ParameterBlock[], architecture: Architecture, rows: OutputRows): readonly Piece[] {
  const pieces: Piece[] = [];
  const last = `model.layers.${architecture.layers - 1}.`;
  for (const { name, shape, size } of blocks) {
    if (shape.length === 1) continue;
    const queryAlone = rows === "selected" && name.startsWith(last);
    const joins = name.includes(".v_proj.") || (name.includes(".k_proj.") && !queryAlone);
    const previous = joins ? pieces.pop() : undefined;
    pieces.push(
      previous === undefined
        ? { name, shape, size }
        : { name: previous.name, shape: [previous.shape[0]! + shape[0]!, shape[1]!], size: previous.size + size },
    );
  }
  return pieces;
}
