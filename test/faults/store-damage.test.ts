/** Whatever happens to a file of a store, it is noticed before its content is used, however it is used, and nothing else is lost. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { LabError } from "../../kernel-lib/src/core/index.js";
import type { Project } from "../../kernel-lib/src/experiments/index.js";
import { lab, type Run, runOf } from "../../kernel-lib/src/lab.js";
import { type ActionRecord, openStore } from "../../kernel-lib/src/store/index.js";
import { smallExperiment } from "../experiments/fixture.js";
import { talkingBackend } from "../experiments/talking-backend.js";
import { damageFile, damages, filesOf } from "./damage.js";
import { count, faultRandom, tries } from "./tally.js";

const RESULTS = fileURLToPath(new URL("../../results", import.meta.url));
const experiment = smallExperiment();
let root: string;
let whole: Project;
let pristine: Run;
let records: readonly ActionRecord[];
/** Each file of the store by path below it. */
let files: ReadonlyMap<string, Buffer>;
/** The files that each record promises, by its key. */
const promised = new Map<string, ReadonlySet<string>>();

const projectIn = (store: string): Project => ({
  ...{ root, store: join(root, store), results: join(root, "results"), data: join(root, "data") },
});
const run = (project: Project): Promise<Run> =>
  lab.run(experiment, { project, backend: talkingBackend(), progress: false });
const outcome = ({ record: { points, evaluators } }: Run): string => JSON.stringify({ points, evaluators });
const contentFile = (digest: string): string => join("cas", "sha256", digest.slice(0, 2), digest);

