import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Kernel, kernelArguments } from "../../kernel-lib/src/notebook/index.js";
import { builtNotebook, makeWorkspace, type Workspace } from "./fixture.js";

const tslab = join(createRequire(import.meta.url).resolve("tslab/package.json"), "..");

type Message = Parameters<Parameters<Kernel["execute"]>[1]>[0];

let workspace: Workspace;
let kernel: Kernel;

beforeAll(async () => {
  workspace = await makeWorkspace();
  kernel = await Kernel.start({ cwd: workspace.folder });
});
afterAll(async () => {
  await kernel?.close();
  await workspace?.remove();
});

async function run(code: string): Promise<{ status: string; messages: Message[]; text: string }> {
  const messages: Message[] = [];
  const { status } = await kernel.execute(code, (message) => messages.push(message));
  const text = messages.filter(({ type }) => type === "stream").map(({ content }) => content.text);
  return { status, messages, text: text.join("") };
}

async function errorOf(code: string): Promise<{ ename: unknown; evalue: unknown; traceback: string }> {
  const { status, messages } = await run(code);
  expect(status).toBe("error");
  const errors = messages.filter(({ type }) => type === "error");
  expect(errors).toHaveLength(1);
  const { ename, evalue, traceback } = errors[0]!.content;
  return { ename, evalue, traceback: (traceback as string[]).join("\n") };
}

/** Neighbouring messages of one stream as one: how many there are is a matter of time. */
function joined(messages: readonly Message[]): readonly Message[] {
  const all: Message[] = [];
  for (const message of messages) {
    const last = all.at(-1);
    if (message.type !== "stream" || last?.type !== "stream" || last.content.name !== message.content.name) {
      all.push(message);
      continue;
    }
    const text = `${String(last.content.text)}${String(message.content.text)}`;
    all[all.length - 1] = { ...last, content: { ...last.content, text } };
  }
  return all;
}

describe("output", () => {
  it("is whole when 200,000 lines are written in one tick", async () => {
    const { status, text } = await run('for (let i = 0; i < 200_000; i++) console.log("line " + i);');
    expect(status).toBe("ok");
    const lines = text.split("\n");
    expect(lines).toHaveLength(200_001);
    expect(lines.every((line, i) => i === 200_000 || line === `line ${i}`)).toBe(true);
  });

  it("is whole when 2,000 displays are made in one tick", async () => {
    const code = `import { display } from ${JSON.stringify(builtNotebook)};
      for (let i = 0; i < 2000; i++) display("d" + i);`;
    const { messages } = await run(code);
    const shown = messages.filter(({ type }) => type === "display_data").map(({ content }) => content.data);
    expect(shown).toEqual(Array.from({ length: 2000 }, (_, i) => ({ "text/plain": `d${i}` })));
  });

  it("keeps the order of stdout, stderr and displays", async () => {
    const code = `import { display } from ${JSON.stringify(builtNotebook)};
      console.log("1"); console.error("2"); display("3"); console.log("4"); console.log("5"); 6`;
    const { messages } = await run(code);
    const seen = joined(messages)
      .filter(({ type }) => type !== "execute_input")
      .map(({ type, content }) => [type, content.name ?? "", content.text ?? (content.data as object)]);
    expect(seen).toEqual([
      ["stream", "stdout", "1\n"],
      ["stream", "stderr", "2\n"],
      ["display_data", "", { "text/plain": "3" }],
      ["stream", "stdout", "4\n5\n6\n"],
    ]);
  });

  it("keeps the order of stdout and stderr within one tick", async () => {
    const { messages } = await run('for (let i = 0; i < 3; i++) { console.log("out" + i); console.error("err" + i); }');
    const seen = messages.filter(({ type }) => type === "stream").map(({ content }) => [content.name, content.text]);
    const expected = [0, 1, 2].flatMap((i) => [
      ["stdout", `out${i}\n`],
      ["stderr", `err${i}\n`],
    ]);
    expect(seen).toEqual(expected);
  });

  it("shows a long synchronous loop's output while it runs", async () => {
    const arrivals: number[] = [];
    const code =
      'for (let i = 0; i < 4; i++) { const t = Date.now(); while (Date.now() - t < 150); console.log("tick"); }';
    await kernel.execute(code, ({ type }) => type === "stream" && arrivals.push(Date.now()));
    expect(arrivals.length).toBeGreaterThanOrEqual(3);
    expect(arrivals.at(-1)! - arrivals[0]!).toBeGreaterThan(200);
  });

  it("shows what was printed just before a long synchronous computation", async () => {
    let shown = Number.POSITIVE_INFINITY;
    const code = 'console.log("first"); const t = Date.now(); while (Date.now() - t < 1500);';
    await kernel.execute(code, ({ type }) => {
      if (type === "stream") shown = Date.now();
    });
    expect(Date.now() - shown).toBeGreaterThan(1000);
  });

  it("keeps a character whose bytes are written apart", async () => {
    const { text } = await run(
      'const bytes = Buffer.from("α"); process.stdout.write(bytes.subarray(0, 1)); void process.stdout.write(bytes.subarray(1));',
    );
    expect(text).toBe("α");
  });
});

