/** What a site's profile may say, and what becomes of it: without a cluster. */
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBackend, parseSite, readSite } from "../../kernel-lib/src/backends/index.js";
import { impossibility } from "../../kernel-lib/src/backends/slurm/reasons.js";
import { refusal } from "../../kernel-lib/src/backends/slurm/refusal.js";
import { needsOf, sbatchOptions } from "../../kernel-lib/src/backends/slurm/request.js";
import { jobScript, quote } from "../../kernel-lib/src/backends/slurm/script.js";
import { seconds, timeLimit } from "../../kernel-lib/src/backends/slurm/time-limit.js";
import { temporaryFolder } from "./fixtures.js";

describe("a site's profile", () => {
  it("reads the example of docs/slurm.md", async () => {
    const text = await readFile(join(import.meta.dirname, "../../docs/slurm.md"), "utf8");
    const file = join(await temporaryFolder(), "site.yaml");
    await writeFile(file, /```yaml\n(account: .*?)```/s.exec(text)![1]!);
    const site = await readSite(file);
    expect(sbatchOptions(site, needsOf(site, "sft", undefined))).toEqual([
      "--nodes=1",
      "--ntasks=1",
      "--cpus-per-task=12",
      "--account=nlp-group",
      "--partition=gpu",
      "--time=8:00:00",
      "--mem=300G",
      "--gres=gpu:a100:4",
      "--no-requeue",
      "--kill-on-invalid-dep=yes",
    ]);
    for (const line of text.matchAll(/^trainer: \{.*$/gm)) {
      await writeFile(file, line[0]);
      expect((await readSite(file)).trainer.kind).toMatch(/apptainer|pyxis/);
    }
  });

  it.each([
    [{ partitoin: "gpu" }, /partitoin/, /did you mean "partition"/],
    [{ time: "tomorrow" }, /time: expected a time/, /docs/],
    [{ verbs: { samples: {} } }, /verbs/, /did you mean "sample"/],
    [{ verbs: { sft: { gpu: 1 } } }, /verbs.sft/, /did you mean "gpus"/],
    [{ trainer: { kind: "apptainer" } }, /trainer.image: containers need an image/, /docs/],
    [{ sbatch: ["--dependency=afterok:1"] }, /starts a job whose `afterok`/, /docs/],
    [{ sbatch: ["-o", "/tmp/x"] }, /-o is not for profiles/, /docs/],
  ] as const)("refuses %j", (input, message, hint) => {
    expect(() => parseSite(input)).toThrow(
      expect.objectContaining({
        code: "config-invalid",
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      }),
    );
  });

  it("says so where there is no such file, and where a backend has no profile", async () => {
    await expect(readSite("/nowhere/site.yaml")).rejects.toMatchObject({ code: "input-missing" });
    await expect(openBackend("embedded", { site: {} })).rejects.toMatchObject({ code: "config-invalid" });
  });

  it("lets a plan shorten the time and raise the GPUs, where it is asked to, below what verbs say", () => {
    const planned = { seconds: 1000, accelerators: 2 };
    const plain = parseSite({ time: "2:00:00", gpus: 1 });
    expect(needsOf(plain, "sft", planned)).toMatchObject({ time: "2:00:00", gpus: 1 });
    const asked = parseSite({
      time: "2:00:00",
      gpus: 1,
      planned: { time: 3, gpus: true },
      verbs: { dpo: { time: "5:00:00" } },
    });
    expect(needsOf(asked, "sft", planned)).toMatchObject({ time: "0:50:00", gpus: 2 });
    expect(needsOf(asked, "sft", { seconds: 1e6, accelerators: 0 })).toMatchObject({ time: "2:00:00", gpus: 1 });
    expect(needsOf(asked, "sft", { seconds: 1, accelerators: 0 })).toMatchObject({ time: "0:10:00" });
    expect(needsOf(asked, "dpo", planned)).toMatchObject({ time: "5:00:00" });
  });

  it("counts times as Slurm does", () => {
    const times = ["90", "90:30", "4:00:00", "1-12", "1-12:30", "1-12:30:15"].map(seconds);
    expect(times).toEqual([5400, 5430, 14400, 129600, 131400, 131415]);
    for (const text of ["", "1h", "1:2:3:4", "-1"]) expect(seconds(text)).toBeUndefined();
    for (const count of [1, 60, 61, 5399, 90000]) {
      const back = seconds(timeLimit(count))!;
      expect(back - count).toBeGreaterThanOrEqual(0);
      expect(back - count).toBeLessThan(60);
    }
  });

  it("tells limits that pass from those that do not", () => {
    expect(
      refusal("Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size)"),
    ).toBeUndefined();
    expect(refusal("Batch job submission failed: Invalid qos specification")?.hint).toContain('"qos"');
    for (const reason of [
      "Priority",
      "Resources",
      "QOSMaxJobsPerUserLimit",
      "AssocGrpGRES",
      "BeginTime",
      "ReqNodeNotAvail",
    ]) {
      expect(impossibility(reason), reason).toBeUndefined();
    }
    for (const reason of [
      "DependencyNeverSatisfied",
      "QOSMaxGRESPerJob",
      "AssocMaxWallDurationPerJobLimit",
      "InvalidAccount",
    ]) {
      expect(impossibility(reason), reason).toBeDefined();
    }
  });
});

describe("a job's script", () => {
  /** The script run by hand, with a stand-in for a program that writes down what it was given. */
  async function runScript(trainer: object, program: string, hubCache?: string) {
    const root = await temporaryFolder();
    const [step, bin] = [join(root, "a step's folder"), join(root, "bin")];
    const attempt = join(step, "attempts", "t");
    await mkdir(attempt, { recursive: true });
    await mkdir(join(step, "inputs"));
    await mkdir(bin);
    await writeFile(join(step, "step.json"), "{}");
    const lines = [
      "#!/bin/bash",
      `printf '%s\\n' "$@" >${bin}/arguments`,
      `env >${bin}/environment`,
      "echo from the trainer",
    ];
    await writeFile(join(bin, program), `${lines.join("\n")}\n`);
    await chmod(join(bin, program), 0o755);
    const site = parseSite({ trainer, environment: { NCCL_DEBUG: "it's on" }, gpus: 1 });
    const request = { title: "a test", folder: attempt, isArray: false, site, hubCache, gpus: 1, beatSeconds: 60 };
    const script = join(attempt, "job.sh");
    await writeFile(script, jobScript({ ...request, command: ["ilr-trainer"] }));
    const env = {
      PATH: `${bin}:${process.env.PATH}`,
      SLURM_JOB_ID: "7",
      SLURMD_NODENAME: "n1",
      HF_TOKEN: "secret",
      CUDA_VISIBLE_DEVICES: "0",
    };
    execFileSync("bash", [script], { env });
    const again = (): number => {
      try {
        execFileSync("bash", [script], { env: { ...env, SLURM_JOB_ID: "8" }, stdio: "ignore" });
        return 0;
      } catch (error) {
        return (error as { readonly status: number }).status;
      }
    };
    const read = (name: string) => readFile(join(bin, name), "utf8");
    const outcome = JSON.parse(await readFile(join(attempt, "0", "outcome.json"), "utf8")) as object;
    return {
      root,
      step,
      start: join(attempt, "0"),
      args: (await read("arguments")).trim().split("\n"),
      env: await read("environment"),
      outcome,
      again,
    };
  }

  it("says how the trainer ended, and lets no second job start it", async () => {
    const { outcome, start, args, again, env } = await runScript({ setup: ["export FROM_SETUP=1"] }, "ilr-trainer");
    expect(outcome).toMatchObject({ exitCode: 0, stopped: false, job: "7", node: "n1", stdout: 17, stderr: 0 });
    expect(args).toEqual(["run", start]);
    expect(env).toMatch(/^NCCL_DEBUG=it's on$/m);
    expect(env).toMatch(/^FROM_SETUP=1$/m);
    expect(again()).toBe(67);
  });

  it("starts apptainer with the step, its inputs read-only, and no token unless the step may reach the Hub", async () => {
    const trainer = { kind: "apptainer", image: "/images/trainer.sif", mounts: ["/data:/data"] };
    const { args, start, step, env } = await runScript(trainer, "apptainer");
    const binds = args.flatMap((word, index) => (args[index - 1] === "--bind" ? [word] : []));
    expect(binds).toEqual([`${start}:/step`, `${step}/inputs:/step/inputs:ro`, "/data:/data"]);
    expect(args).toContain("--nv");
    expect(args.slice(-4)).toEqual(["/images/trainer.sif", "ilr-trainer", "run", "/step"]);
    expect(env).toMatch(/^APPTAINERENV_CUDA_VISIBLE_DEVICES=0$/m);
    expect(env).toMatch(/^APPTAINERENV_NCCL_DEBUG=it's on$/m);
    expect(env).not.toContain("APPTAINERENV_HF_TOKEN");
    expect((await runScript(trainer, "apptainer", "/cache")).env).toMatch(/^APPTAINERENV_HF_TOKEN=secret$/m);
  });

  it("starts pyxis through srun", async () => {
    const { args, start, step } = await runScript({ kind: "pyxis", image: "/images/trainer.sqsh" }, "srun");
    expect(args).toContain("--container-image=/images/trainer.sqsh");
    expect(args).toContain(`--container-mounts=${start}:/step,${step}/inputs:/step/inputs:ro`);
    expect(args.slice(-3)).toEqual(["ilr-trainer", "run", "/step"]);
  });

  it("quotes what shells would read otherwise", () => {
    for (const word of ["plain-1.0", "it's", '$HOME `x` "y"', "two\nlines", ""]) {
      expect(execFileSync("bash", ["-c", `printf %s ${quote(word)}`], { encoding: "utf8" })).toBe(word);
    }
  });
});
