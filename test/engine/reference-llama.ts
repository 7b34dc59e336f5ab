/** A Llama forward pass in plain float64 JavaScript: slow, obvious, and independent of the engine. */
import type { Checkpoint } from "../../kernel-lib/src/engine/checkpoint.js";
import { parameterLayout } from "../../kernel-lib/src/engine/layout.js";

type Vector = readonly number[];

function dot(x: Vector, y: Vector): number {
  return x.reduce((sum, value, index) => sum + value * y[index]!, 0);
}

function add(x: Vector, y: Vector): Vector {
  return x.map((value, index) => value + y[index]!);
}

function softmax(x: Vector): Vector {
  const top = Math.max(...x);
  const powers = x.map((value) => Math.exp(value - top));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/** Natural logarithms of softmax(logits / temperature). */
export function logSoftmax(logits: Vector, temperature = 1): Vector {
  const scaled = logits.map((value) => value / temperature);
  const top = Math.max(...scaled);
  const norm = top + Math.log(scaled.reduce((sum, value) => sum + Math.exp(value - top), 0));
  return scaled.map((value) => value - norm);
}

/** The tensors of a checkpoint by their Hugging Face names, as rows. */
function tensors(checkpoint: Checkpoint): (name: string) => readonly Vector[] {
  const blocks = parameterLayout(checkpoint.architecture, checkpoint.head).blocks;
  const rows = new Map(
    blocks.map(({ name, shape, offset }): [string, readonly Vector[]] => {
      const width = shape.at(-1)!;
      const count = shape.length === 1 ? 1 : shape[0]!;
      const row = (k: number): Vector =>
        Array.from(checkpoint.parameters.subarray(offset + k * width, offset + (k + 1) * width));
      return [name, Array.from({ length: count }, (_, k) => row(k))];
    }),
  );
  return (name) => rows.get(name)!;
}

/** Turns each pair (i, i + half) of a head's vector by position * theta^(-2i / size). */
function rotate(x: Vector, position: number, theta: number): Vector {
  const half = x.length / 2;
  return x.map((value, i) => {
    const angle = position * theta ** ((-2 * (i % half)) / x.length);
    const partner = i < half ? -x[i + half]! : x[i - half]!;
    return value * Math.cos(angle) + partner * Math.sin(angle);
  });
}

/** The decoder's last hidden states, after the final norm, [tokens][hidden]. */
export function referenceStates(checkpoint: Checkpoint, tokens: readonly number[]): readonly Vector[] {
  const { layers, heads, hiddenSize, rmsNormEps, ropeTheta } = checkpoint.architecture;
  const get = tensors(checkpoint);
  const size = hiddenSize / heads;
  const apply = (name: string, x: Vector): Vector => get(name).map((row) => dot(row, x));
  const norm = (name: string, x: Vector): Vector => {
    const scale = 1 / Math.sqrt(dot(x, x) / x.length + rmsNormEps);
    const [gain] = get(name);
    return x.map((value, index) => value * scale * gain![index]!);
  };
  let states: readonly Vector[] = tokens.map((token) => get("model.embed_tokens.weight")[token]!);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    const normed = states.map((x) => norm(`${prefix}.input_layernorm.weight`, x));
    const project = (name: string): readonly Vector[] =>
      normed.map((x) => apply(`${prefix}.self_attn.${name}.weight`, x));
    const [queries, keys, values] = [project("q_proj"), project("k_proj"), project("v_proj")];
    const part = (x: Vector, head: number): Vector => x.slice(head * size, (head + 1) * size);
    const mixed = queries.map((query, t) =>
      Array.from({ length: heads }, (_, head) => {
        const turned = rotate(part(query, head), t, ropeTheta);
        const scores = keys
          .slice(0, t + 1)
          .map((key, s) => dot(turned, rotate(part(key, head), s, ropeTheta)) / Math.sqrt(size));
        const shares = softmax(scores);
        return Array.from({ length: size }, (_, i) =>
          shares.reduce((sum, share, s) => sum + share * part(values[s]!, head)[i]!, 0),
        );
      }).flat(),
    );
    states = states.map((x, t) => add(x, apply(`${prefix}.self_attn.o_proj.weight`, mixed[t]!)));
    states = states.map((x) => {
      const inner = norm(`${prefix}.post_attention_layernorm.weight`, x);
      const gate = apply(`${prefix}.mlp.gate_proj.weight`, inner);
      const up = apply(`${prefix}.mlp.up_proj.weight`, inner);
      const gated = gate.map((value, index) => (value / (1 + Math.exp(-value))) * up[index]!);
      return add(x, apply(`${prefix}.mlp.down_proj.weight`, gated));
    });
  }
  return states.map((x) => norm("model.norm.weight", x));
}

/** Next-token logits after each token, [tokens][vocabulary]. */
export function referenceLogits(checkpoint: Checkpoint, tokens: readonly number[]): readonly Vector[] {
  const get = tensors(checkpoint);
  const matrix = get(checkpoint.architecture.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight");
  return referenceStates(checkpoint, tokens).map((state) => matrix.map((row) => dot(row, state)));
}

/** Class probabilities read at the last token. */
export function referenceClasses(checkpoint: Checkpoint, tokens: readonly number[]): Vector {
  const state = referenceStates(checkpoint, tokens).at(-1)!;
  return softmax(tensors(checkpoint)("score.weight").map((row) => dot(row, state)));
}

/** Log-probability of `answer` after `prompt`, in nats. */
export function referenceLogprob(checkpoint: Checkpoint, prompt: readonly number[], answer: readonly number[]): number {
  const logits = referenceLogits(checkpoint, [...prompt, ...answer]);
  return answer.reduce((sum, token, i) => sum + logSoftmax(logits[prompt.length - 1 + i]!)[token]!, 0);
}
