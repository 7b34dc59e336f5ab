import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Decoding } from "../../steps/index.js";
import type { Checkpoint } from "../checkpoint.js";
import { SESSION_OPTIONS } from "../session.js";
import type { Addition, KeyValueCache } from "./cache.js";
import type { Group } from "./groups.js";
import { prefillModel } from "./prefill.js";
import { segmentModel } from "./segment.js";

/** Tokens of prompts read in one run. */
const PREFILL_TOKENS = 2048;

export interface EngineOptions {
  readonly decoding: Decoding;
  readonly width: number;
  readonly eosId: number;
  readonly positions: number;
  /** Most tokens a run of `advance` writes. */
  readonly segment: number;
}

/** The two models of a checkpoint, one that reads prompts and one that continues answers. */
export class SamplingEngine {
  readonly #prefill: InferenceSession;
  readonly #segment: InferenceSession;
  readonly #layers: number;
  readonly #options: EngineOptions;

  private constructor(prefill: InferenceSession, segment: InferenceSession, layers: number, options: EngineOptions) {
    this.#prefill = prefill;
    this.#segment = segment;
    this.#layers = layers;
    this.#options = options;
  }

  static async create(checkpoint: Checkpoint, options: EngineOptions): Promise<SamplingEngine> {
    const prefill = await InferenceSession.create(prefillModel(checkpoint, options.positions), SESSION_OPTIONS);
    const segment = await InferenceSession.create(segmentModel(checkpoint, options), SESSION_OPTIONS);
    return new SamplingEngine(prefill, segment, checkpoint.architecture.layers, options);
  }

  async dispose(): Promise<void> {
    await this.#prefill.release();
    await this.#segment.release();
  }

  /** Reads the groups' prompts into the next slots of the cache; neighbours that answer one question read it once. */
  async read(groups: readonly Group[], cache: KeyValueCache): Promise<void> {
    let start = 0;
    while (start < groups.length) {
      const questions: Group[][] = [];
      let longest = 1;
      let end = start;
      for (; end < groups.length; end++) {
        const group = groups[end]!;
        const last = questions.at(-1);
        if (last && last[0]!.options.question === group.options.question) last.push(group);
        else {
          longest = Math.max(longest, group.options.prompt.length - 1);
          if (questions.length > 0 && (questions.length + 1) * longest > PREFILL_TOKENS) break;
          questions.push([group]);
        }
      }
      await this.#readBatch(questions, cache);
      start = end;
    }
  }

  async #readBatch(questions: readonly (readonly Group[])[], cache: KeyValueCache): Promise<void> {
    const prompts = questions.map((groups) => groups[0]!.options.prompt);
    // The last token is left for the continuation to read; a prompt of one token leaves nothing, but no tensor may be empty.
    const length = Math.max(1, ...prompts.map((prompt) => prompt.length - 1));
    const tokens = new Int32Array(prompts.length * length);
    prompts.forEach((prompt, index) => {
      tokens.set(prompt.slice(0, -1), index * length);
    });
    const outputs = await this.#prefill.run({ tokens: new Tensor("int32", tokens, [prompts.length, length]) });
    const tensors = this.#keysAndValues(outputs, "");
    questions.forEach((groups, index) => {
      for (const group of groups) cache.add(tensors, index, group.options.prompt.length - 1);
    });
  }

  /** Continues every group by the same number of tokens. Groups that are done afterwards are not extended in the cache. */
  async advance(groups: readonly Group[], cache: KeyValueCache): Promise<void> {
    const { width, segment, decoding } = this.#options;
    const steps = Math.min(segment, Math.max(...groups.map(({ options: { limit }, written }) => limit - written)));
    const count = groups.length;
    const token = new Int32Array(count * width);
    const position = new BigInt64Array(count * width);
    groups.forEach(({ reading, options: { prompt }, written }, slot) => {
      token.set(reading, slot * width);
      position.fill(BigInt(prompt.length - 1 + written), slot * width, (slot + 1) * width);
    });
    const feeds: Record<string, Tensor> = {
      trips: new Tensor("int64", BigInt64Array.of(BigInt(steps)), []),
      token: new Tensor("int32", token, [count, width]),
      position: new Tensor("int64", position, [count, width]),
      ...cache.feeds(),
    };
    if (decoding.kind === "temperature") feeds.uniform = uniforms(groups, steps, width);
    if (decoding.kind === "beam") {
      const cumulative = Float32Array.from(groups.flatMap(({ totals }) => Array.from(totals!)));
      feeds.cumulative = new Tensor("float32", cumulative, [count, width]);
    }
    const outputs = await this.#segment.run(feeds);
    const additions = groups.flatMap((group, slot): Addition[] => {
      const parents = group.accept(outputs, slot, count, steps);
      return group.done ? [] : [{ slot, steps, parents }];
    });
    cache.extend(this.#keysAndValues(outputs, "recent_"), additions);
  }

  #keysAndValues(outputs: InferenceSession.OnnxValueMapType, prefix: string): readonly Tensor[] {
    return ["key", "value"].flatMap((kind) =>
      Array.from({ length: this.#layers }, (_, layer) => outputs[`${prefix}${kind}_${layer}`] as Tensor),
    );
  }
}

function uniforms(groups: readonly Group[], steps: number, width: number): Tensor {
  const data = new Float32Array(steps * groups.length * width);
  groups.forEach((group, slot) => {
    for (let step = 0; step < steps; step++) data.set(group.uniforms!(), (step * groups.length + slot) * width);
  });
  return new Tensor("float32", data, [steps, groups.length, width]);
}
