import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Kernel } from "../../kernel-lib/src/notebook/index.js";
import { builtNotebook, makeWorkspace, type Workspace } from "./fixture.js";

/**
 * Every mend in `kernel-lib/src/notebook/kernel` against the tslab it mends: the fault shows there and not here. Where a newer tslab has
 * none, its mend can go.
 */
type Message = Parameters<Parameters<Kernel["execute"]>[1]>[0];

const tslab = join(createRequire(import.meta.url).resolve("tslab/package.json"), "..", "bin", "tslab");
const plainArguments = [tslab, "kernel", "--config-path={connection_file}"];
let workspace: Workspace;
let plain: Kernel;
let ours: Kernel;

beforeAll(async () => {
  workspace = await makeWorkspace();
  ours = await Kernel.start({ cwd: workspace.folder });
});
afterAll(async () => {
  await ours?.close();
  await workspace?.remove();
});

/** A kernel of plain tslab for one test: some faults leave it deaf. */
async function withPlain<T>(use: (kernel: Kernel) => Promise<T>): Promise<T> {
  plain = await Kernel.start({
    cwd: workspace.folder,
    arguments: plainArguments,
  });
  try {
    return await use(plain);
  } finally {
    await plain.close();
  }
}

interface Result {
  /** "never" where no reply and end of output came within the time. */
  readonly status: string;
  readonly text: string;
  readonly types: readonly string[];
}

async function run(kernel: Kernel, code: string, limitMs = 4000): Promise<Result> {
  const messages: Message[] = [];
  const reply = kernel.execute(code, (message) => messages.push(message));
  const status = await Promise.race([reply.then((answer) => answer.status), pause(limitMs, "never")]);
  const streams = messages.filter(({ type }) => type === "stream");
  return { status, text: streams.map(({ content }) => content.text).join(""), types: messages.map(({ type }) => type) };
}

