import { LabError } from "../../core/index.js";

/** What it takes to load a model here. */
export interface MemoryEstimate {
  readonly parameters: number;
  /** At the worst moment of loading. */
  readonly bytes: number;
}

/**
 * Bytes a parameter while a model is loaded, measured (docs/decisions/0019-models-in-notebooks.md): the file, its tensors widened to
 * float32, the graph as protobuf with its copies, and the session's own. A loaded model keeps some 15.
 */
const PEAK_BYTES_PER_PARAMETER = 20;

/**
 * Memory that a decoder's `config.json` asks for, before a byte of its weights is read; undefined where the sizes are not there. Counts
 * any decoder with gated feed-forward layers, also those that the engine cannot run.
 *
 * @example
 * memoryToLoad(JSON.parse(await readFile("config.json", "utf8")))?.bytes;
 */
export function memoryToLoad(config: unknown): MemoryEstimate | undefined {
  const fields = (typeof config === "object" && config !== null ? config : {}) as Readonly<Record<string, unknown>>;
  const size = (name: string, otherwise = Number.NaN): number =>
    typeof fields[name] === "number" ? (fields[name] as number) : otherwise;
  const hidden = size("hidden_size");
  const heads = size("num_attention_heads");
  const headSize = size("head_dim", hidden / heads);
  const keyValueHeads = size("num_key_value_heads", heads);
  const attention = 2 * hidden * headSize * (heads + keyValueHeads);
  const layer = attention + 3 * hidden * size("intermediate_size") + 2 * hidden;
  const embeddings = (fields.tie_word_embeddings === true ? 1 : 2) * size("vocab_size") * hidden;
  const parameters = size("num_hidden_layers") * layer + embeddings + hidden;
  return Number.isFinite(parameters) ? { parameters, bytes: PEAK_BYTES_PER_PARAMETER * parameters } : undefined;
}

/**
 * Refuses a model that would not fit, instead of being killed half-way.
 *
 * @param available bytes that may be taken. Default: what the system, and a container's limit, leave.
 * @throws LabError `unsupported`, with the estimate and what is free.
 */
export function assertFits(name: string, estimate: MemoryEstimate, available = process.availableMemory()): void {
  if (estimate.bytes <= available) return;
  const { parameters, bytes } = estimate;
  throw new LabError(
    "unsupported",
    `${name} has ${counted(parameters)} parameters and takes about ${gibibytes(bytes)} to load; ${gibibytes(available)} are free`,
    {
      hint: "free some memory, load a smaller model, or sample from it where it was trained (`ilr run --backend docker`)",
    },
  );
}

function gibibytes(bytes: number): string {
  const gibi = bytes / 2 ** 30;
  return gibi >= 1 ? `${gibi.toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function counted(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} billion`;
  return count >= 1e6 ? `${(count / 1e6).toFixed(1)} million` : String(count);
}
