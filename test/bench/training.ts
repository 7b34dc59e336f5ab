/**
 * Training at the level of steps: tokens/s, share of the machine's sgemm peak (measured in this run), and the ratio to PyTorch, eager and
 * compiled, where a Python with torch and transformers exists. Each side is a process of its own with one thread; they take turns.
 *
 *     node --import tsx test/bench/training.ts [name of a workload ...]
 *     ILR_BENCH_PYTHON=/path/to/python  (default: python3)
 */
import { parameterLayout } from "../../kernel-lib/src/engine/layout.js";
import { type Contestant, nodeContestant, peerVersions, pythonContestant, type Turn } from "./contestant.js";
import { stepBytes, trainingFlop } from "./least-work.js";
import { describeMachine, limitOf, linearLayersAlone, type Machine, measureMachine } from "./limits.js";
import { type BenchRow, compared, writeRows } from "./rows.js";
import { makeBatches, type Workload, workloads } from "./workloads.js";

const ROUNDS = 4;

type Limit = ReturnType<typeof limitOf>;

interface Side {
  readonly name: string;
  readonly contestant: Contestant;
  readonly turns: Turn[];
}

/** Starts a side and lets it warm up over every batch; undefined where the peer cannot (no C++ compiler, for instance). */
async function start(name: string, contestant: Contestant, setup: object): Promise<Side | undefined> {
  const ready = await contestant.ask<Turn & { readonly problem?: string }>(setup);
  if (ready.problem === undefined) return { name, contestant, turns: [] };
  console.log(`${name}: not available (${ready.problem})`);
  await contestant.close();
  return undefined;
}

async function sidesOf(workload: Workload, withTorch: boolean): Promise<readonly Side[]> {
  const batches = makeBatches(workload);
  const rows = batches.map((batch) =>
    batch.map(({ ids, at, targets }) => ({ ids, from: at[0], last: targets.at(-1) })),
  );
  // Whichever is faster there.
  const attention = workload.kind === "sft" ? "eager" : "sdpa";
  const setup = { ...workload.architecture, attention, batches: rows, steps: batches.length };
  const sides = [await start("ours", nodeContestant("training-worker.ts"), { workload, steps: batches.length })];
  if (withTorch) sides.push(await start("PyTorch eager", pythonContestant("training_torch.py"), setup));
  if (withTorch && workload.compiled) {
    sides.push(await start("torch.compile", pythonContestant("training_torch.py", ["--compile"]), setup));
  }
  return sides.filter((side) => side !== undefined);
}

async function measure(workload: Workload, withTorch: boolean): Promise<BenchRow[]> {
  const sides = await sidesOf(workload, withTorch);
  let machine = await measureMachine();
  for (let round = 0; round < ROUNDS; round++) {
    for (const { contestant, turns } of round % 2 === 0 ? sides : sides.toReversed()) {
      turns.push(await contestant.ask({ steps: workload.steps }));
    }
    machine = await measureMachine(machine);
  }
  await Promise.all(sides.map(({ contestant }) => contestant.close()));
  console.log(describeMachine(machine));
  const batches = makeBatches(workload);
  const used = Array.from({ length: workload.steps }, (_, k) => batches[k % batches.length]!).flat();
  const counted = used.map(({ ids, at }) => ({ tokens: ids.length, kept: at.length }));
  const tokens = counted.reduce((sum, row) => sum + row.tokens, 0);
  const flop = trainingFlop(workload.architecture, counted);
  for (const { name, turns } of sides) console.log(lineOf(workload, name, turns, { tokens, flop, peak: machine.flop }));
  const bytes = stepBytes(parameterLayout(workload.architecture).total);
  return [
    ...rowsOf(workload, sides, limitOf({ flop: flop / workload.steps, bytes }, machine)),
    ...(workload.share === undefined ? [] : [await aloneRow(workload, tokens / workload.steps, machine)]),
  ];
}

/** A side's line: the best round. */
function lineOf(
  { name: workload, steps }: Workload,
  name: string,
  turns: readonly Turn[],
  { tokens, flop, peak }: { readonly tokens: number; readonly flop: number; readonly peak: number },
): string {
  const best = Math.min(...turns.map(({ cpu }) => cpu));
  return [
    workload.padEnd(20),
    name.padEnd(14),
    `${(tokens / best).toFixed(0).padStart(7)} tokens/s`,
    `${((1000 * best) / steps).toFixed(2).padStart(8)} ms/step`,
    `${(flop / best / 1e9).toFixed(1).padStart(6)} GFLOP/s`,
    `${((100 * flop) / best / peak).toFixed(0).padStart(3)} % of peak`,
    `${Math.max(...turns.map(({ peak: megabytes }) => megabytes))
      .toFixed(0)
      .padStart(5)} MB`,
  ].join("  ");
}

/** How near the same runtime comes to the peak with the step's linear layers alone, product by product. */
async function aloneRow({ name, architecture }: Workload, tokens: number, machine: Machine): Promise<BenchRow> {
  const { seconds, flop } = await linearLayersAlone(architecture, tokens);
  const limit = { name: "sgemm peak", value: (1000 * flop) / machine.flop };
  console.log(
    `${name}: linear layers alone ${(1000 * seconds).toFixed(1)} ms, ${(flop / seconds / 1e9).toFixed(1)} GFLOP/s`,
  );
  const what = `${name}: products of its linear layers alone`;
  return compared({ bench: "training", what, unit: "ms a step", ours: [1000 * seconds], limit });
}

/** The table's rows: milliseconds of processor time a step against each peer, and memory against eager PyTorch. */
function rowsOf({ name, steps, share }: Workload, sides: readonly Side[], { name: limit, value }: Limit): BenchRow[] {
  const milliseconds = ({ turns }: Side): number[] => turns.map(({ cpu }) => (1000 * cpu) / steps);
  const memory = ({ turns }: Side): number[] => [Math.max(...turns.map(({ peak }) => peak))];
  const [ours, eager, compiled] = sides as [Side, Side?, Side?];
  const row = (what: string, peer: Side | undefined, target: BenchRow["target"]): BenchRow =>
    compared({
      ...{ bench: "training", what, unit: "ms CPU a step", ours: milliseconds(ours) },
      peer: peer && { name: peer.name, values: milliseconds(peer) },
      limit: { name: limit, value: 1000 * value },
      ...(target && { target }),
    });
  return [
    row(name, eager, { ratio: 1.25, ...(share !== undefined && { share }) }),
    ...(compiled ? [row(name, compiled, undefined)] : []),
    compared({
      ...{ bench: "training", what: `${name}: memory of the process`, unit: "MB", ours: memory(ours) },
      ...{ peer: eager && { name: eager.name, values: memory(eager) }, target: { ratio: 1 } },
    }),
  ];
}

const versions = peerVersions("training_torch.py");
if (versions) console.log(versions);
const wanted = process.argv.slice(2);
const rows: BenchRow[] = [];
for (const workload of workloads) {
  if (wanted.length > 0 && !wanted.includes(workload.name)) continue;
  rows.push(...(await measure(workload, versions !== undefined)));
}
writeRows("training", rows, versions);
