import type { Architecture } from "../steps/index.js";
import { attention } from "./autodiff/attention.js";
import { exchangeRows, selectRows } from "./autodiff/gather.js";
import { embedding, linear } from "./autodiff/linear.js";
import { rmsNorm } from "./autodiff/norm.js";
import { type RotaryCaches, rotary, rotaryCaches } from "./autodiff/rotary.js";
import { view } from "./autodiff/shape.js";
import { swiglu } from "./autodiff/swiglu.js";
import type { Tape } from "./autodiff/tape.js";
import type { BatchInputs } from "./batch.js";
import type { Value } from "./onnx/graph.js";
import type { Weights } from "./weights.js";

/** What the layers of one graph share. */
interface Context {
  readonly tape: Tape;
  readonly weights: Weights;
  readonly architecture: Architecture;
  readonly caches: RotaryCaches;
}

/**
 * The Llama decoder's forward pass over a packed batch of n tokens: token ids [n] to logits [m, vocabulary or 2], where m counts the
 * tokens of `batch.targets`. Differentiable in every tensor of `weights` that the tape tracks.
 */
export function decoder(tape: Tape, weights: Weights, architecture: Architecture, batch: BatchInputs): Value {
  const { hiddenSize, heads, layers, maxPositions, ropeTheta, rmsNormEps } = architecture;
  const caches = rotaryCaches(tape.graph, maxPositions, hiddenSize / heads, ropeTheta);
  const context: Context = { tape, weights, architecture, caches };
  let x = embedding(tape, weights.get("model.embed_tokens.weight"), batch.ids);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    const attend = batch.last && layer === layers - 1 ? lastSelfAttention : selfAttention;
    x = feedForward(context, prefix, attend(context, prefix, x, batch));
  }
  return linear(tape, rmsNorm(tape, x, rmsNormEps), weights.head);
}

/** x + attention(norm(x)), [n, hidden]. */
function selfAttention(context: Context, prefix: string, x: Value, { layers }: BatchInputs): Value {
  const { tape, weights, architecture, caches } = context;
  const { hiddenSize, heads, rmsNormEps } = architecture;
  const normed = rmsNorm(tape, x, rmsNormEps);
  const projected = linear(tape, normed, weights.get(`${prefix}.self_attn.q_proj.weight`));
  const parts = view(tape, projected, [-1, 3, hiddenSize]);
  const rotated = rotary(tape, parts, layers.positions, heads, caches);
  const [query, key, value] = exchangeRows(tape, rotated, hiddenSize / heads, layers.split);
  const attended = attention(tape, query!, key!, value!, layers.mask);
  const [merged] = exchangeRows(tape, attended, hiddenSize / heads, layers.merge);
  return linear(tape, view(tape, merged!, [-1, hiddenSize]), weights.get(`${prefix}.self_attn.o_proj.weight`), x);
}

/** The same for the selected rows only: [n, hidden] to [m, hidden]. Keys and values come from all rows, queries from the selected. */
function lastSelfAttention(context: Context, prefix: string, x: Value, batch: BatchInputs): Value {
  const { tape, weights, architecture, caches } = context;
  const { hiddenSize, heads, rmsNormEps } = architecture;
  const { kept, keptInverse, query, queryPositions, split, merge, positions, mask } = batch.last!;
  const headSize = hiddenSize / heads;
  const normed = rmsNorm(tape, x, rmsNormEps);
  const weight = (name: string): Value => weights.get(`${prefix}.self_attn.${name}.weight`);
  const keysValues = view(tape, linear(tape, normed, weight("k_proj")), [-1, 2, hiddenSize]);
  const [key, value] = exchangeRows(tape, rotary(tape, keysValues, positions, heads, caches), headSize, split);
  const queries = linear(tape, selectRows(tape, normed, kept, keptInverse), weight("q_proj"));
  const rotated = rotary(tape, view(tape, queries, [-1, 1, hiddenSize]), queryPositions, heads, caches);
  const [padded] = exchangeRows(tape, rotated, headSize, query);
  const attended = attention(tape, padded!, key!, value!, mask);
  const [merged] = exchangeRows(tape, attended, headSize, merge);
  const residual = selectRows(tape, x, kept, keptInverse);
  return linear(
    tape,
    view(tape, merged!, [-1, hiddenSize]),
    weights.get(`${prefix}.self_attn.o_proj.weight`),
    residual,
  );
}

/** x + down(silu(gate(norm(x))) * up(norm(x))), [n, hidden]. */
function feedForward(context: Context, prefix: string, x: Value): Value {
  const { tape, weights, architecture } = context;
  const normed = rmsNorm(tape, x, architecture.rmsNormEps);
  const gate = linear(tape, normed, weights.get(`${prefix}.mlp.gate_proj.weight`));
  const up = linear(tape, normed, weights.get(`${prefix}.mlp.up_proj.weight`));
  return linear(tape, swiglu(tape, gate, up), weights.get(`${prefix}.mlp.down_proj.weight`), x);
}
