/** What jobs of a cluster go through: refused, never started, lost; with a Slurm that the test may kill. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Backend, SlurmOptions } from "../../kernel-lib/src/backends/index.js";
import { notes, orders, type Ran, run } from "./conformance-fixtures.js";
import { temporaryFolder } from "./fixtures.js";
import {
  aliveJobs,
  canStartSlurm,
  hurry,
  insteadOfSbatch,
  ownSlurm,
  scriptedSlurm,
  slurmSays,
  starts,
  ticks,
} from "./slurm-fixtures.js";

const cluster = canStartSlurm() ? ownSlurm() : undefined;
const opened: Backend[] = [];
const path = process.env.PATH;
let timedOut: Promise<Ran> | undefined;

beforeAll(async () => {
  if (!cluster) return;
  cluster.start();
  // Slurm's shortest time limit is a minute: the step waits for it beside the other tests.
  const patient = await scriptedSlurm({ site: { time: "1", arrays: false }, workers: 1 });
  timedOut = run(patient, await orders("sleep 600000"));
});
afterAll(() => cluster?.stop());
afterEach(async () => {
  process.env.PATH = path;
  await Promise.all(opened.splice(0).map((backend) => backend.close()));
});

async function slurm(site: Exclude<SlurmOptions["site"], string> = {}, options: SlurmOptions = {}): Promise<Backend> {
  const backend = await scriptedSlurm({ site, ...options });
  opened.push(backend);
  return backend;
}

const control = (...words: readonly string[]): string => slurmSays("scontrol", ...words);
describe.skipIf(!cluster)("the slurm backend (needs root, slurm-wlm and munge)", () => {
  it.each([
    [{ partition: "nowhere" }, /partition/i, /sinfo -o %P/],
    [{ gpus: 9 }, /node configuration/i, /no node is that large/],
    [{ memory: "999G" }, /memory|node configuration/i, /no node is that large/],
    [{ constraint: "a100" }, /feature/i, /features of/],
  ] as const)("says what Slurm refuses: %j", async (site, problem, hint) => {
    const { error } = await run(await slurm(site), await orders("count 1"));
    expect(error).toMatchObject({ code: "unsupported", hint: expect.stringMatching(hint) });
    expect(error?.message).toMatch(problem);
  });

  it.each([
    [{ time: "10:00:00" }, "more time than its partition allows"],
    [{ cpus: 99 }, "no node of its partition has what it asks for"],
    [{ gpus: 1, gpuType: "a100" }, "no node of its partition has what it asks for"],
  ] as const)("does not wait for ever for what can never start: %j", async (site, problem) => {
    const { error } = await run(await slurm(site), await orders("count 1"));
    expect(error?.code).toBe("unsupported");
    expect(error?.message).toMatch(new RegExp(`${problem}|node configuration`));
    expect(aliveJobs()).toEqual([]);
  });

  it("gives the trainer the GPUs that its job has", async () => {
    const prepared = await orders("resources");
    const ran = await run(await slurm({ verbs: { sample: { gpus: 2 } }, resources: { microBatch: 3 } }), prepared);
    expect(ran.error).toBeUndefined();
    expect(JSON.parse(notes(ran)[0]!)).toEqual({ resources: { gpus: 2, microBatch: 3 }, devices: "0,1" });
  });

  it("tells that memory ran out", async () => {
    const { error } = await run(await slurm({ memory: "120M" }), await orders("hog"));
    expect(error?.message).toMatch(/ran out of memory \(it had 120M\)/);
    expect(error?.hint).toContain("memory");
  });

  it("tells a cancellation from outside from one of its own", async () => {
    const { error } = await run(await slurm(), await orders("sleep 60000"), {
      onEvent: () => void slurmSays("scancel", aliveJobs()[0]!),
    });
    expect(error).toMatchObject({ code: "step-failed", message: expect.stringContaining("cancelled from outside") });
  });

  it("makes one array of steps that are ready together", async () => {
    const backend = await slurm();
    const ran = await Promise.all([1, 2, 3].map(async (count) => run(backend, await orders(`count ${count}`))));
    expect(ran.map(({ error, events }) => [error, events.length])).toEqual([
      [undefined, 3],
      [undefined, 4],
      [undefined, 5],
    ]);
    const tasks = slurmSays("squeue", "--noheader", "--array", "--states=all", "--format=%i");
    expect(tasks).toMatch(/^(\d+)_[012]\n(.*\n)*\1_[012]\n(.*\n)*\1_[012]\n/m);
  });

  it("waits at a limit of jobs with those that are too many, says so, and submits the others", async () => {
    // Slurm counts a user's jobs only with a database of accounts; what it would say is said here in its place.
    process.env.PATH = insteadOfSbatch(
      await temporaryFolder(),
      `for option; do case $option in --array=0-*) tasks=$(( \${option#--array=0-} + 1 ));; esac; done
alive=$(squeue --noheader --array --states=PENDING,RUNNING | wc -l)
if [ $(( alive + \${tasks:-1} )) -gt 4 ]; then
  echo "sbatch: error: AssocMaxSubmitJobLimit" >&2
  echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)" >&2
  exit 1
fi
exec "$REAL" "$@"`,
    );
    const backend = await slurm({}, { workers: 8 });
    // All are there before the first has ended, however busy the machine is.
    const prepared = await Promise.all(Array.from({ length: 8 }, () => orders("tick 2 1500")));
    const results = await Promise.all(prepared.map((job) => run(backend, job)));
    expect(results.map(({ error }) => error)).toEqual(Array(8).fill(undefined));
    const told = results.map(({ events }) => JSON.stringify(events).match(/takes no more jobs for now/g)?.length ?? 0);
    // Who has waited says so once, however often it was refused.
    expect(Math.max(...told)).toBe(1);
  });

  it("has no more jobs in flight than it says", async () => {
    const backend = await slurm({ arrays: false }, { workers: 2 });
    let most = 0;
    const onEvent = (): void => {
      most = Math.max(most, aliveJobs().length);
    };
    await Promise.all([1, 2, 3, 4].map(async () => run(backend, await orders("tick 2 300"), { onEvent })));
    expect(most).toBeLessThanOrEqual(2);
    expect(most).toBeGreaterThan(0);
  });

  it("runs a preempted step again, as often as the profile allows", async () => {
    const file = join(await temporaryFolder(), "marks");
    const preempt = (): void => {
      slurmSays(
        "sbatch",
        "--partition=urgent",
        "--nodelist=n1",
        "--cpus-per-task=7",
        "--output=/dev/null",
        "--wrap=sleep 1",
      );
    };
    const site = { cpus: 7, sbatch: ["--nodelist=n1"], arrays: false };
    const refused = await run(await slurm({ ...site, resubmissions: 0 }), await orders("sleep 60000"), {
      onEvent: preempt,
    });
    expect(refused.error).toMatchObject({ code: "step-failed", hint: expect.stringContaining("resubmissions") });
    expect(refused.error?.message).toContain("was preempted (n1)");

    let isFirst = true;
    const ran = await run(await slurm(site), await orders(`mark ${file} 10 50 2`), {
      onEvent: () => {
        if (isFirst) preempt();
        isFirst = false;
      },
    });
    expect(ran.error).toBeUndefined();
    expect(notes(ran).join()).toMatch(/was preempted \(n1\); submitted again \(1 of 3\),tick 1,tick 2,/);
    expect(starts(file)).toBe(2);
  });

  it("follows a job that Slurm itself starts again", async () => {
    const file = join(await temporaryFolder(), "marks");
    let isFirst = true;
    const ran = await run(await slurm({ requeue: true, arrays: false }), await orders(`mark ${file} 10 50 2`), {
      onEvent: async () => {
        if (!isFirst) return;
        isFirst = false;
        const [id] = aliveJobs();
        control("requeue", id!);
        // Slurm would wait two minutes. Within the same second it would not do: nodes refuse the job with the credential that the requeue revoked.
        await pause(2500);
        for (let tries = 0; tries < 50; tries++) {
          await pause(100);
          try {
            control("update", `job=${id}`, "StartTime=now");
          } catch {}
          if (starts(file) > 1) return;
        }
      },
    });
    expect(ran.error).toBeUndefined();
    expect(notes(ran).slice(-10)).toEqual(ticks(10));
    expect(starts(file)).toBe(2);
    expect(await readdir(join(ran.directory, "attempts"))).toHaveLength(1);
  });

  it("runs the step of a node that died again, once, on another", async () => {
    const file = join(await temporaryFolder(), "marks");
    control("update", "nodename=n1", "state=drain", "reason=test");
    let isFirst = true;
    const ran = await run(await slurm(), await orders(`mark ${file} 15 50 2`), {
      onEvent: () => {
        if (!isFirst) return;
        isFirst = false;
        control("update", "nodename=n1", "state=resume");
        cluster!.do("kill-node", "n2");
        control("update", "nodename=n2", "state=down", "reason=test");
      },
    });
    cluster!.do("node", "n2");
    expect(ran.error).toBeUndefined();
    expect(notes(ran).join()).toMatch(/lost its node \(n2\); submitted again \(1 of 3\)/);
    expect(notes(ran).slice(-15)).toEqual(ticks(15));
    expect(starts(file)).toBe(2);
  });

  it.each([
    // Then Slurm itself may have lost that the job had started, and end it.
    ["before it has written down that the job runs", 1],
    ["afterwards", 30],
  ])("loses nothing when the controller is killed %s, and comes back", async (_, moment) => {
    const files = [join(await temporaryFolder(), "a"), join(await temporaryFolder(), "b")];
    const backend = await slurm({ arrays: false });
    let second: Promise<Ran> | undefined;
    const later = async (): Promise<Ran> => {
      cluster!.do("kill-controller");
      // Submitted while nobody is there to take it.
      const ran = run(backend, await orders(`mark ${files[1]} 3 50`));
      await pause(2000);
      cluster!.do("controller");
      return ran;
    };
    const first = await run(backend, await orders(`mark ${files[0]} 60 200`), {
      onEvent: (event) => {
        if (event.type === "note" && event.text === `tick ${moment}`) second ??= later();
      },
    });
    expect([first.error, (await second!).error]).toEqual([undefined, undefined]);
    expect(notes(first).slice(-60)).toEqual(ticks(60));
    expect(starts(files[1]!)).toBe(1);
    if (moment === 1) expect(starts(files[0]!)).toBeLessThanOrEqual(2);
    else expect([notes(first), starts(files[0]!)]).toEqual([ticks(60), 1]);
  });

  it("gives up on a controller that stays away, and finds the job again", async () => {
    const file = join(await temporaryFolder(), "marks");
    const prepared = await orders(`mark ${file} 10 100`);
    const impatient = await slurm({}, { pace: { ...hurry, patienceMs: 500 }, beatSeconds: 600 });
    const first = await run(impatient, prepared, { onEvent: () => cluster!.do("kill-controller") });
    cluster!.do("controller");
    expect([undefined, "step-failed"]).toContain(first.error?.code);
    if (first.error) {
      expect(first.error.hint).toContain("found again");
      expect(await impatient.detached!.state(prepared.directory)).toBe("there");
    }
    const second = await run(await slurm(), prepared);
    expect(second.error).toBeUndefined();
    expect(starts(file)).toBe(1);
  });

  it("says when nodes do not see the store", async () => {
    process.env.PATH = insteadOfSbatch(
      await temporaryFolder(),
      `exec "$REAL" "\${@:1:$#-1}" --output=/nowhere/log "\${@: -1}"`,
    );
    const { error } = await run(await slurm(), await orders("count 1"));
    expect(error).toMatchObject({ code: "unsupported", hint: expect.stringContaining("file system that nodes see") });
  });

  it("tells a step that reached its time limit", async () => {
    const { error } = await timedOut!;
    expect(error).toMatchObject({ code: "step-failed", hint: expect.stringContaining('"time"') });
    expect(error?.message).toContain("reached its time limit of 1");
  });
});