describe("errors", () => {
  it("of syntax and types come with the line", async () => {
    expect(await errorOf("let q = (;")).toMatchObject({
      ename: "TypeScriptError",
      evalue: "1:10 - Expression expected.",
    });
    const error = await errorOf('const fine = 1;\nconst count: number = "three";');
    expect(error.evalue).toBe("2:7 - Type 'string' is not assignable to type 'number'.");
    expect(error.traceback).toContain('2 | const count: number = "three";');
  });

  it("of a thrown error keep name, message, cause and a stack without the kernel's own frames", async () => {
    const error = await errorOf(
      'function dig(): void { throw new RangeError("too deep", { cause: new Error("rock") }); }\ndig();',
    );
    expect(error).toMatchObject({ ename: "RangeError", evalue: "too deep" });
    expect(error.traceback).toContain("at dig (cell");
    expect(error.traceback).toContain("caused by Error: rock");
    expect(error.traceback).not.toMatch(/tslab|node:/);
  });

  it("of a thrown string say the string", async () => {
    expect(await errorOf('throw "boom";')).toMatchObject({ ename: "ThrownValue", evalue: "boom" });
  });

  it("come from rejections, awaited or not, and from timers", async () => {
    expect(await errorOf('await Promise.reject(new TypeError("no"));')).toMatchObject({
      ename: "TypeError",
      evalue: "no",
    });
    expect(await errorOf('void Promise.reject(new Error("unawaited"));')).toMatchObject({ evalue: "unawaited" });
    const timer = 'setTimeout(() => { throw new Error("from a timer"); }, 5); await new Promise(() => {});';
    expect(await errorOf(timer)).toMatchObject({ evalue: "from a timer" });
  });

  it("of the compiler itself are a reply too", async () => {
    const breaking = await workspace.file(
      "breaking-compiler.cjs",
      `const converters = require(${JSON.stringify(join(tslab, "dist", "converter.js"))});
       const { createConverter } = converters;
       converters.createConverter = (options) => {
         const { convert, ...rest } = createConverter(options);
         const breaks = (before, code) => {
           if (code.includes("break the compiler")) throw new Error("Debug Failure");
           return convert(before, code);
         };
         return { ...rest, convert: breaks };
       };`,
    );
    const env = { ...process.env, NODE_OPTIONS: `--require ${breaking}` };
    const fragile = await Kernel.start({ cwd: workspace.folder, env });
    try {
      const messages: Message[] = [];
      const reply = await fragile.execute('"break the compiler";', (message) => messages.push(message));
      expect(reply.status).toBe("error");
      expect(messages.find(({ type }) => type === "error")?.content.evalue).toBe("Debug Failure");
      expect((await fragile.execute("1 + 1;", () => {})).status).toBe("ok");
    } finally {
      await fragile.close();
    }
  });

  it("do not include a rejection that is caught in time", async () => {
    expect((await run('await Promise.reject(new Error("caught")).catch(() => "fine");')).status).toBe("ok");
  });

  it("do not swallow the requests that come after them", async () => {
    await errorOf("throw 1;");
    expect((await run('console.log("still here");')).text).toBe("still here\n");
  });

  it("abort the requests that were already waiting", async () => {
    const all = [kernel.execute("throw 1;", () => {}), kernel.execute("2", () => {}), kernel.execute("3", () => {})];
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(["error", "aborted", "aborted"]);
  });
});

