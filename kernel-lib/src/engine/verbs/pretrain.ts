import { LabError, type Random, seededRandom } from "../../core/index.js";
import type { Architecture } from "../../steps/index.js";
import { writeCheckpoint } from "../checkpoint.js";
import { parameterLayout } from "../layout.js";
import { likelihoodFeeds, weightedLikelihood } from "../objective.js";
import { packBatch } from "../packing.js";
import { readJson, readRows } from "../rows.js";
import { inputPath, outputPath, type StepContext } from "../step-context.js";
import { loadTokenizer, type Tokenizer } from "../tokenizer.js";
import { createTrainer } from "../trainer.js";
import { type TrainingBatch, train } from "../training-loop.js";

/** Standard deviation of fresh weights where a step does not say (GPT-2's; Llama's `initializer_range`). */
const INITIALIZER_RANGE = 0.02;

/**
 * Next-token training from random weights. The documents, in seeded order and each ended by EOS, make one stream of tokens, which is
 * cut into sequences; the stream's last incomplete sequence is left out. When the sequences run out they are shuffled again.
 */
export async function pretrain(context: StepContext<"pretrain">): Promise<void> {
  const { params, seed, emit } = context;
  const { architecture, sequenceLength, batchSize, optimizer } = params;
  checkParams(context);
  const tokenizerJson = await readJson(inputPath(context, "tokenizer"));
  const tokenizer = loadTokenizer(tokenizerJson);
  checkVocabulary(tokenizer, architecture);
  const corpus = await readRows<{ text: string }>(inputPath(context, "corpus"), { text: "string" });
  const stream = tokenStream(corpus, tokenizer, seededRandom(seed, "pretrain", "documents"));
  const sequences = Math.floor((stream.length - 1) / sequenceLength);
  if (sequences < 1) {
    throw new LabError("step-invalid", `the corpus has ${stream.length} tokens; sequenceLength is ${sequenceLength}`, {
      hint: "a corpus must hold at least one sequence and one token",
    });
  }
  const tokensPerStep = batchSize * sequenceLength;
  const steps = Math.ceil(params.tokens / tokensPerStep);
  emit({
    type: "note",
    text: `${corpus.length} documents, ${stream.length} tokens, ${sequences} sequences, ${steps} steps`,
  });

  const trainer = await createTrainer({
    architecture,
    head: "lm",
    parameters: freshParameters(architecture, seededRandom(seed, "pretrain", "weights"), params.initializerRange),
    optimizer,
    objective: weightedLikelihood,
    rows: "every",
  });
  try {
    const batches = streamBatches(stream, context, sequences, steps);
    await train(context, trainer, { optimizer, steps, totalTokens: steps * tokensPerStep, batches });
    const checkpoint = {
      architecture,
      head: "lm",
      parameters: trainer.parameters(),
      tokenizer: tokenizerJson,
    } as const;
    await writeCheckpoint(outputPath(context, "model"), checkpoint, { storage: params.storage });
  } finally {
    await trainer.dispose();
  }
}

/** Normal weights; the projections that end a residual branch are scaled down by sqrt(2 * layers), as in GPT-2; norms are 1. */
export function freshParameters(
  architecture: Architecture,
  random: Random,
  initializerRange = INITIALIZER_RANGE,
): Float32Array {
  const { blocks, total } = parameterLayout(architecture);
  const parameters = new Float32Array(total);
  for (const { name, shape, offset, size } of blocks) {
    const view = parameters.subarray(offset, offset + size);
    if (shape.length === 1) {
      view.fill(1);
      continue;
    }
    const ends = name.includes("o_proj") || name.includes("down_proj");
    const deviation = ends ? initializerRange / Math.sqrt(2 * architecture.layers) : initializerRange;
    for (let i = 0; i < size; i++) view[i] = deviation * random.normal();
  }
  return parameters;
}

function tokenStream(corpus: readonly { readonly text: string }[], tokenizer: Tokenizer, random: Random): Int32Array {
  const documents = random.shuffle(corpus).map(({ text }) => tokenizer.encode(text));
  const stream = new Int32Array(documents.reduce((sum, ids) => sum + ids.length + 1, 0));
  let end = 0;
  for (const ids of documents) {
    stream.set(ids, end);
    stream[end + ids.length] = tokenizer.eosId;
    end += ids.length + 1;
  }
  return stream;
}

/** Exactly `steps` batches: one pass over the shuffled sequences after the other, without a gap between them. */
function* streamBatches(
  stream: Int32Array,
  { params, seed }: StepContext<"pretrain">,
  count: number,
  steps: number,
): Generator<TrainingBatch> {
  const { architecture, sequenceLength, batchSize } = params;
  const { heads, maxPositions } = architecture;
  const every = Array.from({ length: sequenceLength }, (_, t) => t);
  const weights = likelihoodFeeds(new Array<number>(batchSize * sequenceLength).fill(1 / (batchSize * sequenceLength)));
  const starts = Array.from({ length: count }, (_, k) => k * sequenceLength);
  let epoch = 0;
  let queue: number[] = [];
  const take = (): number => {
    if (queue.length === 0) queue = seededRandom(seed, "pretrain", "order", ++epoch).shuffle(starts).reverse();
    return queue.pop()!;
  };
  for (let step = 0; step < steps; step++) {
    const sequences = Array.from({ length: batchSize }, () => {
      const start = take();
      return {
        ids: Array.from(stream.subarray(start, start + sequenceLength)),
        at: every,
        targets: Array.from(stream.subarray(start + 1, start + sequenceLength + 1)),
      };
    });
    const { feeds, tokens } = packBatch(sequences, heads, maxPositions, "every");
    yield { epoch, feeds: { ...feeds, ...weights }, tokens };
  }
}

function checkParams({ params }: StepContext<"pretrain">): void {
  const { architecture, sequenceLength } = params;
  const { hiddenSize, heads, maxPositions } = architecture;
  if (hiddenSize % (2 * heads) !== 0) {
    throw new LabError(
      "step-invalid",
      `hiddenSize is ${hiddenSize}, heads ${heads}; expected hiddenSize to be a multiple of 2 * heads`,
      {
        hint: "the size of a head must be a whole, even number",
      },
    );
  }
  if (sequenceLength > maxPositions) {
    throw new LabError(
      "step-invalid",
      `sequenceLength is ${sequenceLength}; the architecture has ${maxPositions} positions`,
      {
        hint: "raise maxPositions or lower sequenceLength",
      },
    );
  }
}

function checkVocabulary({ vocabSize }: Tokenizer, architecture: Architecture): void {
  if (vocabSize === architecture.vocabSize) return;
  throw new LabError(
    "step-invalid",
    `the tokenizer has ${vocabSize} tokens; architecture.vocabSize is ${architecture.vocabSize}`,
    {
      hint: "set vocabSize to the tokenizer's size",
    },
  );
}
