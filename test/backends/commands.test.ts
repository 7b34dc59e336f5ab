/** The commands about backends, containers and images, and the option that picks a backend. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "../../kernel-lib/src/backends/index.js";
import { main } from "../../kernel-lib/src/cli/index.js";
import { lab } from "../../kernel-lib/src/lab.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { engineOfThisMachine, importBase, removeTestImages, scriptedImage } from "./docker-fixtures.js";
import { temporaryFolder } from "./fixtures.js";
import { startScript } from "./scripts.js";
import { canStartSlurm, ownSlurm, scripted } from "./slurm-fixtures.js";

const engine = await engineOfThisMachine();
const trainer = fileURLToPath(new URL("scripted-trainer.mjs", import.meta.url));
const saved = { ...process.env };

afterEach(() => {
  for (const name of ["ILR_TRAINER", "ILR_IMAGE", "ILR_SITE", "DOCKER_HOST"]) {
    if (saved[name] === undefined) delete process.env[name];
    else process.env[name] = saved[name];
  }
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function checkout(): Promise<{ readonly root: string; ilr(...argv: string[]): Promise<Outcome> }> {
  const root = await temporaryFolder();
  for (const folder of ["results", "notebooks"]) await mkdir(join(root, folder));
  const ilr = async (...argv: string[]): Promise<Outcome> => {
    const lines = { out: [] as string[], err: [] as string[] };
    const [stdout, stderr] = [lines.out, lines.err].map((to) => ({ write: (line: string) => void to.push(line) }));
    const openBackend = (): never => expect.unreachable("another backend was asked for");
    const code = await main(argv, { stdout: stdout!, stderr: stderr!, cwd: root, env: {}, openBackend });
    return { code, out: lines.out.join(""), err: lines.err.join("") };
  };
  return { root, ilr };
}

describe("ilr backend check", () => {
  it("says what works, and how to mend the rest", async () => {
    process.env.ILR_TRAINER = `"${process.execPath}" "${trainer}"`;
    process.env.DOCKER_HOST = "unix:///nowhere/docker.sock";
    const { code, out } = await (await checkout()).ilr("backend", "check");
    expect(code).toBe(0);
    expect(out).toMatch(/✓ embedded .*onnxruntime \d/);
    expect(out).toMatch(/✓ process .*scripted/);
    expect(out).toMatch(/– docker .*ENOENT.*\n\s+mend: .*DOCKER_HOST/);
  });

  it("fails for a backend that was named and does not work", async () => {
    process.env.ILR_TRAINER = "ilr-no-such-trainer";
    const { code, out, err } = await (await checkout()).ilr("backend", "check", "process");
    expect(code).toBe(1);
    expect(out).toMatch(/mend: .*ILR_TRAINER/);
    expect(err).toContain("the backend process does not work here");
  });
});

describe("a backend's name", () => {
  it("is refused with the nearest one", async () => {
    const { code, err } = await (await checkout()).ilr("run", "micro-math/quick", "--backend", "dokcer");
    expect(code).toBe(1);
    expect(err).toContain('there is no backend "dokcer"');
    expect(err).toContain("did you mean docker?");
    await expect(openBackend("slrum" as "docker")).rejects.toMatchObject({ code: "name-unknown" });
  });

  it("picks who runs an experiment", async () => {
    process.env.ILR_TRAINER = "ilr-no-such-trainer";
    const { code, err } = await (await checkout()).ilr("run", "micro-math/quick", "--backend", "process");
    expect(code).toBe(1);
    expect(err).toContain("ilr-no-such-trainer");
  });
});

describe("lab.run", () => {
  it("takes a backend by name", async () => {
    process.env.ILR_TRAINER = "ilr-no-such-trainer";
    const { root } = await checkout();
    const project = { root, results: join(root, "results"), store: join(root, ".ilr", "store"), data: "" };
    const run = lab.run("micro-math/quick", { backend: "process", progress: false, project });
    await expect(run).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("no-such-trainer"),
    });
  });
});

describe.skipIf(!engine)("ilr status, stop and reap (no engine answers: start one, or set DOCKER_HOST)", () => {
  let image = "";
  beforeAll(async () => {
    image = await scriptedImage(await importBase());
  });
  afterAll(removeTestImages);

  it("lists what outlived its client, and stops it", async () => {
    const { root, ilr } = await checkout();
    const store = join(root, ".ilr", "store");
    await openStore(store);
    const env = { STORE: store, ORDER: "tick 600 100", BACKEND: "docker", IMAGE: image };
    const script = startScript("run-step.ts", env);
    await script.line("note tick 1");
    expect((await ilr("status")).out).toMatch(/[0-9a-f]{12}\s+sample\s+running\s+.*followed/);
    script.child.kill("SIGKILL");
    await script.ended;
    const { out } = await ilr("status");
    const [, key] = /([0-9a-f]{12})\s+sample\s+running\s+.*owner gone/.exec(out)!;
    const refused = await ilr("stop");
    expect(refused.err).toContain("no container was named");
    expect((await ilr("stop", "ffffffffffff")).err).toContain("no container's key starts");
    expect((await ilr("reap")).out).not.toContain(key);
    expect((await ilr("stop", key!)).out).toContain(`stopped ${key} sample`);
    expect((await ilr("status")).out).not.toContain(key);
  });

  it("names the images that it can build", async () => {
    const { ilr } = await checkout();
    expect((await ilr("images", "build", "trainer")).err).toContain("known: embedded");
    expect((await ilr("images")).code).toBe(0);
  });
});

const slurm = canStartSlurm() ? ownSlurm() : undefined;

describe.skipIf(!slurm)("the commands on a cluster (needs root, slurm-wlm and munge)", () => {
  beforeAll(() => slurm!.start());
  afterAll(() => slurm!.stop());

  it("lists the jobs of this store, and stops them", async () => {
    process.env.DOCKER_HOST = "unix:///nowhere/docker.sock";
    const { root, ilr } = await checkout();
    expect((await ilr("status")).out).toBe("no jobs\n");
    const store = join(root, ".ilr", "store");
    await openStore(store);
    const script = startScript("run-step.ts", { STORE: store, ORDER: "tick 6000 100", BACKEND: "slurm" });
    await script.line("note tick 1");
    expect((await ilr("status")).out).toMatch(/[0-9a-f]{12}\s+sample\s+running\s+.*followed\s+job \d+, n[12]/);
    script.child.kill("SIGKILL");
    await script.ended;
    const { out } = await ilr("status");
    const [, key] = /([0-9a-f]{12})\s+sample\s+running\s+.*owner gone/.exec(out)!;
    expect((await ilr("reap", "--after", "0")).out).toBe("nothing to remove\n");
    expect((await ilr("stop", key!)).out).toContain(`stopped ${key} sample`);
    expect((await ilr("status")).out).toBe("no jobs\n");
    expect(await readdir(join(store, "detached"))).toEqual([]);
  }, 300_000);

  it("looks whether a profile fits", async () => {
    const { root, ilr } = await checkout();
    const site = join(root, "site.yaml");
    const trainerLine = `trainer: {command: ${JSON.stringify(scripted)}}\n`;
    await writeFile(site, `partition: main\n${trainerLine}`);
    expect((await ilr("backend", "check", "slurm", "--site", site)).out).toMatch(/✓ slurm .*GPUs.*main.*scripted/);
    await writeFile(site, `partition: elsewhere\n${trainerLine}`);
    process.env.ILR_SITE = site;
    const { code, out } = await ilr("backend", "check", "slurm");
    expect(code).toBe(1);
    expect(out).toMatch(/elsewhere does not exist.*\n\s+mend: partitions here: main, urgent/);
    expect((await ilr("run", "micro-math/quick", "--site", site)).err).toContain("add --backend slurm");
  });
});
