import type { Architecture } from "../steps/index.js";

/** What stands on top of the decoder: a language-model head, or the evaluator's 2-way classification head. */
export type Head = "lm" | "classifier";

/** One parameter tensor inside the flat parameter vector. Matrices are [out, in], as Hugging Face stores them. */
export interface ParameterBlock {
  /** Name in the Hugging Face checkpoint, such as `model.layers.0.self_attn.q_proj.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Position and number of floats in the flat vector. */
  readonly offset: number;
  readonly size: number;
}

export interface ParameterLayout {
  readonly blocks: readonly ParameterBlock[];
  /** Number of parameters. */
  readonly total: number;
  /** The first `decayed` parameters are matrices (weight decay applies); norms follow, so that no mask is needed. */
  readonly decayed: number;
}

/**
 * Where each tensor stands in the flat parameter vector. Query, key and value (and gate and up) of a layer are neighbours, so that
 * they can be used as one [3 * hidden, hidden] ([2 * intermediate, hidden]) matrix.
 */
export function parameterLayout(architecture: Architecture, head: Head = "lm"): ParameterLayout {
  const { vocabSize, hiddenSize: d, intermediateSize: f, layers } = architecture;
  const matrices: [string, number[]][] = [["model.embed_tokens.weight", [vocabSize, d]]];
  const norms: [string, number[]][] = [];
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    for (const name of ["q_proj", "k_proj", "v_proj", "o_proj"]) {
      matrices.push([`${prefix}.self_attn.${name}.weight`, [d, d]]);
    }
    matrices.push([`${prefix}.mlp.gate_proj.weight`, [f, d]]);
    matrices.push([`${prefix}.mlp.up_proj.weight`, [f, d]]);
    matrices.push([`${prefix}.mlp.down_proj.weight`, [d, f]]);
    norms.push([`${prefix}.input_layernorm.weight`, [d]], [`${prefix}.post_attention_layernorm.weight`, [d]]);
  }
  norms.push(["model.norm.weight", [d]]);
  if (head === "classifier") matrices.push(["score.weight", [2, d]]);
  else if (!architecture.tiedEmbeddings) matrices.push(["lm_head.weight", [vocabSize, d]]);

  let offset = 0;
  const blocks = [...matrices, ...norms].map(([name, shape]): ParameterBlock => {
    const size = shape.reduce((product, length) => product * length, 1);
    const block = { name, shape, offset, size };
    offset += size;
    return block;
  });
  const decayed = blocks[matrices.length]!.offset;
  return { blocks, total: offset, decayed };
}
