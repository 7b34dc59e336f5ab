/**
 * How costs grow: processor time and peak memory of SFT, of sampling, of rounds of ILR and of their plan, as data, model and rounds grow
 * 1, 2, 4 and 8 times, with exponents fitted by least squares of logarithms. Every point is a process of its own.
 *
 * Run: node --import tsx test/bench/scaling.ts [repetitions=2]
 */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import { readCheckpoint, writeCheckpoint } from "../../kernel-lib/src/engine/checkpoint.js";
import { parameterLayout } from "../../kernel-lib/src/engine/layout.js";
import { freshParameters } from "../../kernel-lib/src/engine/verbs/pretrain.js";
import { parseExperiment, presetByName } from "../../kernel-lib/src/experiments/index.js";
import { CONTRACT, type Step } from "../../kernel-lib/src/steps/index.js";
import { microMath } from "../../kernel-lib/src/tasks/index.js";
import { nodeContestant, type Turn } from "./contestant.js";
import { powerLaw } from "./exponent.js";
import { type BenchRow, writeRows } from "./rows.js";
import type { Point } from "./scaling-worker.js";

const SIZES = [1, 2, 4, 8];
const QUESTIONS = 250;
/** Widths whose models have about 1, 2, 4 and 8 times the parameters of micro-math's strong one; heads of even size. */
const WIDTHS = [96, 136, 192, 272];
const base = join(import.meta.dirname, "../../results/bases/micro-math-strong-0/model");
const { recipe } = parseExperiment(presetByName("micro-math/main"));
const repetitions = Number(process.argv[2] ?? 2);

/** A cost at each size; `sizes` are what the exponents are fitted to, such as the models' real numbers of parameters. */
interface Series {
  readonly what: string;
  readonly sizes: readonly number[];
  readonly points: readonly Point[];
}

interface Source {
  readonly root: string;
  readonly model: string;
  readonly questions: number;
}

/** A step's folder with its inputs. */
async function stepOf(verb: "sft" | "sample", { root, model, questions }: Source): Promise<Point> {
  const folder = await mkdtemp(join(root, `${verb}-`));
  await mkdir(join(folder, "inputs"));
  await symlink(model, join(folder, "inputs", "model"));
  const rows = microMath
    .splits(0)
    .train.slice(0, questions)
    .map(({ id, question, reference }) => {
      return { id, prompt: microMath.prompt(question), answer: reference };
    });
  const name = verb === "sft" ? "demonstrations" : "prompts";
  const lines = rows.map(({ answer, ...row }) => JSON.stringify(verb === "sft" ? { ...row, answer } : row));
  await writeFile(join(folder, "inputs", name), lines.join("\n"));
  const params = {
    sft: { ...recipe.student, epochs: 1, lossWeighting: "per-token", checkpoints: 0 },
    sample: {
      decoding: { kind: "temperature", temperature: recipe.preferenceSampling.temperature, samples: 6 },
      maxAnswerTokens: microMath.maxAnswerTokens,
    },
  } as const;
  const inputs = { model: "tree:0", [name]: "file:0" } as const;
  const step: Step = { verb, contract: CONTRACT, params: params[verb], inputs, seed: 0 };
  return { step, folder };
}

/** micro-math's strong model with fresh weights in another width, and its number of parameters. */
async function modelOf(root: string, width: number): Promise<{ readonly model: string; readonly size: number }> {
  const { architecture: own, ...checkpoint } = await readCheckpoint(base);
  const architecture = { ...own, hiddenSize: width, intermediateSize: Math.round((8 / 3) * width) };
  const model = join(root, `model-${width}`);
  const parameters = freshParameters(architecture, seededRandom("scaling"));
  await writeCheckpoint(model, { ...checkpoint, architecture, parameters }, { storage: "float32" });
  return { model, size: parameterLayout(architecture).total };
}

async function makeSeries(root: string): Promise<readonly Series[]> {
  const models = await Promise.all(WIDTHS.map((width) => modelOf(root, width)));
  const growing = async (verb: "sft" | "sample"): Promise<Series[]> => {
    const ofData = SIZES.map((size) => stepOf(verb, { root, model: base, questions: size * QUESTIONS }));
    const ofModel = models.map(({ model }) => stepOf(verb, { root, model, questions: QUESTIONS }));
    const name = verb === "sft" ? "SFT" : "six samples a question";
    return [
      { what: `${name}, data`, sizes: SIZES, points: await Promise.all(ofData) },
      { what: `${name}, parameters`, sizes: models.map(({ size }) => size), points: await Promise.all(ofModel) },
    ];
  };
  const rounds = (what: string, kind: "run" | "plan"): Series => ({
    what,
    sizes: SIZES,
    points: SIZES.map((size) => ({ rounds: size, do: kind })),
  });
  return [
    ...(await growing("sft")),
    ...(await growing("sample")),
    rounds("SFT and rounds of ILR", "run"),
    rounds("plan of them", "plan"),
  ];
}

/** The least time and memory of several processes. */
async function cost(point: Point): Promise<Pick<Turn, "cpu" | "peak">> {
  const turns: Turn[] = [];
  for (let k = 0; k < repetitions; k++) {
    const worker = nodeContestant("scaling-worker.ts");
    turns.push(await worker.ask(point));
    await worker.close();
  }
  return { cpu: Math.min(...turns.map(({ cpu }) => cpu)), peak: Math.min(...turns.map(({ peak }) => peak)) };
}

async function rowsOf({ what, sizes, points }: Series): Promise<BenchRow[]> {
  const costs: Pick<Turn, "cpu" | "peak">[] = [];
  for (const point of points) costs.push(await cost(point));
  const row = (unit: string, values: readonly number[]): BenchRow => {
    const { exponent, standardError } = powerLaw(sizes, values);
    console.log(
      `${what.padEnd(34)} ${unit.padEnd(6)} ${values.map((value) => value.toFixed(2).padStart(8)).join("")}   exponent ${exponent.toFixed(2)} +- ${standardError.toFixed(2)}`,
    );
    const spread = [exponent - standardError, exponent + standardError] as const;
    return {
      bench: "scaling",
      what: `${what}: ${unit}`,
      unit: "exponent",
      ours: exponent,
      spread,
      points: values,
    };
  };
  return [
    row(
      "s CPU",
      costs.map(({ cpu }) => cpu),
    ),
    row(
      "MB",
      costs.map(({ peak }) => peak),
    ),
  ];
}

const root = await mkdtemp(join(tmpdir(), "ilr-bench-"));
try {
  const rows: BenchRow[] = [];
  for (const series of await makeSeries(root)) rows.push(...(await rowsOf(series)));
  writeRows("scaling", rows);
} finally {
  await rm(root, { recursive: true });
}