describe("a fault of tslab, and its mend:", () => {
  it("output of more than 512 writes in a tick is lost, with the end of the cell", async () => {
    const code = 'for (let i = 0; i < 2000; i++) process.stdout.write("line " + i + "\\n");';
    const lost = await withPlain((kernel) => run(kernel, code));
    expect(lost.status).toBe("never");
    expect(lost.text.split("\n").length).toBeLessThan(2000);
    const whole = await run(ours, code);
    expect(whole.status).toBe("ok");
    expect(whole.text.split("\n")).toHaveLength(2001);
  });

  it("no cell runs any more when a module appears that was looked for before", async () => {
    const later = async (kernel: Kernel, name: string): Promise<readonly Result[]> => {
      const code = `import { answer } from "./${name}"; console.log(answer);`;
      const missing = await run(kernel, code, 20_000);
      await workspace.file(`${name}.ts`, "export const answer: number = 42;\n");
      await pause(1500); // until the compiler has heard of it
      return [missing, await run(kernel, "console.log(1);", 20_000), await run(kernel, code, 20_000)];
    };
    const [, ...dead] = await withPlain((kernel) => later(kernel, "first"));
    expect(dead.map(({ status }) => status)).not.toContain("ok");
    const [missing, next, found] = await later(ours, "second");
    expect(missing!.status).toBe("error");
    expect(next!.text).toBe("1\n");
    expect(found!.text).toBe("42\n");
  });

  it("a failed cell sends no error message", async () => {
    expect((await withPlain((kernel) => run(kernel, 'throw new Error("boom");'))).types).not.toContain("error");
    expect((await run(ours, 'throw new Error("boom");')).types).toContain("error");
  });

  it("requests after an error are dropped for a while", async () => {
    const next = async (kernel: Kernel): Promise<Result> => {
      await run(kernel, "throw 1;");
      return run(kernel, "console.log(2);");
    };
    expect((await withPlain(next)).text).toBe("");
    expect((await next(ours)).text).toBe("2\n");
  });

  it("a variable of an earlier cell is not known in { name }", async () => {
    const shorthand = async (kernel: Kernel): Promise<string> => {
      await run(kernel, "const seeds = [0];");
      return (await run(kernel, "console.log(JSON.stringify({ seeds }));")).text;
    };
    expect(await withPlain(shorthand)).toContain("seeds is not defined");
    expect(await shorthand(ours)).toBe('{"seeds":[0]}\n');
  });

  it.each([
    ["await (2);", "await is not defined"],
    ["const two = await (Promise.resolve(2)), three = await [3];", "await is not defined"],
    ["const two = await\n  Promise.resolve(2);", ""],
  ])("what is awaited must begin with a word, on the same line: %s", async (code, message) => {
    expect(await withPlain((kernel) => run(kernel, code))).toMatchObject({
      status: "error",
      text: expect.stringContaining(message),
    });
    expect((await run(ours, code)).status).toBe("ok");
  });

  it("properties of an earlier cell's type cannot be renamed as they are taken apart", async () => {
    const renamed = async (kernel: Kernel): Promise<string> => {
      await run(kernel, "interface Row { wins: number; pairs: number }; const rows: Row[] = [{ wins: 1, pairs: 2 }];");
      const taken = "rows.map(({ wins: won, pairs: all }) => won / all)";
      return (await run(kernel, `let one: number; [{ wins: one }] = rows; console.log(String(${taken}), one);`)).text;
    };
    expect(await withPlain(renamed)).toContain("SyntaxError");
    expect(await renamed(ours)).toBe("0.5 1\n");
  });

  it("a loop after an await cannot be interrupted", async () => {
    const interrupted = async (kernel: Kernel, interrupt: () => void): Promise<string> => {
      const running = run(kernel, "await null; while (true) {}", 5000);
      setTimeout(interrupt, 1000);
      return (await running).status;
    };
    expect(await withPlain((kernel) => interrupted(kernel, () => process.kill(kernel.pid, "SIGINT")))).toBe("never");
    expect(await interrupted(ours, () => void ours.interrupt())).toBe("error");
  });

  it("the kernel outlives its parent", async () => {
    const outlives = async (given: object, patienceMs: number): Promise<boolean> => {
      const program = `import { Kernel } from ${JSON.stringify(builtNotebook)};
        const kernel = await Kernel.start(${JSON.stringify({ cwd: workspace.folder, ...given })});
        console.log(kernel.pid);`;
      const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [chunk] = (await once(parent.stdout, "data")) as [Buffer];
      parent.kill("SIGKILL");
      const kernel = Number(chunk.toString());
      const isAlive = (signal: 0 | "SIGKILL"): boolean => {
        try {
          return process.kill(kernel, signal);
        } catch {
          return false;
        }
      };
      for (const end = Date.now() + patienceMs; Date.now() < end && isAlive(0); ) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return isAlive("SIGKILL");
    };
    expect(await outlives({ arguments: plainArguments }, 2500)).toBe(true);
    expect(await outlives({}, 20_000)).toBe(false);
  });

  /** A kernel that loads a file first still answers. */
  async function expectAnswerAfter(preload: string): Promise<void> {
    const env = { ...process.env, NODE_OPTIONS: `--require ${preload}` };
    const kernel = await Kernel.start({ cwd: workspace.folder, env });
    try {
      expect((await run(kernel, "console.log(1);")).text).toBe("1\n");
    } finally {
      await kernel.close();
    }
  }

  it("a request that comes before the last socket is bound is answered late or never", async () => {
    // zeromq refuses to send on a socket while it is being bound; a slow bind makes the rare case the rule.
    const slow = await workspace.file(
      "slow-bind.cjs",
      `const { Publisher } = require("zeromq");
       const { bind, send } = Publisher.prototype;
       let binding = false;
       const mend = (name, value) => Object.defineProperty(Publisher.prototype, name, { value });
       mend("bind", async function (address) {
         binding = true;
         await new Promise((resolve) => setTimeout(resolve, 1500));
         binding = false;
         await bind.call(this, address);
       });
       mend("send", async function (message) {
         if (binding) throw new Error("Socket is blocked by a bind or unbind operation");
         return send.call(this, message);
       });`,
    );
    // Plain tslab says nothing about the first requests; ours ended at its start, when it took the refused send for an error of its own.
    await expectAnswerAfter(slow);
  });

  it("a client that is there before a socket is wholly bound ends the kernel", async () => {
    // The first message ends the first `receive`; zeromq refuses the second one while the bind is not over.
    const slow = await workspace.file(
      "slow-end-of-bind.cjs",
      `const { Router } = require("zeromq");
       const { bind, receive } = Router.prototype;
       const binding = new Set();
       const mend = (name, value) => Object.defineProperty(Router.prototype, name, { value, configurable: true });
       mend("bind", async function (address) {
         binding.add(this);
         await bind.call(this, address);
         await new Promise((resolve) => setTimeout(resolve, 1500));
         binding.delete(this);
       });
       mend("receive", async function () {
         if (binding.has(this)) throw new Error("Socket is blocked by a bind or unbind operation");
         return receive.call(this);
       });`,
    );
    await expectAnswerAfter(slow);
  });
});
