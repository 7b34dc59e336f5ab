/**
 * What a user feels: whole verbs on micro-math's real data from the recorded base model, with the preset's parameters, against TRL's
 * SFTTrainer and DPOTrainer and transformers' `generate`, one thread each, in turns, each side in a process of its own.
 *
 * Inside the clock on both sides: reading rows, tokenisation, graphs and sessions, reference log-probabilities, training, and ours: reading and
 * writing the model. Outside: imports, and PyTorch's loading of the model. Our DPO starts from our SFT, on pairs of our samples of it, on both sides.
 *
 *     node --import tsx test/bench/epoch.ts [questions=2000] [rounds=3]
 *     ILR_BENCH_PYTHON=/path/to/python  (default: python3)
 */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import { parseExperiment, presetByName } from "../../kernel-lib/src/experiments/index.js";
import { type AnswerRow, CONTRACT, type Demonstration, type PreferencePair } from "../../kernel-lib/src/steps/index.js";
import { microMath } from "../../kernel-lib/src/tasks/index.js";
import { type Contestant, nodeContestant, peerVersions, pythonContestant, type Turn } from "./contestant.js";
import { workCounter } from "./epoch-work.js";
import { describeMachine, limitOf, type Machine, measureMachine, type Work } from "./limits.js";
import { type BenchRow, compared, writeRows } from "./rows.js";

type WorkVerb = "sft" | "dpo" | "sample";
interface Result extends Turn {
  readonly loss?: number;
  readonly prepare?: number;
  readonly tokens?: number;
}

/** Turns of ours and of each of the peer's ways. */
type Results = Readonly<Record<string, readonly Result[]>>;

const [questions, rounds] = [Number(process.argv[2] ?? 2000), Number(process.argv[3] ?? 3)];
const { recipe, alpha } = parseExperiment(presetByName("micro-math/main"));
const base = join(import.meta.dirname, "../../results/bases/micro-math-strong-0/model");
const { temperature, samples } = recipe.preferenceSampling;
const parameters = {
  sft: { ...recipe.student, epochs: 1, lossWeighting: "per-token", checkpoints: 0 },
  dpo: { ...recipe.dpo, epochs: 1 },
  sample: { decoding: { kind: "temperature", temperature, samples }, maxAnswerTokens: microMath.maxAnswerTokens },
} as const;
const inputNames = { sft: "demonstrations", dpo: "pairs", sample: "prompts" } as const;
/** Batch sizes that `generate` may choose from, in rows of its tensors; more padding against more calls. */
const GENERATE_ROWS = [120, 240, 480];

/** One contest: what our verb gets, and the requests that ask the peer for the same. */
interface Contest {
  readonly verb: WorkVerb;
  readonly what: string;
  readonly target: number;
  readonly model: string;
  readonly rows: readonly object[];
  /** What it takes at least, once our side has done it. */
  readonly work: (outputs: string) => Promise<Work>;
  readonly folder: string;
  readonly requests: Readonly<Record<string, object>>;
}

