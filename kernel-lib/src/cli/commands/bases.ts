import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { createRunner, importTree, type Store, type StoreRunner } from "../../backends/index.js";
import { LabError } from "../../core/index.js";
import {
  type BaseModel,
  type BaseProvenance,
  baseFolder,
  parseExperiment,
  presetByName,
  pretrainBase,
} from "../../experiments/index.js";
import { formatCount, formatSeconds, showProgress } from "../../notebook/index.js";
import type { ArtifactRef, LogRow } from "../../steps/index.js";
import { storeFailure } from "../../store/index.js";
import { type Task, taskByName } from "../../tasks/index.js";
import { about } from "../about.js";
import { openProject, print, wholeNumber, wholeNumbers } from "../context.js";
import { interruptible } from "../interrupt.js";
import type { CliContext } from "../surroundings.js";

interface BasesOptions {
  readonly pairs?: string;
  readonly record?: boolean;
  readonly workers?: string;
}

/** A base model that is in the store. */
interface Trained {
  readonly provenance: BaseProvenance;
  readonly parameters: number;
  readonly folder: string;
}

export function registerBases(program: Command, context: CliContext): void {
  program
    .command("bases")
    .description(about.bases)
    .argument("[experiment]", "name of an experiment", "micro-math/main")
    .option("--pairs <list>", "which pairs of weak and strong model, such as 0,1,2 (default: all)")
    .option("--record", "put them into results/bases, where experiments find them")
    .option("--workers <n>", "worker processes (default: one a core, at most two)")
    .action((name: string, options: BasesOptions) => trainBases(context, name, options));
}

async function trainBases(context: CliContext, name: string, options: BasesOptions): Promise<void> {
  const experiment = parseExperiment(presetByName(name));
  const { weak, strong, pairs: count } = experiment.bases;
  const pairs =
    options.pairs === undefined
      ? Array.from({ length: count }, (_, pair) => pair)
      : wholeNumbers("--pairs", options.pairs);
  const beyond = pairs.find((pair) => pair >= count);
  if (beyond !== undefined) {
    throw new LabError("config-invalid", `--pairs names pair ${beyond}; ${name} has pairs 0 to ${count - 1}`);
  }
  const { content: store, results } = await openProject(context);
  const workers = options.workers === undefined ? undefined : wholeNumber("--workers", options.workers, 1);
  const backend = await context.openBackend(workers);
  const progress = showProgress({ stream: context.stdout, title: `base models of ${name}` });
  const { onActivity } = progress;
  try {
    const task = taskByName(experiment.task);
    const wanted = pairs.flatMap((pair) => [weak, strong].map((base) => ({ base, pair })));
    const trained = await interruptible(progress.note, (signal) => {
      const runner = createRunner({ store, backend, signal, onActivity });
      return Promise.all(wanted.map(({ base, pair }) => train(runner, task, base, pair, results)));
    }).finally(progress.close);
    for (const base of trained) {
      if (options.record) await record(store, base);
      print(context, describe(base, options.record ?? false));
    }
  } finally {
    await backend.close();
  }
}

async function train(
  runner: StoreRunner,
  task: Task,
  base: BaseModel,
  pair: number,
  results: string,
): Promise<Trained> {
  const outputs = await pretrainBase(runner, task, base, pair);
  const model = outputs.model!;
  const step = await runner.store.record(model.madeBy!);
  const log = (await runner.read(outputs.log!)) as readonly LogRow[];
  const { versions, machine, seconds } = step!;
  const provenance: BaseProvenance = {
    ...{ name: base.name, pair, ref: model.ref!, step: model.madeBy!, versions, seconds },
    machine: `${machine.cpu}, ${machine.cores} cores, ${machine.platform}`,
    finalLoss: log.at(-1)?.loss ?? Number.NaN,
  };
  return { provenance, parameters: model.parameters ?? 0, folder: baseFolder(results, base, pair) };
}

/** Replaces the recorded model in one step; a half-written one never has its name. */
async function record(store: Store, { provenance, folder }: Trained): Promise<void> {
  const temporary = `${folder}.${process.pid}`;
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    await store.materialise(provenance.ref as ArtifactRef, join(temporary, "model"), "copy");
    await writeFile(join(temporary, "provenance.json"), `${JSON.stringify(provenance, null, 2)}\n`);
    const { ref } = await importTree(store, join(temporary, "model"));
    if (ref !== provenance.ref) throw new LabError("internal", `the copy in ${temporary} has digest ${ref}`);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw storeFailure(error, `recording ${folder}`);
  }
}

function describe({ provenance, parameters, folder }: Trained, recorded: boolean): string {
  const { name, pair, ref, seconds, finalLoss } = provenance;
  const facts = `${formatCount(parameters)} parameters, loss ${finalLoss.toFixed(3)}, ${formatSeconds(seconds)}, ${ref}`;
  return `${name} (${pair}): ${facts}${recorded ? `\n  ${folder}` : ""}`;
}
