/** A run that is killed, whoever is hit and whenever, goes on where it stopped and ends as if nothing had happened. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { count, faultRandom, tries } from "./tally.js";
import { differences, orphansOf, type Run, type TinyProject, tinyProject } from "./tiny-project.js";

let project: TinyProject;
beforeAll(() => {
  project = tinyProject();
});
afterAll(() => project?.remove());

/** What is run, and what it comes to when nobody disturbs it. */
interface Scene {
  readonly start: () => Run;
  readonly undisturbed: Readonly<Record<string, string>>;
  /** In ms: kills are spread over it. */
  readonly duration: number;
}

const scenes = {
  command: (): Run => project.start(["run", project.config, "--out", `${project.folder}/out`]),
  notebook: (): Run => project.start(["notebook", "run", project.notebook, "--out", `${project.folder}/out`]),
} as const;

async function sceneOf(start: () => Run): Promise<Scene> {
  project.empty();
  const begin = performance.now();
  const first = start();
  if ((await first.ended) !== 0) throw new Error(first.output());
  return { start, undisturbed: project.outcome(), duration: performance.now() - begin };
}

/** Kills what it should of a run; false if there was nothing to kill. */
type Kill = (run: Run) => boolean;

const processWith =
  (part: string): Kill =>
  (victim) => {
    const found = victim.processes().find(({ command }) => command.includes(part));
    return found !== undefined && process.kill(found.pid, "SIGKILL");
  };

interface Case {
  readonly scene: keyof typeof scenes;
  readonly kill: Kill;
  /** Tries in the short and in the long form. */
  readonly tries: readonly [short: number, long: number];
  /** Defects that it found (docs/reliability.md). */
  readonly mended?: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  "the client": { scene: "command", kill: ({ child }) => child.kill("SIGKILL"), tries: [1, 80], mended: ["R1", "R2"] },
  "the client and all its workers at once": {
    scene: "command",
    kill: ({ child }) => process.kill(-child.pid!, "SIGKILL"),
    tries: [0, 40],
  },
  "a worker": { scene: "command", kill: processWith("embedded-worker"), tries: [1, 80] },
  "a notebook's kernel": { scene: "notebook", kill: processWith("kernel/start.cjs"), tries: [0, 10] },
  "a notebook's runner": {
    scene: "notebook",
    kill: ({ child }) => child.kill("SIGKILL"),
    tries: [0, 10],
    mended: ["R11"],
  },
};

/** Runs and kills until `wanted` kills have hit; every run that ends is held against the undisturbed one. */
async function torment(
  { start, undisturbed, duration }: Scene,
  kill: Kill,
  wanted: number,
  name: string,
): Promise<{ lost: string[]; wrong: string[]; finished: number }> {
  const random = faultRandom("crash", name);
  const [lost, wrong]: [string[], string[]] = [[], []];
  let [hits, finished] = [0, 0];
  let known: ReadonlyMap<string, string> = new Map();
  project.empty();
  for (let attempt = 0; attempt < 10 * wanted; attempt++) {
    const last = hits >= wanted;
    const running = start();
    let isOver = false;
    const ending = running.ended.finally(() => (isOver = true));
    if (!last) await Promise.race([pause(random.next() * duration * 1.1), ending]);
    // Where the victim is not there yet, or between two, the next one.
    let hit = false;
    while (!last && !isOver && !hit) {
      hit = kill(running);
      if (!hit) await Promise.race([pause(20), ending]);
    }
    if (hit) hits++;
    const code = await ending;
    wrong.push(...(await orphansOf(running)));
    if (code !== 0 && (!hit || (code !== null && !/error \[(step-failed|notebook-failed)\]/.test(running.output()))))
      wrong.push(`exit code ${code}: ${running.output().slice(-500)}`);
    const records = project.records();
    for (const [key, record] of known) if (records.get(key) !== record) lost.push(`step ${key} was run again`);
    known = records;
    if (code !== 0) continue;
    finished++;
    wrong.push(...differences(undisturbed, project.outcome()), ...project.leftovers());
    if (last) return { lost, wrong, finished };
    project.empty();
    known = new Map();
  }
  throw new Error(`${hits} of ${wanted} kills hit`);
}

describe("SIGKILL", () => {
  it.for(
    Object.keys(cases).filter((whom) => tries(...cases[whom]!.tries) > 0),
  )("of %s: the run goes on where it stopped", async (whom, { task }) => {
    const { scene, kill, tries: wanted, mended = [] } = cases[whom]!;
    const hits = tries(...wanted);
    const { lost, wrong, finished } = await torment(await sceneOf(scenes[scene]), kill, hits, whom);
    for (const problem of [...lost, ...wrong]) console.error(problem);
    const counts = { tries: hits, lost: lost.length, wrong: wrong.length };
    count(task, { fault: `SIGKILL of ${whom}`, ...counts, note: `${finished} runs ended`, mended });
  });
});