async function writeJsonl(path: string, rows: readonly object[]): Promise<void> {
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/** The folder of a step; both sides read the same model, and the peer its rows in the order of our epoch. */
async function contest(root: string, about: Omit<Contest, "folder" | "requests">): Promise<Contest> {
  const { verb, model, rows } = about;
  const folder = join(root, verb);
  await mkdir(join(folder, "inputs"), { recursive: true });
  await symlink(model, join(folder, "inputs", "model"));
  await writeJsonl(join(folder, "inputs", inputNames[verb]), rows);
  const path = join(folder, "peer.jsonl");
  const ordered = verb === "sample" ? rows : seededRandom(0, verb, "order", 1).shuffle(rows);
  await writeJsonl(path, ordered.map(asPeerWants));
  const request = { verb, model, rows: path, params: parameters[verb] };
  const requests: Record<string, object> =
    verb === "sample"
      ? Object.fromEntries(GENERATE_ROWS.map((n) => [`${n} rows`, { ...request, batch: n / samples }]))
      : {
          "our order": { ...request, strategy: "sequential" },
          "grouped by length": { ...request, strategy: "group_by_length" },
        };
  return { ...about, folder, requests };
}

/** TRL's names of columns, and a length for those trainers that cannot count it themselves. */
function asPeerWants(row: object): object {
  const { prompt, answer, chosen, rejected } = row as Partial<Demonstration & PreferencePair>;
  if (answer !== undefined) return { prompt, completion: ` ${answer}` };
  if (chosen === undefined) return { prompt };
  const length = Math.max(...[chosen, rejected!].map((text) => `${prompt} ${text}`.split(" ").length));
  return { prompt, chosen: ` ${chosen}`, rejected: ` ${rejected}`, length };
}

/** Rounds of ours and of the peer's ways, in turns; after the first round the peer goes on in the way that was fastest. */
async function run(
  { verb, folder, requests }: Contest,
  ours: Contestant,
  theirs: Contestant | undefined,
): Promise<{ readonly results: Results; readonly machine: Machine }> {
  const inputs = { model: "tree:0", [inputNames[verb]]: "file:0" };
  const step = { verb, contract: CONTRACT, params: parameters[verb], inputs, seed: 0 };
  let ways: [string, () => Promise<Result>][] = [["ours", () => ours.ask<Result>({ step, folder })]];
  if (theirs) for (const [name, request] of Object.entries(requests)) ways.push([name, () => theirs.ask(request)]);
  const results: Record<string, Result[]> = {};
  let machine = await measureMachine();
  for (let round = 0; round < rounds; round++) {
    for (const [name, ask] of round % 2 === 0 ? ways : ways.toReversed()) {
      const result = await ask();
      results[name] = [...(results[name] ?? []), result];
      console.log(`${verb.padEnd(7)} ${name.padEnd(18)} ${describe(result)}`);
    }
    machine = await measureMachine(machine);
    const best = ways.slice(1).sort(([a], [b]) => results[a]![0]!.cpu - results[b]![0]!.cpu)[0];
    ways = best ? [ways[0]!, best] : ways;
  }
  return { results, machine };
}

function describe({ wall, cpu, before, peak, loss, prepare, tokens }: Result): string {
  return [
    `${cpu.toFixed(2).padStart(7)} s CPU ${wall.toFixed(2).padStart(7)} s wall`,
    `${peak.toFixed(0).padStart(5)} MB, ${before.toFixed(0).padStart(4)} before`,
    ...(loss === undefined ? [] : [`mean loss ${loss.toFixed(5)}`]),
    ...(prepare === undefined ? [] : [`(${prepare.toFixed(2)} s wall before training)`]),
    ...(tokens === undefined ? [] : [`${tokens} tokens`]),
  ].join("  ");
}

/** The table's rows of a contest: processor time and memory. */
function rowsOf({ verb, what, target }: Contest, results: Results, limit: ReturnType<typeof limitOf>): BenchRow[] {
  const { ours, ...ways } = results;
  const cpu = (all: readonly Result[]): number[] => all.map((result) => result.cpu);
  // The others had one round only.
  const whole = Object.entries(ways).filter(([, all]) => all.length === ours!.length);
  const best = whole.sort(([, [a]], [, [b]]) => a!.cpu - b!.cpu)[0];
  const peerName = verb === "sample" ? "generate" : verb === "sft" ? "SFTTrainer" : "DPOTrainer";
  const peer = best && { name: `${peerName}, ${best[0]}`, values: cpu(best[1]) };
  const most = (all: readonly Result[]): number => Math.max(...all.map(({ peak }) => peak));
  const memoryPeer = best && { name: `${peerName}, ${best[0]}`, values: [most(best[1])] };
  return [
    compared({ bench: "epoch", what, unit: "s CPU", ours: cpu(ours!), peer, limit, target: { ratio: target } }),
    compared({
      ...{ bench: "epoch", what: `${what}: memory of the process`, unit: "MB" },
      ...{ ours: [most(ours!)], peer: memoryPeer, target: { ratio: 1 } },
    }),
  ];
}

/** A contest from its data to its rows; the processes live as long as it does, so that their peaks are its own. */
async function hold(one: Contest, withPeer: boolean): Promise<BenchRow[]> {
  const ours = nodeContestant("epoch-worker.ts");
  const theirs = withPeer ? pythonContestant("epoch_trl.py") : undefined;
  const { results, machine } = await run(one, ours, theirs);
  await Promise.all([ours.close(), theirs?.close()]);
  console.log(describeMachine(machine));
  return rowsOf(one, results, limitOf(await one.work(join(one.folder, "outputs")), machine));
}

/** Pairs of a question's samples of which one is right: what DPO is taught, as many as the preset's alpha keeps. */
function pairsOf(answers: readonly AnswerRow[], truths: ReadonlyMap<string, Demonstration>): PreferencePair[] {
  const pairs: PreferencePair[] = [];
  for (const [k, first] of answers.entries()) {
    const second = answers[k + 1];
    if (first.sample % 2 !== 0 || second?.id !== first.id) continue;
    const truth = truths.get(first.id)!;
    const right = [first, second].filter(({ answer }) => microMath.score(answer, truth.answer) === 1);
    if (right.length !== 1) continue;
    const rejected = right[0] === first ? second : first;
    const id = `${first.id}/${first.sample / 2}`;
    pairs.push({ id, prompt: truth.prompt, chosen: right[0]!.answer, rejected: rejected.answer });
  }
  return pairs.slice(0, Math.round((alpha * answers.length) / 2));
}

async function readAnswers(outputs: string): Promise<readonly AnswerRow[]> {
  const lines = (await readFile(join(outputs, "answers"), "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as AnswerRow);
}

async function main(root: string): Promise<void> {
  const versions = peerVersions("epoch_trl.py");
  if (versions) console.log(versions);
  const work = await workCounter(base);
  const rows: BenchRow[] = [];
  const start = async (about: Omit<Contest, "folder" | "requests">): Promise<string> => {
    const one = await contest(root, about);
    rows.push(...(await hold(one, versions !== undefined)));
    return join(one.folder, "outputs");
  };
  const labelled = microMath.splits(0).train.slice(-questions);
  const demonstrations = labelled.map(({ id, question, reference }) => ({
    ...{ id, prompt: microMath.prompt(question), answer: reference },
  }));
  const n = demonstrations.length;
  const trained = await start({
    ...{ verb: "sft", what: `SFT, an epoch of ${n} demonstrations`, target: 3, model: base, rows: demonstrations },
    work: async () => work.sft(demonstrations, Math.ceil(n / parameters.sft.batchSize)),
  });
  const model = join(root, "student");
  await cp(join(trained, "model"), model, { recursive: true });
  const prompts = demonstrations.map(({ id, prompt }) => ({ id, prompt }));
  const sampled = await start({
    ...{ verb: "sample", what: `${samples} samples of ${n} questions`, target: 5, model, rows: prompts },
    work: async (outputs) => work.sample(prompts, await readAnswers(outputs)),
  });
  const pairs = pairsOf(await readAnswers(sampled), new Map(demonstrations.map((one) => [one.id, one])));
  await start({
    ...{ verb: "dpo", what: `DPO, an epoch of ${pairs.length} pairs`, target: 3, model, rows: pairs },
    work: async () => work.dpo(pairs, Math.ceil(pairs.length / parameters.dpo.batchSize)),
  });
  writeRows("epoch", rows, versions);
}

const root = await mkdtemp(join(tmpdir(), "ilr-bench-"));
try {
  await main(root);
} finally {
  await rm(root, { recursive: true });
}
