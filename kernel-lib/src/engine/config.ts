/** `config.json` of Hugging Face's Llama models, to and from the engine's architecture. */
import { type Json, LabError, shown } from "../core/index.js";
import { type Architecture, architectureSchema } from "../steps/index.js";
import type { Head } from "./layout.js";

const CLASSES: Readonly<Record<Head, string>> = {
  lm: "LlamaForCausalLM",
  classifier: "LlamaForSequenceClassification",
};

/** The content of `config.json`, keys sorted. */
export function configJson(
  architecture: Architecture,
  head: Head,
  tokens: { readonly eosId: number; readonly padId: number },
): Json {
  const { hiddenSize, heads } = architecture;
  return {
    architectures: [CLASSES[head]],
    attention_bias: false,
    bos_token_id: null,
    // Read as float32 even when stored in bfloat16: this engine computes in float32 too.
    dtype: "float32",
    eos_token_id: tokens.eosId,
    head_dim: hiddenSize / heads,
    hidden_act: "silu",
    hidden_size: hiddenSize,
    intermediate_size: architecture.intermediateSize,
    max_position_embeddings: architecture.maxPositions,
    mlp_bias: false,
    model_type: "llama",
    num_attention_heads: heads,
    num_hidden_layers: architecture.layers,
    num_key_value_heads: heads,
    ...(head === "classifier" ? { num_labels: 2 } : {}),
    pad_token_id: tokens.padId,
    rms_norm_eps: architecture.rmsNormEps,
    // transformers 5 reads the first, earlier versions the second.
    rope_parameters: { rope_theta: architecture.ropeTheta, rope_type: "default" },
    rope_theta: architecture.ropeTheta,
    tie_word_embeddings: architecture.tiedEmbeddings,
    torch_dtype: "float32",
    vocab_size: architecture.vocabSize,
  };
}

/**
 * The architecture and head that a `config.json` describes.
 * @param file named in errors.
 * @throws LabError `input-damaged` for a missing or senseless field, `unsupported` for a model that is not this engine's kind.
 */
export function parseConfig(config: Json, file: string): { readonly architecture: Architecture; readonly head: Head } {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new LabError("input-damaged", `${file} is not a JSON object`, { hint: "make or fetch the checkpoint again" });
  }
  const fields = config as Readonly<Record<string, Json | undefined>>;
  const head = headOf(fields, file);
  const rope = (fields.rope_parameters ?? fields.rope_scaling ?? {}) as Readonly<Record<string, Json | undefined>>;
  const parsed = architectureSchema.safeParse({
    vocabSize: fields.vocab_size,
    hiddenSize: fields.hidden_size,
    layers: fields.num_hidden_layers,
    heads: fields.num_attention_heads,
    intermediateSize: fields.intermediate_size,
    maxPositions: fields.max_position_embeddings,
    ropeTheta: fields.rope_theta ?? rope.rope_theta,
    rmsNormEps: fields.rms_norm_eps,
    tiedEmbeddings: fields.tie_word_embeddings,
  });
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
    throw new LabError("input-damaged", `${file} does not describe a Llama model: ${problems}`, {
      hint: "make or fetch the checkpoint again",
      cause: parsed.error,
    });
  }
  const architecture = parsed.data;
  checkKind(fields, rope, file);
  if (architecture.hiddenSize % (2 * architecture.heads) !== 0) {
    throw new LabError(
      "input-damaged",
      `${file}: ${architecture.heads} heads do not divide ${architecture.hiddenSize} evenly`,
      {
        hint: "the size of a head must be a whole, even number",
      },
    );
  }
  return { architecture, head };
}

function headOf(fields: Readonly<Record<string, Json | undefined>>, file: string): Head {
  const classes = fields.architectures;
  const name = Array.isArray(classes) ? classes[0] : undefined;
  const head = (Object.keys(CLASSES) as Head[]).find((candidate) => CLASSES[candidate] === name);
  if (!head) throw unsupported(file, "architectures", name, Object.values(CLASSES).join(" or "));
  return head;
}

/** Refuses what would be computed differently from what the file asks for. */
function checkKind(
  fields: Readonly<Record<string, Json | undefined>>,
  rope: Readonly<Record<string, Json | undefined>>,
  file: string,
): void {
  const { hidden_size: width, num_attention_heads: heads, id2label: labels } = fields;
  const headSize = Number(width) / Number(heads);
  const labelCount = fields.num_labels ?? (labels ? Object.keys(labels as object).length : 2);
  const demands: readonly [string, Json | undefined, Json][] = [
    ["model_type", fields.model_type, "llama"],
    ["hidden_act", fields.hidden_act ?? "silu", "silu"],
    ["attention_bias", fields.attention_bias ?? false, false],
    ["mlp_bias", fields.mlp_bias ?? false, false],
    ["num_key_value_heads", fields.num_key_value_heads ?? heads, heads ?? null],
    ["head_dim", fields.head_dim ?? headSize, headSize],
    ["rope_parameters.rope_type", rope.rope_type ?? rope.type ?? "default", "default"],
    ["num_labels", labelCount, 2],
  ];
  for (const [field, got, expected] of demands) {
    if (got !== expected) throw unsupported(file, field, got, JSON.stringify(expected));
  }
}

function unsupported(file: string, field: string, got: Json | undefined, expected: string): LabError {
  return new LabError("unsupported", `${file}: ${field} is ${shown(got ?? null)}; expected ${expected}`, {
    hint: "the embedded engine runs plain Llama decoders; use a container trainer for other models",
  });
}
