/** A disk that fills up, or turns read-only, at any moment of a run; on a small file system of its own. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import type { Backend } from "../../kernel-lib/src/backends/index.js";
import { LabError } from "../../kernel-lib/src/core/index.js";
import type { Project } from "../../kernel-lib/src/experiments/index.js";
import { lab, type Run } from "../../kernel-lib/src/lab.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { smallExperiment } from "../experiments/fixture.js";
import { pretendingBackend } from "../experiments/pretending-backend.js";
import { count, faultRandom, tries } from "./tally.js";

const RESULTS = fileURLToPath(new URL("../../results", import.meta.url));
/** More than the whole run needs. */
const ROOM = 64 << 20;
let root: string;
let project: Project;
let undisturbed: string;
/** Bytes and steps of an undisturbed run. */
let needed = 0;
let steps = 0;

const disk = (): string => join(root, "disk");
const mount = (...options: readonly string[]): void =>
  void execFileSync("mount", ["-t", "tmpfs", "-o", options.join(), "tmpfs", disk()], { stdio: "ignore" });
const remount = (options: string): void =>
  void execFileSync("mount", ["-o", `remount,${options}`, disk()], { stdio: "ignore" });
const unmount = (): void => void execFileSync("umount", ["--lazy", disk()], { stdio: "ignore" });

const canMount = ((): boolean => {
  root = mkdtempSync(join(tmpdir(), "ilr-test-"));
  mkdirSync(disk());
  try {
    mount("size=64k");
    unmount();
    return true;
  } catch {
    return false;
  }
})();

const run = (backend: Backend = pretendingBackend()): Promise<Run> =>
  lab.run(smallExperiment(), { project, backend, progress: false });
const outcome = ({ record: { points, evaluators } }: Run): string => JSON.stringify({ points, evaluators });

beforeAll(async () => {
  if (!canMount) return;
  for (const name of ["micro-math-weak-0", "micro-math-strong-0"]) {
    cpSync(join(RESULTS, "bases", name), join(root, "results", "bases", name), { recursive: true });
  }
  project = { root, store: join(disk(), "store"), results: join(root, "results"), data: join(root, "data") };
  mount(`size=${ROOM}`);
  const backend = pretendingBackend();
  undisturbed = outcome(await run(backend));
  steps = backend.calls.length;
  needed = 1024 * Number(execFileSync("du", ["-sk", disk()]).toString().split("\t")[0]);
  unmount();
});
afterEach(() => {
  if (canMount && existsSync(join(disk(), "store"))) unmount();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const recordsNow = (): ReadonlyMap<string, string> => {
  const folder = join(project.store, "steps");
  return new Map(
    (existsSync(folder) ? readdirSync(folder) : []).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
};

/** One run that meets the trouble, one after it is over: what was lost or wrong. */
async function trouble(
  backend: Backend,
  expected: readonly string[],
  end: () => void,
): Promise<{ lost: string[]; wrong: string[]; refused: boolean }> {
  const wrong: string[] = [];
  const error = await run(backend).then(
    (finished) => void (outcome(finished) === undisturbed || wrong.push("other results in spite of the trouble")),
    (reason: unknown) => reason,
  );
  if (error !== undefined && !(error instanceof LabError && expected.includes(error.code))) wrong.push(String(error));
  const before = recordsNow();
  end();
  if (outcome(await run()) !== undisturbed) wrong.push("other results afterwards");
  const after = recordsNow();
  const lost = [...before].filter(([name, text]) => after.get(name) !== text).map(([name]) => `${name} ran again`);
  const report = await (await openStore(project.store, { warn: () => {} })).verifyAll();
  wrong.push(...report.damaged, ...report.lostRecords);
  for (const name of ["tmp", "work"]) wrong.push(...readdirSync(join(project.store, name)));
  return { lost, wrong, refused: error !== undefined };
}

describe.skipIf(!canMount)("a disk (needs the right to mount)", () => {
  it("that is full at any moment is a typed error, and nothing is lost", async ({ task }) => {
    const random = faultRandom("full");
    const [lost, wrong]: [string[], string[]] = [[], []];
    const wanted = tries(2, 60);
    let refused = 0;
    for (let attempt = 0; attempt < wanted; attempt++) {
      // From too little for the empty store up to all but enough.
      const size = 4096 * Math.ceil((needed * random.next()) / 4096 + 1);
      mount(`size=${size}`);
      const came = await trouble(pretendingBackend(), ["store-full"], () => remount(`size=${ROOM}`));
      if (came.refused) refused++;
      lost.push(...came.lost.map((problem) => `${size} bytes: ${problem}`));
      wrong.push(...came.wrong.map((problem) => `${size} bytes: ${problem}`));
      unmount();
    }
    for (const problem of [...lost, ...wrong]) console.error(problem);
    const counts = { tries: wanted, lost: lost.length, wrong: wrong.length };
    count(task, { fault: "a full disk (tmpfs of random size)", ...counts, note: `${refused} runs were refused` });
  });

  it("that turns read-only at any step is a typed error, and nothing is lost", async ({ task }) => {
    const random = faultRandom("read-only");
    const [lost, wrong]: [string[], string[]] = [[], []];
    const wanted = tries(1, 40);
    for (let attempt = 0; attempt < wanted; attempt++) {
      mount(`size=${ROOM}`);
      let left = random.below(steps);
      // Files that are open for writing hold the mount; then the next step turns it.
      const turn = async (): Promise<void> => {
        if (left-- > 0) return;
        try {
          remount("ro");
          left = Number.POSITIVE_INFINITY;
        } catch {
          left = 0;
        }
      };
      const came = await trouble(pretendingBackend(turn), ["store-unwritable", "step-failed"], () => remount("rw"));
      lost.push(...came.lost);
      wrong.push(...came.wrong);
      unmount();
    }
    for (const problem of [...lost, ...wrong]) console.error(problem);
    const counts = { tries: wanted, lost: lost.length, wrong: wrong.length };
    count(task, { fault: "a disk that turns read-only", ...counts, mended: ["R9", "R10"] });
  });
});
