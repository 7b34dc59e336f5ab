import { resolve } from "node:path";
import type { Command } from "commander";
import { LabError } from "../../core/index.js";
import { type Experiment, type RunRecord, requirementsOf } from "../../experiments/index.js";
import {
  CLOCK_MS,
  openSession,
  type PersonAtPage,
  parseSimulatedUser,
  peopleOf,
  personAtPage,
  type Session,
  simulatedUser,
} from "../../human/index.js";
import { personRows, summaryTable } from "../../results/index.js";
import { about } from "../about.js";
import { openProject, print, wholeNumber } from "../context.js";
import { type ExperimentOptions, readExperiment, withExperimentOptions } from "../experiment-options.js";
import { writeRunFolder } from "../run-folder.js";
import { type RunningOptions, runWithProgress } from "../run-with-progress.js";
import type { CliContext } from "../surroundings.js";
import { alignedTable } from "../table.js";

interface HumanOptions extends ExperimentOptions, RunningOptions {
  readonly config?: string;
  readonly session?: string;
  readonly person?: string;
  readonly simulate?: string;
  readonly limit?: string;
  readonly seconds?: string;
  readonly port?: string;
  readonly out?: string;
}

export function registerHuman(program: Command, context: CliContext): void {
  const command = program
    .command("human")
    .description(about.human)
    .argument("[experiment]", "an experiment with people's comparisons (default: micro-math/human), or a config file")
    .option("--config <file>", "lay the fields of a YAML or JSON file over it")
    .option(
      "--session <file>",
      "where your answers are kept, and found again (default: out/<experiment>/session.jsonl)",
    )
    .option("--person <alias>", "who answers, by any name but your own")
    .option("--simulate <user>", "nobody is asked: a simulated person, such as accuracy=0.8,fatigue=0.001,bias=0.1")
    .option("--limit <n>", "the most pairs in a round; the others count as unsure")
    .option("--seconds <s>", "time for each pair (default: 10)")
    .option("--port <n>", "port of the page (default: one that is free)")
    .option("--out <folder>", "where the results go (default: out/<experiment>)")
    .option("--workers <n>", "steps side by side (default: one a core, at most two)");
  withExperimentOptions(command).action((name: string | undefined, options: HumanOptions) =>
    ask(context, name, options),
  );
}

async function ask(context: CliContext, name: string | undefined, options: HumanOptions): Promise<void> {
  const named = name ?? (options.config === undefined ? "micro-math/human" : undefined);
  const experiment = await readExperiment(named, withProtocol(options), options.config, context.cwd);
  if (!requirementsOf(experiment).people) throw noArms(experiment);
  const { root } = await openProject(context);
  const out = options.out ? resolve(context.cwd, options.out) : resolve(root, "out", experiment.name);
  const place = options.session ? resolve(context.cwd, options.session) : resolve(out, "session.jsonl");
  const simulated = options.simulate === undefined ? undefined : simulatedUser(parseSimulatedUser(options.simulate));
  const session = await openSession(place, { person: options.person ?? (simulated && "simulated") });
  const clockMs = 1000 * (experiment.human?.secondsPerPair ?? CLOCK_MS / 1000);
  const report = async (record: RunRecord): Promise<void> => {
    print(context, `\n${summaryTable(record)}\n\n${personTable(session)}\n\n${place}`);
    for (const file of await writeRunFolder(out, record)) print(context, file);
  };
  if (simulated) {
    const people = peopleOf(session, { respondent: simulated, clockMs });
    return report(await runWithProgress(context, experiment, options, { people }));
  }
  const port = options.port === undefined ? undefined : wholeNumber("--port", options.port, 0);
  const page = await personAtPage({ title: experiment.name, port });
  try {
    print(context, `open ${page.url}`);
    print(context, `answers are kept in ${place}; Ctrl-C stops, and the same command goes on from there`);
    const people = peopleOf(session, { respondent: page.respondent, clockMs });
    const onStop = (): void => void page.close();
    const record = await runWithProgress(context, experiment, options, { people, onStop });
    await report(record);
    await shown(page, record, session);
  } finally {
    await page.close();
  }
}

/** The protocol's options are fields of the config. */
function withProtocol({ limit, seconds, ...options }: HumanOptions): HumanOptions {
  const set = [
    ...options.set,
    ...(limit === undefined ? [] : [`human.comparisonsPerRound=${wholeNumber("--limit", limit, 1)}`]),
    ...(seconds === undefined ? [] : [`human.secondsPerPair=${positive("--seconds", seconds)}`]),
  ];
  return { ...options, set };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new LabError("config-invalid", `${option} is ${JSON.stringify(text)}; expected a number above 0`);
}

function noArms({ name }: Experiment): LabError {
  return new LabError("config-invalid", `${name} asks nobody: none of its arms has people's comparisons`, {
    hint: 'micro-math/human has; in a config of your own: { "method": "ilr", "comparisons": "human" }',
  });
}

function personTable(session: Session): string {
  const rows = personRows(session.judgements()).map(({ what, value, note }) => [what, value, note]);
  return alignedTable([["", session.person, ""], ...rows]);
}

/** A page that was closed does not ask for the results; it is not waited for for long. */
const PATIENCE_MS = 10_000;

async function shown(page: PersonAtPage, { points }: RunRecord, session: Session): Promise<void> {
  const last = new Map(points.map((point) => [point.arm, point]));
  const tested = [...last.values()].map(({ arm, testAccuracy, round }) => ({
    what: arm,
    value: `${(100 * testAccuracy).toFixed(1)} %`,
    note: round === 0 ? "test accuracy" : `test accuracy after ${round} ${round === 1 ? "round" : "rounds"}`,
  }));
  const rows = [...personRows(session.judgements()), ...tested];
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([page.finish("What came of your answers", rows), enough]);
  clearTimeout(timer);
}
