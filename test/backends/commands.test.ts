/** The commands about backends, containers and images, and the option that picks a backend. */
import { mkdir } from "node:fs/promises";
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

const engine = await engineOfThisMachine();
const trainer = fileURLToPath(new URL("scripted-trainer.mjs", import.meta.url));
const saved = { ...process.env };

afterEach(() => {
  for (const name of ["ILR_TRAINER", "ILR_IMAGE", "DOCKER_HOST"]) {
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
    await expect(openBackend("slurm" as "docker")).rejects.toMatchObject({ code: "name-unknown" });
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
