import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import {
  type JupyterHome,
  jupyterMissing,
  kernelName,
  kernelTitle,
  makeJupyterHome,
  python,
  runPython,
} from "./support.js";

/** What came of a cell; `error` is "name: message". */
interface Cell {
  readonly status: string;
  readonly count: number;
  readonly printed: string;
  readonly error: string | null;
}

const answered = ["busy", "idle"];

let home: JupyterHome;
beforeAll(async () => {
  if (jupyterMissing === undefined) home = await makeJupyterHome();
});
afterAll(() => home?.remove());

const scenario = <T>(name: string): Promise<T> => runPython<T>("client.py", name, home);

describe.skipIf(jupyterMissing !== undefined)("the installed kernel", () => {
  it("is one that Jupyter lists, with interrupts by message", async () => {
    const file = join(home.env.JUPYTER_PATH!, "kernels", kernelName, "kernel.json");
    const spec = JSON.parse(await readFile(file, "utf8")) as { argv: string[] };
    expect(spec).toMatchObject({ display_name: kernelTitle, language: "typescript", interrupt_mode: "message" });
    expect(spec.argv.at(-1)).toContain("{connection_file}");
  });
});

describe.skipIf(jupyterMissing !== undefined)("a front end's questions", () => {
  let facts: Record<"executed" | "stdin" | "silent" | "afterwards", Cell> & { readonly [name: string]: unknown };
  beforeAll(async () => {
    if (jupyterMissing === undefined) facts = await scenario("questions");
  });

  it("about the kernel are answered", () => {
    expect(facts.info).toMatchObject({
      status: "ok",
      protocol_version: "5.3",
      implementation: "ilr-lab",
      language_info: { name: "typescript", mimetype: "text/typescript", file_extension: ".ts" },
      states: answered,
    });
    expect(facts.beating).toBe(true);
  });

  it("for completions get the names of earlier cells and members", () => {
    expect(facts.complete).toMatchObject({ status: "ok", matches: ["accuracy"], cursor_start: 0, cursor_end: 5 });
    expect(facts.completeMember).toMatchObject({ matches: ["toFixed"], cursor_start: 19, cursor_end: 22 });
    expect(facts.completeNothing).toMatchObject({ status: "ok", matches: [], states: answered });
  });

  it("for a name's meaning get its type", () => {
    const data = { "text/plain": expect.stringContaining("refine(rounds: number): string") };
    expect(facts.inspect).toMatchObject({ status: "ok", found: true, data, states: answered });
    expect(facts.inspectNothing).toMatchObject({ status: "ok", found: false, states: answered });
  });

  it("whether code is complete are answered", () => {
    const [expression, half, wrong, empty] = facts.isComplete as { status: string }[];
    expect(expression).toMatchObject({ status: "complete", states: answered });
    expect(half).toMatchObject({ status: "incomplete", indent: "  " });
    expect(["complete", "invalid"], "a console must send it, so that the error is seen").toContain(wrong!.status);
    expect(empty).toMatchObject({ status: "complete" });
  });

  it("for comms and history find none, and do not wait for ever", () => {
    expect(facts.comms).toEqual({ status: "ok", comms: {}, states: answered });
    expect(facts.history).toEqual({ status: "ok", history: [], states: answered });
  });

  it("of an unknown kind leave the cells' output alone", () => {
    expect(facts.executed).toEqual({ status: "ok", count: 1, printed: "", error: null });
    expect(facts.stdin, "nobody types there: it is empty").toMatchObject({ status: "ok", printed: "0\n" });
    expect(facts.silent).toMatchObject({ status: "ok", count: facts.stdin.count });
    expect(facts.stray).toBe("");
    expect(facts.afterwards).toMatchObject({ count: facts.stdin.count + 1, printed: "0.5\n", error: null });
  });
});

describe.skipIf(jupyterMissing !== undefined)("an interrupt", () => {
  interface Interrupt extends Cell {
    readonly seconds: number;
    readonly next: Cell;
  }
  let facts: { readonly [name: string]: Interrupt | null };
  beforeAll(async () => {
    if (jupyterMissing === undefined) facts = await scenario("interrupts");
  });

  it.each([
    ["a cell that awaits", "await", 42],
    ["a synchronous loop", "loop", 43],
    ["a synchronous loop after an await", "loopAfterAwait", 44],
    ["a synchronous loop in a timer", "loopInTimer", 45],
  ])("ends %s with an error, and the kernel goes on with its variables", (_, name, kept) => {
    const interrupted = facts[name];
    expect(interrupted, "the kernel did not answer").toBeTruthy();
    expect(interrupted).toMatchObject({ status: "error", error: expect.stringMatching(/^Interrupted: \w/) });
    expect(interrupted!.seconds).toBeLessThan(5);
    expect(interrupted!.next).toMatchObject({ status: "ok", printed: `${kept}\n` });
  });

  it("of a kernel that does nothing does nothing", () => {
    expect(facts.whenIdle?.next).toMatchObject({ status: "ok", printed: "46\n", error: null });
  });
});

describe.skipIf(jupyterMissing !== undefined)("a shutdown request", () => {
  interface Shutdown {
    readonly seconds: number;
    readonly childWasThere: boolean;
    /** Commands of the processes that were left. */
    readonly left: readonly string[];
  }
  let facts: { readonly [name: string]: Shutdown };
  beforeAll(async () => {
    if (jupyterMissing === undefined) facts = await scenario("shutdowns");
  });

  it.each([
    ["is idle", "idle"],
    ["awaits", "await"],
    ["loops after an await", "loopAfterAwait"],
  ])("soon ends a kernel that %s, with all that its cells have started", (_, name) => {
    expect(facts[name]).toMatchObject({ childWasThere: true, left: [] });
    expect(facts[name]!.seconds).toBeLessThan(4);
  });
});

describe.skipIf(jupyterMissing !== undefined)("the kernel's process", () => {
  it("starts anew after a restart and after its death, and its death is noticed", async () => {
    const facts = await scenario<{ [name: string]: unknown; restarted: Cell; again: Cell; noticedAfter: number }>(
      "restarts",
    );
    expect(facts.sameProcess).toBe(false);
    expect(facts.restarted).toMatchObject({ status: "error", count: 1, error: expect.stringContaining("'kept'") });
    expect(facts.alive).toBe(false);
    expect(facts.noticedAfter).toBeLessThan(5);
    expect(facts.again).toEqual({ status: "ok", count: 1, printed: "2\n", error: null });
  });

  it("ends when its client is killed, even in a loop", async () => {
    const client = spawn(python, [join(import.meta.dirname, "client.py")], {
      env: home.env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    client.stdin.end('"orphan"');
    let printed = "";
    client.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
    });
    expect((await once(client, "close"))[1], "how the client ended").toBe("SIGKILL");
    const { pid } = JSON.parse(printed) as { pid: number };
    onTestFailed(() => void process.kill(pid, "SIGKILL"));
    await expect.poll(() => isAlive(pid), { timeout: 5000, interval: 100 }).toBe(false);
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