describe("an interrupt", () => {
  it.each([
    ["what is awaited", "await new Promise(() => {});"],
    ["a loop", "while (true) {}"],
    ["a loop after an await", "await null; while (true) {}"],
    ["a loop in a timer", "await new Promise(() => setTimeout(() => { while (true) {} }, 10));"],
    ["a loop after an await that catches everything", "await null; while (true) { try { for (;;); } catch {} }"],
  ])("stops %s, and earlier variables are still there", async (_, code) => {
    expect((await run('let kept = "kept";')).status).toBe("ok");
    const begun = new Promise<void>((resolve) => {
      void kernel.execute('console.log("begun");', () => {}).then(() => resolve());
    });
    await begun;
    const failing = errorOf(code);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await kernel.interrupt();
    expect(await failing).toMatchObject({ ename: "Interrupted" });
    expect((await run("console.log(kept);")).text).toBe("kept\n");
    // The compiler and the sockets must have survived as well.
    expect((await errorOf('const n: number = "x";')).evalue).toContain("not assignable");
  });

  it("of an idle kernel changes nothing", async () => {
    await kernel.interrupt();
    expect((await run("console.log(1);")).text).toBe("1\n");
  });

  it("stops a loop while other requests wait, which are aborted", async () => {
    const all = ["await null; while (true) {}", "2", "3"].map((code) => kernel.execute(code, () => {}));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await kernel.interrupt();
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(["error", "aborted", "aborted"]);
    expect((await run("console.log(4);")).text).toBe("4\n");
  });

  it("ends the process of a cell that is stuck outside JavaScript", async () => {
    const other = await Kernel.start({ cwd: workspace.folder });
    try {
      const stuck = other.execute('require("node:child_process").execFileSync("sleep", ["60"]);', () => {});
      const failed = expect(stuck).rejects.toMatchObject({ message: "the kernel was killed by SIGKILL" });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await other.interrupt();
      await failed;
    } finally {
      await other.close();
    }
  });
});

describe("a kernel that was started anew after an interrupt", () => {
  it("says so in the next cell's output, once", async () => {
    // What Jupyter does with a kernel that dies: the same command again, with the same connection file.
    const supervisor = await workspace.file(
      "supervisor.cjs",
      `const { spawn } = require("node:child_process");
       const start = () =>
         spawn(process.execPath, process.argv.slice(2), { stdio: "inherit" }).on("exit", (code, signal) => {
           if (signal !== "SIGKILL") process.exit(code);
           require("node:fs").writeFileSync("died", "");
           start();
         });
       start();`,
    );
    const command = [supervisor, ...kernelArguments("{connection_file}")];
    const other = await Kernel.start({ cwd: workspace.folder, arguments: command });
    const texts: unknown[] = [];
    let begun = false;
    const collect = (message: Message): void => {
      if (message.type === "execute_input") begun = true;
      if (message.type === "stream") texts.push(message.content.text);
    };
    try {
      void other.execute('require("node:child_process").execFileSync("sleep", ["30"]);', collect).catch(() => {});
      await expect.poll(() => begun, { timeout: 20_000 }).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 1500)); // the cell is compiled before it runs
      await other.interrupt();
      await expect.poll(() => existsSync(join(workspace.folder, "died")), { timeout: 30_000 }).toBe(true);
      await other.ready();
      await other.execute('console.log("again");', collect);
    } finally {
      await other.close();
    }
    const note = "The kernel was started anew: cell [1] did not stop when it was interrupted.";
    expect(texts.join("")).toMatch(new RegExp(`^${note.replaceAll(/[.[\]]/g, "\\$&")} .* are gone\\.\nagain\n$`));
  });
});

describe("the kernel's process", () => {
  it("can be reached over TCP as well", async () => {
    const other = await Kernel.start({ cwd: workspace.folder, transport: "tcp" });
    try {
      expect((await other.execute("1 + 1", () => {})).status).toBe("ok");
    } finally {
      await other.close();
    }
  });

  it.each([
    "await new Promise(() => {})",
    "while (true) {}",
  ])("ends when its parent is killed during %s", async (code) => {
    const program = `import { Kernel } from ${JSON.stringify(builtNotebook)};
      const kernel = await Kernel.start({ cwd: ${JSON.stringify(workspace.folder)} });
      kernel.execute(${JSON.stringify(code)}, (m) => m.type === "execute_input" && console.log(kernel.pid));`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [chunk] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(chunk.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await expect.poll(() => isAlive(pid), { timeout: 3000, interval: 50 }).toBe(false);
  });

  it.skipIf(!existsSync("/proc/self/task"))("ends when its parent is killed while it starts", async () => {
    const program = `import { Kernel } from ${JSON.stringify(builtNotebook)};
      await Kernel.start({ cwd: ${JSON.stringify(workspace.folder)} });`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "ignore" });
    const children = (): string => readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, "utf8").trim();
    await expect.poll(children, { timeout: 20_000, interval: 5 }).not.toBe("");
    const pid = Number(children().split(" ")[0]);
    parent.kill("SIGKILL");
    await expect.poll(() => isAlive(pid), { timeout: 10_000, interval: 50 }).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
