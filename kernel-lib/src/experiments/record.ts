import { readdir, readFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type Json, LabError } from "../core/index.js";
import { writeWhole } from "../store/index.js";
import type { Experiment } from "./config.js";
import type { OwnRecord } from "./own/index.js";
import type { CalibrationBin, Point } from "./points.js";
import type { OutsideReport } from "./task-of.js";

/** How well the evaluator did on the pairs kept back from its training, to be held against the pairs it met. */
export interface EvaluatorSummary {
  readonly seed: number;
  readonly validationPairs: number;
  readonly validationAccuracy: number;
  readonly validationLoss: number;
  /** Its beliefs against the truth on those pairs, both ways round. */
  readonly calibration: readonly CalibrationBin[] | null;
}

/** Whose comparisons a run used. */
export interface PeopleRecord {
  /** An alias. */
  readonly person: string;
  /** What a simulated person is like; absent for others. */
  readonly simulated?: Readonly<Record<string, number | string>>;
  /** Judgements in the session when the run ended, and their digest. */
  readonly judgements: number;
  readonly digest: string;
}

/** Where the numbers of a run come from. */
export interface RunProvenance {
  readonly experiment: Experiment;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: string;
  readonly backend: string;
  readonly started: string;
  readonly ended: string;
  /** Seconds of wall time of this call, and of computing by all recorded steps (cached ones count what they took when they ran). */
  readonly wallSeconds: number;
  readonly stepSeconds: number;
  readonly counts: { readonly executed: number; readonly cached: number };
  /** Keys of all steps and derivations, sorted; digests of the base models. */
  readonly keys: readonly string[];
  readonly bases: Readonly<Record<string, string>>;
  /** What a judge and embeddings were asked by this call, by whom it was answered, and what it took. */
  readonly outside?: OutsideReport;
  /** Functions of the user's that arms called: reading a run needs none of them, running it again does. */
  readonly own?: readonly OwnRecord[];
  /** Who compared answers. Runs without people have none. */
  readonly people?: PeopleRecord;
}

/** A run as it lies in a results folder: one row a point, and provenance. */
export interface RunRecord {
  readonly points: readonly Point[];
  readonly evaluators: readonly EvaluatorSummary[];
  readonly provenance: RunProvenance;
  /** Of runs put together: the arm of SFT that each arm started from, where they do not share it. Not written. */
  readonly sftOf?: Readonly<Record<string, string>>;
}

const jsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** Writes `points.jsonl`, `evaluators.jsonl` and `provenance.json`, each by rename. */
export async function writeRun(folder: string, run: RunRecord): Promise<void> {
  const files = {
    "points.jsonl": jsonLines(run.points),
    "evaluators.jsonl": jsonLines(run.evaluators),
    "provenance.json": `${JSON.stringify(run.provenance, null, 2)}\n`,
  };
  try {
    for (const [name, text] of Object.entries(files)) await writeWhole(join(folder, name), text);
  } catch (cause) {
    throw new LabError("store-unwritable", `cannot write the results to ${folder}`, {
      cause,
      hint: "choose another folder with --out",
    });
  }
}

/**
 * Whether a folder holds what this run found. A run that executed nothing found it in the store: then the folder's own provenance, of the
 * run that computed it, says more than this one's. Damaged or missing files hold nothing.
 */
export async function holdsRun(folder: string, run: RunRecord): Promise<boolean> {
  if (run.provenance.counts.executed > 0) return false;
  const found = await readRun(folder).catch(() => undefined);
  const lasting = ({ points, evaluators, provenance }: RunRecord): object => {
    // Seconds of steps are summed in the order in which steps ended.
    const { started: _1, ended: _2, wallSeconds: _3, stepSeconds: _4, counts: _5, outside: _6, ...rest } = provenance;
    return { points, evaluators, provenance: rest };
  };
  return found !== undefined && isDeepStrictEqual(lasting(found), JSON.parse(JSON.stringify(lasting(run))));
}

const count = z.number().int().min(0);
const number = z.number().nullable();
/** What tables and figures are made of; records of later versions may hold more, those of earlier ones less. */
const pointSchema = z.looseObject({
  ...{ seed: count, arm: z.string(), method: z.string(), round: count },
  ...{ testAccuracy: z.number(), testCount: count, correct: z.string().regex(/^[01]*$/) },
  ...{ labelAccuracy: number, accepted: number, fixed: number, broken: number, proposalAccuracy: number },
  ...{ comparisonAccuracy: number, comparisonCount: number, kl: number, klError: number },
});
const evaluatorSchema = z.looseObject({ seed: count, validationPairs: count, validationAccuracy: z.number() });
const texts = z.record(z.string(), z.string());
const provenanceSchema = z.looseObject({
  ...{ versions: texts, bases: texts, keys: z.array(z.string()), started: z.string(), ended: z.string() },
  ...{ machine: z.string(), backend: z.string(), wallSeconds: z.number(), stepSeconds: z.number() },
  ...{ counts: z.looseObject({ executed: count, cached: count }), experiment: z.looseObject({ name: z.string() }) },
});

function describe(error: z.ZodError): string {
  const { path, message } = error.issues[0]!;
  return `${path.join(".")}: ${message}`;
}

/** @throws LabError `input-missing` when there is no recorded run in the folder, `input-damaged` when it cannot be read. */
export async function readRun(folder: string): Promise<RunRecord> {
  const read = async (name: string): Promise<string> => {
    try {
      return await readFile(join(folder, name), "utf8");
    } catch (cause) {
      throw new LabError("input-missing", `no recorded run in ${folder} (${name} is missing)`, {
        cause,
        hint: "run the experiment first: ilr run",
      });
    }
  };
  const rows = async (name: string): Promise<Json[]> =>
    (await read(name))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Json);
  try {
    return {
      points: z.array(pointSchema).parse(await rows("points.jsonl")) as unknown as Point[],
      evaluators: z.array(evaluatorSchema).parse(await rows("evaluators.jsonl")) as unknown as EvaluatorSummary[],
      provenance: provenanceSchema.parse(JSON.parse(await read("provenance.json"))) as unknown as RunProvenance,
    };
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    const why = cause instanceof z.ZodError ? describe(cause) : (cause as Error).message;
    throw new LabError("input-damaged", `the recorded run in ${folder} is not readable: ${why}`, {
      hint: "restore it from the repository, or run the experiment again: ilr run",
      cause,
    });
  }
}

/** The runs that are recorded under a folder, at any depth: their folders' paths below it, with `/`, sorted. */
export async function recordedRuns(results: string): Promise<readonly string[]> {
  const files = await readdir(results, { recursive: true }).catch(() => []);
  const runs = files.filter((path) => path.endsWith(`${sep}points.jsonl`));
  return runs.map((path) => dirname(path).split(sep).join("/")).sort();
}
