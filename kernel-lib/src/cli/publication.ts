import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../core/index.js";
import { type Point, type RunRecord, readRun } from "../experiments/index.js";
import { type CardFacts, cardOf, GSM8K_DIGEST, type Publication, type PublishedFile } from "../hub/index.js";
import { storedLabels, summaryTable } from "../results/index.js";
import type { ArtifactRef } from "../steps/index.js";
import type { Store } from "../store/index.js";

/** What of a run can be published: models go to a model repository, labels and records to a dataset repository. */
export const KINDS = ["models", "dataset", "record"] as const;
export type Kind = (typeof KINDS)[number];

export interface PublicationOptions {
  /** Folder with the recorded run. */
  readonly folder: string;
  readonly store: Store;
  readonly kinds: readonly Kind[];
  /** `owner/name`. */
  readonly to: string;
  readonly private: boolean;
  /** As the Hub names it. Default: MIT, where nothing in the run has a licence of its own. */
  readonly licence?: string | undefined;
}

interface Gathered {
  readonly files: readonly PublishedFile[];
  readonly contents: CardFacts["contents"];
}

/**
 * What publishing a run means: a repository or two, with every file and a card.
 *
 * @throws LabError `input-missing` when the run or what it made is not there, `store-damaged` when it is not whole;
 *   `config-invalid`
 *   when the licence has to be said.
 */
export async function publicationsOf(options: PublicationOptions): Promise<readonly Publication[]> {
  const run = await readRun(options.folder);
  const licence = options.licence ?? ownLicence(run);
  const common = { private: options.private, title: `${run.provenance.experiment.name} by ilr-lab` };
  const publications: Publication[] = [];
  const add = async (type: "model" | "dataset", gathered: Gathered): Promise<void> => {
    if (gathered.files.length === 0) return;
    const facts = await factsOf(run, type, licence, gathered.contents, options.store);
    const card: PublishedFile = { path: "README.md", content: { text: cardOf(facts) } };
    publications.push({ repository: { type, name: options.to }, ...common, files: [card, ...gathered.files] });
  };
  if (options.kinds.includes("models")) await add("model", await modelsOf(run, options.store));
  const parts: Gathered[] = [];
  if (options.kinds.includes("dataset")) parts.push(await labelsOf(run, options.store));
  if (options.kinds.includes("record")) parts.push(await recordOf(options.folder));
  await add("dataset", {
    files: parts.flatMap(({ files }) => files),
    contents: parts.flatMap(({ contents }) => contents),
  });
  return publications;
}

/** Every model that a point is about, once, in a folder named after the first such point. */
async function modelsOf({ points }: RunRecord, store: Store): Promise<Gathered> {
  const files: PublishedFile[] = [];
  const contents: { path: string; what: string; key: string }[] = [];
  const seen = new Set<string>();
  for (const point of points) {
    if (point.step === null || seen.has(point.step)) continue;
    seen.add(point.step);
    const ref = (await store.record(point.step))?.outputs.model?.ref as ArtifactRef | undefined;
    if (ref === undefined) throw notStored(`the model of ${pointName(point)}`);
    await assertWhole(store, ref, `the model of ${pointName(point)}`);
    const folder = folderOf(point);
    for (const [path, { digest, size }] of Object.entries(await store.readManifest(ref))) {
      const file = await store.pathOf(ref, path);
      files.push({ path: `${folder}/${path}`, content: { file, size, sha256: digest } });
    }
    const accuracy = `test accuracy ${(100 * point.testAccuracy).toFixed(1)} % of ${point.testCount}`;
    contents.push({ path: `${folder}/`, what: `${pointName(point)}: ${accuracy}`, key: point.step });
  }
  return { files, contents };
}

/** The labels of every round of refinement, with what became of each: JSON Lines. */
async function labelsOf(run: RunRecord, store: Store): Promise<Gathered> {
  const files: PublishedFile[] = [];
  const contents: { path: string; what: string; key?: string }[] = [];
  for (const point of run.points.filter(({ accepted }) => accepted !== null)) {
    const { arm, seed, round } = point;
    const rows = await storedLabels(run, store, { arm, seed, round });
    const text = rows
      .map(({ question, before, after, accepted, correctBefore, correctAfter }) => {
        const label = accepted ? after : before;
        const row = { question, label, accepted, before, proposal: after, before_correct: correctBefore };
        return `${JSON.stringify({ ...row, proposal_correct: correctAfter })}\n`;
      })
      .join("");
    const path = `labels/${folderOf(point)}.jsonl`;
    files.push({ path, content: { text } });
    const what = `${pointName(point)}: ${rows.length} labels, ${point.accepted} of them replaced`;
    contents.push({ path, what, ...(point.step !== null && { key: point.step }) });
  }
  return { files, contents };
}

