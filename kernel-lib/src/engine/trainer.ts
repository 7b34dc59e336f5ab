import { InferenceSession, Tensor } from "onnxruntime-node";
import { LabError } from "../core/index.js";
import type { Architecture, Optimizer } from "../steps/index.js";
import { targetLogprobs } from "./autodiff/loss.js";
import { Tape } from "./autodiff/tape.js";
import { declareBatch, type Feeds, type OutputRows } from "./batch.js";
import type { Head } from "./layout.js";
import { decoder } from "./model.js";
import type { Objective } from "./objective.js";
import { Graph, type Value } from "./onnx/graph.js";
import { momentNames, stepScalars, writeUpdate } from "./optimizer.js";
import { SESSION_OPTIONS } from "./session.js";
import { declareWeights, weightFeeds, weightRows } from "./weights.js";

export interface TrainerOptions {
  readonly architecture: Architecture;
  readonly head: Head;
  /** Flat start parameters, in the order of `parameterLayout`. */
  readonly parameters: Float32Array;
  readonly optimizer: Optimizer;
  readonly objective: Objective;
  readonly rows: OutputRows;
}

/** What one optimizer step says. */
export interface StepResult {
  readonly loss: number;
  /** Global L2 norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** What the objective reports, such as `logprobs` [m] of the batch's targets. */
  readonly reports: Readonly<Record<string, Float32Array>>;
}

/** A model in training: parameters, moments and the session that updates them. */
export interface Trainer {
  /**
   * One optimizer step.
   * @param feeds of `packBatch` and of the objective.
   * @throws LabError `training-diverged` when the loss or the gradient is not finite; the parameters stay as they were.
   */
  step(feeds: Feeds, lr: number): Promise<StepResult>;
  /** A copy of the flat parameters. */
  parameters(): Float32Array;
  dispose(): Promise<void>;
}

/** Builds the training graph (forward, loss, backward, clipping, update) and its session. */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { architecture, head, optimizer } = options;
  const { graph, outputs, reports, rows } = trainingGraph(options);
  const session = await InferenceSession.create(graph.toModel(), SESSION_OPTIONS);
  const moments = momentNames(optimizer);
  const shape = [rows, architecture.hiddenSize];
  let state: Feeds = { parameters: new Tensor("float32", options.parameters.slice(), shape) };
  for (const name of moments) state[name] = new Tensor("float32", new Float32Array(options.parameters.length), shape);
  const parameters = (): Float32Array => state.parameters!.data as Float32Array;
  let steps = 0;
  return {
    async step(feeds, lr) {
      const scalars: Feeds = {};
      for (const [name, value] of Object.entries(stepScalars(optimizer, lr, steps + 1))) {
        scalars[name] = new Tensor("float32", Float32Array.of(value), []);
      }
      const weights = weightFeeds(parameters(), architecture, head);
      const results = await session.run({ ...state, ...weights, ...feeds, ...scalars });
      const output = (name: string): Tensor => results[outputs[name]!.name] as Tensor;
      const numbers = (name: string): Float32Array => output(name).data as Float32Array;
      const [loss, gradientNorm] = [numbers("loss")[0]!, numbers("gradientNorm")[0]!];
      if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw diverged(steps + 1, loss, gradientNorm);
      steps++;
      state = Object.fromEntries(["parameters", ...moments].map((name) => [name, output(name)]));
      return { loss, gradientNorm, reports: Object.fromEntries(reports.map((name) => [name, numbers(name)])) };
    },
    parameters: () => parameters().slice(),
    dispose: () => session.release(),
  };
}

interface TrainingGraph {
  readonly graph: Graph;
  /** Outputs by what they are: `loss`, `gradientNorm`, `parameters`, the moments, and the objective's reports. */
  readonly outputs: Readonly<Record<string, Value>>;
  readonly reports: readonly string[];
  /** Rows of the parameter matrix. */
  readonly rows: number;
}

function trainingGraph({ architecture, head, optimizer, objective, rows }: TrainerOptions): TrainingGraph {
  const graph = new Graph("train");
  const tape = new Tape(graph);
  const weights = declareWeights(tape, architecture, head, rows, true);
  const batch = declareBatch(graph, architecture.heads, rows);
  const logits = decoder(tape, weights, architecture, batch);
  const { loss, reports } = objective.write(tape, targetLogprobs(tape, logits, batch.targets));
  tape.backward(loss);
  const { matrices, norms, width } = weightRows(architecture, head);
  const shape = [matrices + norms, width];
  const gradients = [tape.gradient(weights.matrices), tape.gradient(weights.norms)];
  const gradient = graph.node("Concat", gradients, { type: "float32", shape }, { attributes: { axis: 0 } });
  // The same memory as `matrices` and `norms`, fed once more as one matrix.
  const parameters = graph.input("parameters", "float32", shape);
  const update = writeUpdate(graph, optimizer, parameters, gradient, matrices);
  const moments = momentNames(optimizer).map((name, k) => [name, update.moments[k]!] as const);
  const outputs = {
    ...reports,
    loss,
    gradientNorm: update.gradientNorm,
    parameters: update.parameters,
    ...Object.fromEntries(moments),
  };
  for (const value of Object.values(outputs)) graph.output(value);
  return { graph, outputs, reports: Object.keys(reports), rows: matrices + norms };
}

function diverged(step: number, loss: number, gradientNorm: number): LabError {
  return new LabError("training-diverged", `step ${step}: loss ${loss}, gradient norm ${gradientNorm}`, {
    hint: "lower the learning rate, or clip gradients to a smaller norm",
  });
}