function storeFiles(store: string): Map<string, Buffer> {
  const found = [...filesOf(store)].map(([path, bytes]) => [relative(store, path), bytes] as const);
  return new Map(found.filter(([path]) => /^(cas|steps)\//.test(path)));
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "ilr-test-"));
  for (const name of ["micro-math-weak-0", "micro-math-strong-0"]) {
    cpSync(join(RESULTS, "bases", name), join(root, "results", "bases", name), { recursive: true });
  }
  whole = projectIn("whole");
  pristine = await run(whole);
  files = storeFiles(whole.store);
  const store = await openStore(whole.store);
  records = await store.records();
  for (const { key, outputs } of records) {
    const promises = new Set<string>();
    for (const { ref } of Object.values(outputs)) {
      const [kind, digest = ""] = ref.split(":");
      promises.add(contentFile(digest));
      if (kind === "tree")
        for (const entry of Object.values(await store.readManifest(ref))) promises.add(contentFile(entry.digest));
    }
    promised.set(key, promises);
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The ways by which content of the store reaches a person or a step; the last two are of the damaged file itself. */
const accesses: Readonly<Record<string, (run: Run, store: string, digest: string) => Promise<unknown>>> = {
  "answers of arms": (of) => of.answers({ questions: 100 }),
  "changes of labels": (of) => of.labelChanges({ arm: "ILR", seed: 0 }),
  "losses of steps": async (of) => (await of.records("losses")).objects(),
  "answers of a model": async (of) => {
    const model = await of.model({ arm: "Naive ILR", round: 1 });
    try {
      return await model.answer("Tom has 3 apples.");
    } finally {
      await model.close();
    }
  },
  "bytes of the file": async (_, store, digest) =>
    Buffer.from(await (await openStore(store)).readBytes(`file:${digest}`)).toString("base64"),
  "the file as a step's input": async (_, store, digest) => {
    const path = join(root, "input");
    await (await openStore(store, { warn: () => {} })).materialise(`file:${digest}`, path);
    const bytes = readFileSync(path).toString("base64");
    rmSync(path);
    return bytes;
  },
};
const OF_THE_FILE = Object.keys(accesses).slice(-2);

/** Without damage: what it should be. */
const expected = new Map<string, string>();

/** What was lost or wrong after a file was damaged and the store was used in one of the ways. */
async function useDamaged(
  store: string,
  damaged: string,
  access: string,
): Promise<{ lost: string[]; wrong: string[]; refused: boolean }> {
  const [lost, wrong]: [string[], string[]] = [[], []];
  const project = projectIn(store);
  const opened = runOf(pristine.record, { store: () => openStore(project.store, { warn: () => {} }) });
  let refused = false;
  const digest = basename(damaged);
  const should = OF_THE_FILE.includes(access) ? files.get(damaged)!.toString("base64") : expected.get(access);
  try {
    const got = await accesses[access]!(opened, project.store, digest);
    if ((typeof got === "string" ? got : JSON.stringify(got)) !== should) wrong.push(`other ${access}`);
  } catch (error) {
    refused = true;
    if (!(error instanceof LabError) || error.code === "internal") wrong.push(`${access}: ${String(error)}`);
  }
  // A run mends what it needs, and has the same results.
  if (outcome(await run(project)) !== outcome(pristine)) wrong.push("other results");
  const after = storeFiles(project.store);
  const key = basename(damaged, ".json");
  for (const [path, bytes] of files) {
    const found = after.get(path);
    const mayRunAgain = path === damaged || promised.get(basename(path, ".json"))?.has(damaged);
    if (found === undefined) lost.push(`${path} is gone`);
    else if (!mayRunAgain && !found.equals(bytes)) lost.push(`${path} was made again`);
    else if (path.startsWith("cas") && !found.equals(bytes)) wrong.push(`${path} is still damaged`);
  }
  const report = await (await openStore(project.store, { warn: () => {} })).verifyAll();
  if (report.damaged.length + report.lostRecords.length > 0) wrong.push(`verify: ${JSON.stringify(report)} ${key}`);
  return { lost, wrong, refused };
}

describe("damage to a store", () => {
  it.for(Object.keys(damages))("%s is noticed before it is used, and mended by the next run", async (name, {
    task,
  }) => {
    for (const [access, read] of Object.entries(accesses)) {
      if (OF_THE_FILE.includes(access)) continue;
      expected.set(access, JSON.stringify(await read(pristine, whole.store, "")));
    }
    const random = faultRandom("damage", name);
    const paths = [...files.keys()].filter((path) => files.get(path)!.length > 0);
    const [lost, wrong]: [string[], string[]] = [[], []];
    const wanted = tries(1, 60);
    let refused = 0;
    for (let attempt = 0; attempt < wanted; attempt++) {
      cpSync(whole.store, join(root, "copy"), { recursive: true, preserveTimestamps: true });
      // Records and content alike, though there are more records.
      const path = random.pick(paths.filter((name) => name.startsWith(attempt % 2 === 0 ? "cas" : "steps")));
      damageFile(join(root, "copy", path), damages[name]!, random);
      // A record has no bytes of its own to hand out.
      const access = random.pick(
        Object.keys(accesses).filter((way) => path.startsWith("cas") || !OF_THE_FILE.includes(way)),
      );
      const came = await useDamaged("copy", path, access);
      if (came.refused) refused++;
      lost.push(...came.lost.map((problem) => `${name} of ${path}, ${access}: ${problem}`));
      wrong.push(...came.wrong.map((problem) => `${name} of ${path}, ${access}: ${problem}`));
      rmSync(join(root, "copy"), { recursive: true });
    }
    for (const problem of [...lost, ...wrong]) console.error(problem);
    const counts = { tries: wanted, lost: lost.length, wrong: wrong.length };
    count(task, {
      fault: `${name} in a store`,
      ...counts,
      note: `${refused} uses were refused before the mending run`,
    });
  });

  it("is what verify finds: all of it, and nothing else", async ({ task }) => {
    const random = faultRandom("verify");
    const wrong: string[] = [];
    const wanted = tries(2, 120);
    const paths = [...files.keys()].filter((path) => files.get(path)!.length > 0);
    for (let attempt = 0; attempt < wanted; attempt++) {
      cpSync(whole.store, join(root, "copy"), { recursive: true, preserveTimestamps: true });
      const hit = random.shuffle(paths).slice(0, 1 + random.below(4));
      const gone = new Set<string>();
      for (const path of hit) {
        const name = random.pick(Object.keys(damages));
        damageFile(join(root, "copy", path), damages[name]!, random);
        if (name === "a deleted file") gone.add(path);
      }
      const report = await (await openStore(join(root, "copy"), { warn: () => {} })).verifyAll();
      const content = hit.filter((path) => path.startsWith("cas") && !gone.has(path)).map((path) => basename(path));
      const lostRecords = records
        .map(({ key }) => key)
        .filter((key) => hit.some((path) => basename(path, ".json") === key || promised.get(key)!.has(path)))
        // Of a record that is gone nothing is known.
        .filter((key) => !gone.has(join("steps", `${key}.json`)));
      const found = JSON.stringify([[...report.damaged].sort(), [...report.lostRecords].sort()]);
      if (found !== JSON.stringify([content.sort(), lostRecords.sort()])) wrong.push(`${hit.join()}: ${found}`);
      rmSync(join(root, "copy"), { recursive: true });
    }
    for (const problem of wrong) console.error(problem);
    count(task, { fault: "one to four damaged files, found by verify", tries: wanted, lost: 0, wrong: wrong.length });
  });

  it("under a process that has read the file before, times unchanged, reaches no step", async ({ task }) => {
    const random = faultRandom("rot");
    const wrong: string[] = [];
    const wanted = tries(2, 60);
    // Steps whose inputs other steps made: these run again, on damaged inputs.
    const outputs = records.flatMap(({ key }) => [...promised.get(key)!]);
    for (let attempt = 0; attempt < wanted; attempt++) {
      cpSync(whole.store, join(root, "copy"), { recursive: true, preserveTimestamps: true });
      const store = await openStore(join(root, "copy"), { warn: () => {} });
      for (const { key } of records) await store.lookup(key);
      const path = random.pick(outputs.filter((name) => files.get(name)!.length > 0));
      const never = { ...random, next: () => 0 };
      damageFile(join(root, "copy", path), damages["a flipped bit"]!, never);
      const ref = `file:${basename(path)}` as const;
      const materialised = store.materialise(ref, join(root, "copy", "work", "input"));
      const code = await materialised.then(
        () => "it was handed out",
        (error: unknown) => (error as LabError).code,
      );
      if (code !== "store-damaged") wrong.push(`${path}: ${code}`);
      rmSync(join(root, "copy"), { recursive: true });
    }
    for (const problem of wrong) console.error(problem);
    const fault = "a flipped bit under a running process that had read the file, time unchanged";
    count(task, { fault, tries: wanted, lost: 0, wrong: wrong.length, mended: ["R4"] });
  });
});
