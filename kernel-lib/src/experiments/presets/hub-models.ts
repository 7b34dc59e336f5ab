/**
 * The models of the Hub that experiments start from. Names are those of the released code (`core/models.py`); sizes are those of each
 * model's config.json. Revisions are looked up when a run starts and recorded with it: the paper names none.
 */
import type { HubBase } from "../config.js";

/** The paper's weak supervisor for GSM8K, BIRD and SaferPaca. */
export const gemma2b: HubBase = {
  name: "gemma-2b",
  hub: { repo: "google/gemma-2b", revision: "main" },
  parameters: 2_506_172_416,
  architecture: {
    family: "gemma",
    ...{ layers: 18, hiddenSize: 2048, heads: 8, keyValueHeads: 1, headSize: 256, intermediateSize: 16_384 },
    ...{ vocabSize: 256_000, maxPositions: 8192, tiedEmbeddings: true },
  },
  licence: "gemma",
  gated: true,
};

/** The paper's student for GSM8K and SaferPaca, and its weak supervisor for GSM8K at 70B. */
export const mistral7b: HubBase = {
  name: "mistral-7b",
  hub: { repo: "mistralai/Mistral-7B-v0.1", revision: "main" },
  parameters: 7_241_732_096,
  architecture: {
    family: "mistral",
    ...{ layers: 32, hiddenSize: 4096, heads: 32, keyValueHeads: 8, headSize: 128, intermediateSize: 14_336 },
    ...{ vocabSize: 32_000, maxPositions: 32_768, tiedEmbeddings: false },
  },
  licence: "apache-2.0",
  gated: true,
};

/** The paper's student for BIRD, and for GSM8K at 70B. */
export const llama3at70b: HubBase = {
  name: "llama-3-70b",
  hub: { repo: "meta-llama/Meta-Llama-3-70B", revision: "main" },
  parameters: 70_553_706_496,
  architecture: {
    family: "llama",
    ...{ layers: 80, hiddenSize: 8192, heads: 64, keyValueHeads: 8, headSize: 128, intermediateSize: 28_672 },
    ...{ vocabSize: 128_256, maxPositions: 8192, tiedEmbeddings: false },
  },
  licence: "llama3",
  gated: true,
};

/** The kit's student for one consumer GPU; what it reaches on these tasks is not known here. */
export const smolLm2At135m: HubBase = {
  name: "smollm2-135m",
  hub: { repo: "HuggingFaceTB/SmolLM2-135M", revision: "main" },
  parameters: 134_515_008,
  architecture: {
    family: "llama",
    ...{ layers: 30, hiddenSize: 576, heads: 9, keyValueHeads: 3, headSize: 64, intermediateSize: 1536 },
    ...{ vocabSize: 49_152, maxPositions: 8192, tiedEmbeddings: true },
  },
  licence: "apache-2.0",
  gated: false,
};

/** The kit's weak supervisor for one consumer GPU; what it reaches on these tasks is not known here. */
export const pythia70m: HubBase = {
  name: "pythia-70m",
  hub: { repo: "EleutherAI/pythia-70m", revision: "main" },
  parameters: 70_426_624,
  architecture: {
    family: "gpt-neox",
    ...{ layers: 6, hiddenSize: 512, heads: 8, keyValueHeads: 8, headSize: 64, intermediateSize: 2048 },
    ...{ vocabSize: 50_304, maxPositions: 2048, tiedEmbeddings: false },
  },
  licence: "apache-2.0",
  gated: false,
};