async function recordOf(folder: string): Promise<Gathered> {
  const names = {
    "points.jsonl": "one row a model: accuracy, and each test question's outcome",
    "evaluators.jsonl": "how good the evaluators were on held-out pairs",
    "provenance.json": "the whole configuration, versions, and the keys of all steps",
  };
  const files = await Promise.all(
    Object.keys(names).map(async (name) => ({
      path: `record/${name}`,
      content: { text: await readFile(join(folder, name), "utf8") },
    })),
  );
  return { files, contents: Object.entries(names).map(([name, what]) => ({ path: `record/${name}`, what })) };
}

async function factsOf(
  run: RunRecord,
  kind: "model" | "dataset",
  licence: string,
  contents: CardFacts["contents"],
  store: Store,
): Promise<CardFacts> {
  const { experiment, versions, machine, backend, ended, bases } = run.provenance;
  const { name, title, task, seeds } = experiment;
  return {
    ...{ kind, licence, contents, versions, machine, backend, ended },
    experiment: { name, title, task, seeds },
    bases: await Promise.all(
      Object.entries(bases).map(async ([base, digest]) => {
        const hub = await hubModelOf(store, digest as ArtifactRef);
        return { name: base, digest, ...(hub !== undefined && { hub }) };
      }),
    ),
    data: dataOf(task),
    results: summaryTable(run, "markdown"),
  };
}

/** What a run's questions are; what was drawn from them is in the records of its steps. */
function dataOf(task: string): string {
  if (task.startsWith("micro-")) return `${task}: generated by ilr-lab from the seed`;
  return task === "gsm8k" ? `openai/gsm8k, content ${GSM8K_DIGEST}` : `${task}, as \`ilr data list\` shows it`;
}

/**
 * `owner/name@commit` of a base model from the Hub; undefined for the kit's own, and where the store has it no more.
 */
async function hubModelOf(store: Store, ref: ArtifactRef): Promise<string | undefined> {
  try {
    const text = new TextDecoder().decode(await store.readBytes(ref, "hub.json"));
    const { repo, revision } = JSON.parse(text) as { repo: string; revision: string };
    return `${repo}@${revision}`;
  } catch {
    return undefined;
  }
}

/** MIT, the kit's, where the models and the questions are the kit's own. Otherwise others have a say. */
function ownLicence({ provenance: { experiment } }: RunRecord): string {
  const { weak, strong } = experiment.bases;
  const others = [weak, strong].filter((base) => "hub" in base).map(({ name }) => name);
  if (!experiment.task.startsWith("micro-")) others.push(experiment.task);
  if (others.length === 0) return "mit";
  throw new LabError("config-invalid", `what was made from ${others.join(", ")} needs a licence that fits theirs`, {
    hint: "read their licences, then say which: --license gemma, --license llama3, --license apache-2.0, ...",
  });
}

async function assertWhole(store: Store, ref: ArtifactRef, what: string): Promise<void> {
  const problems = await store.verify(ref, "bytes");
  if (problems.length === 0) return;
  throw new LabError("store-damaged", `${what} is damaged in the store (${problems[0]!.problem}); nothing was sent`, {
    hint: "run `ilr verify`, then the experiment again: what is damaged is computed anew",
  });
}

function notStored(what: string): LabError {
  return new LabError("input-missing", `${what} is not in the store; a recorded run has its numbers only`, {
    hint: "run the experiment here first, or publish its record alone: --kind record",
  });
}

function pointName({ arm, seed, round }: Point): string {
  return `${arm}, seed ${seed}, round ${round}`;
}

/** Where a point's things lie: letters, digits and dashes only, whatever the arm is called. */
function folderOf({ arm, seed, round }: Point): string {
  const slug = arm
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return `${slug || "arm"}/seed-${seed}/round-${round}`;
}
