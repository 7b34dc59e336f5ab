import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../kernel-lib/src/cli/index.js";
import {
  examineKernel,
  type Finding,
  findKernelspecs,
  installKernelspec,
  Kernel,
  kernelName,
  userDataFolder,
} from "../../kernel-lib/src/notebook/index.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ilr-kernelspec-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function ilr(env: NodeJS.ProcessEnv, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await main(argv, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    cwd: folder,
    env,
    openBackend: () => expect.unreachable("no step is run"),
  });
  return { code, out, err };
}

describe("ilr kernel install", () => {
  it("writes a kernelspec that starts the kernel, with logos, into a prefix", async () => {
    const { code, out } = await ilr({}, "kernel", "install", "--prefix", "env");
    expect(code).toBe(0);
    const place = join(folder, "env", "share", "jupyter", "kernels", kernelName);
    expect(out).toContain(place);
    const spec = JSON.parse(await readFile(join(place, "kernel.json"), "utf8")) as { argv: string[] };
    expect(spec).toMatchObject({
      display_name: "TypeScript (ilr-lab)",
      language: "typescript",
      interrupt_mode: "message",
    });
    expect(spec.argv.filter((argument) => argument.includes("{connection_file}"))).toHaveLength(1);
    for (const size of [32, 64]) {
      const png = await readFile(join(place, `logo-${size}x${size}.png`));
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([size, size]);
    }
    const kernel = await Kernel.start({ cwd: folder, arguments: spec.argv.slice(1) });
    await kernel.close();
  });

  it("goes to the user's folder by default, in place of what was there", async () => {
    const env = { JUPYTER_DATA_DIR: join(folder, "data") };
    const place = join(env.JUPYTER_DATA_DIR, "kernels", kernelName);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, "left-over"), "");
    expect((await ilr(env, "kernel", "install", "--user")).code).toBe(0);
    expect(existsSync(join(place, "left-over"))).toBe(false);
    expect(existsSync(join(place, "kernel.json"))).toBe(true);
  });

  it("knows the user's folder on each platform", () => {
    expect(userDataFolder({ HOME: "/home/a" }, "linux")).toBe("/home/a/.local/share/jupyter");
    expect(userDataFolder({ HOME: "/home/a", XDG_DATA_HOME: "/x" }, "linux")).toBe("/x/jupyter");
    expect(userDataFolder({ HOME: "/Users/a" }, "darwin")).toBe("/Users/a/Library/Jupyter");
    expect(userDataFolder({ APPDATA: "/roaming" }, "win32")).toBe("/roaming/jupyter");
  });

  it("says so where it must not write, and when it is told two places", async () => {
    await writeFile(join(folder, "file"), "");
    const { code, err } = await ilr({}, "kernel", "install", "--prefix", "file");
    expect(code).toBe(1);
    expect(err).toContain("error [store-unwritable]");
    expect((await ilr({}, "kernel", "install", "--user", "--prefix", "x")).err).toContain("two places");
  });
});

describe("the kernel's own folder", () => {
  it("need not know the library: the kit's is found, with its types, its packages and its results", async () => {
    const kernel = await Kernel.start({ cwd: folder });
    const errors: unknown[] = [];
    const texts: unknown[] = [];
    try {
      const code = `import { lab } from "ilr-lab";
        import { table } from "arquero";
        const wrong: string = lab.experiments;`;
      await kernel.execute(code, ({ type, content }) => type === "error" && errors.push(content.evalue));
      const works = `import { lab } from "ilr-lab";
        import { table } from "arquero";
        const run = await lab.recorded("micro-math/main");
        const frame = run.frame("rounds");
        console.log(frame.numRows() > 10, table({ a: [1, 2] }).numRows(), Buffer.from("node").length);`;
      const { status } = await kernel.execute(works, ({ content }) => content.text && texts.push(content.text));
      expect(errors).toEqual([expect.stringMatching(/readonly string\[\].* is not assignable to type 'string'/)]);
      expect({ status, texts }).toEqual({ status: "ok", texts: ["true 2 4\n"] });
    } finally {
      await kernel.close();
    }
  });
});

describe("ilr kernel doctor", () => {
  const about = (findings: readonly Finding[], what: string): Finding | undefined =>
    findings.find((finding) => finding.what === what);

  /** An environment with a Jupyter of three lines. */
  async function withJupyter(data: string): Promise<NodeJS.ProcessEnv> {
    const bin = join(folder, "bin");
    await mkdir(bin, { recursive: true });
    const program = join(bin, "jupyter");
    const specs = JSON.stringify({
      kernelspecs: { [kernelName]: { resource_dir: join(data, "kernels", kernelName) } },
    });
    const script = `#!/bin/sh\nif [ "$1" = --version ]; then echo "jupyterlab : 4.9.9"; else echo '${specs}'; fi\n`;
    await writeFile(program, script);
    await chmod(program, 0o755);
    return { ...process.env, PATH: `${bin}:/usr/bin:/bin`, JUPYTER_DATA_DIR: data, JUPYTER_PATH: "" };
  }

  it("finds nothing wrong where all is there", async () => {
    const data = join(folder, "good");
    await installKernelspec(data);
    const { code, out } = await ilr(await withJupyter(data), "kernel", "doctor");
    expect(out).toMatch(/✓ Node .*\n✓ kernel .*starts and imports ilr-lab.*\n✓ Jupyter .*4\.9\.9\n✓ kernelspec .*good/);
    expect(code).toBe(0);
  });

  it("says what is missing and how to mend it", async () => {
    const env = { PATH: "/nowhere", HOME: folder, JUPYTER_DATA_DIR: join(folder, "none"), JUPYTER_PATH: "" };
    const { code, out, err } = await ilr(env, "kernel", "doctor");
    expect(out).toMatch(/– Jupyter .*not found\n.*pip install jupyterlab/);
    expect(out).toMatch(/✗ kernelspec .*not installed\n.*ilr kernel install/);
    expect(err).toContain("error [unsupported]: notebooks will not work here: kernelspec");
    expect(code).toBe(1);
  });

  it("knows too old a Node", async () => {
    const node = about(await examineKernel({ cwd: folder, nodeVersion: "20.18.1" }), "Node");
    expect(node).toMatchObject({ state: "wrong", detail: "20.18.1 cannot load the library in cells" });
    expect(about(await examineKernel({ cwd: folder, nodeVersion: "22.0.0" }), "Node")?.state).toBe("ok");
  });

  it.each([
    ["of a Node that is gone", { argv: ["/gone/node", "start.cjs"] }, "/gone/node, which is not there any more"],
    ["of a kit that is gone", { argv: [process.execPath, "/gone/start.cjs"] }, "/gone/start.cjs, which is not there"],
    ["of another kernel", { argv: [process.execPath, "-e", "1"] }, "the kernel of another installation"],
    ["that cannot be read", { argv: 3 }, "cannot be read"],
  ])("notices a kernelspec %s", async (_, change, fault) => {
    const data = join(folder, "stale");
    const path = join(await installKernelspec(data), "kernel.json");
    expect((await findKernelspecs([data]))[0]?.fault).toBeUndefined();
    await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, "utf8")) as object), ...change }));
    expect((await findKernelspecs([data]))[0]?.fault).toContain(fault);
  });
});
