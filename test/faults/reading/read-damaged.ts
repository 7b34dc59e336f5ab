import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Order, Told } from "./child.js";

/** What came of many damaged inputs. */
export interface Reading {
  readonly tries: number;
  /** How often each outcome came: "a value", or a code of ours. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** What should never come: another error, a crash, no end, too much memory. By input, so that it can be had again. */
  readonly wrong: readonly Wrong[];
}

interface Wrong {
  readonly index: number;
  readonly what: string;
}

/** Has inputs read by a process of its own. */
export interface Reader {
  /** Inputs 0 to `tries` of a surface; where the process dies or hangs, another one goes on behind that input. */
  read(surface: string, seed: number, tries: number): Promise<Reading>;
  close(): void;
}

/** Longest time for one input, in ms; a machine with much else to do needs some, too. */
const PATIENCE = 30_000;
/** After so many, one knows. */
const MOST_WRONG = 20;
const HEAP_MB = 1024;

export function openReader(): Reader {
  let child: Promise<ChildProcess> | undefined;
  return {
    read: async (surface, seed, tries) => {
      const outcomes: Record<string, number> = {};
      const wrong: Wrong[] = [];
      for (let from = 0; from < tries && wrong.length < MOST_WRONG; ) {
        child ??= start();
        const failure = await readFrom(await child, { surface, seed, from, to: tries }, (told) => {
          outcomes[told.outcome] = (outcomes[told.outcome] ?? 0) + 1;
          if (told.wrong !== undefined) wrong.push({ index: told.index, what: told.wrong });
        });
        if (failure === undefined) break;
        child = undefined;
        wrong.push(failure);
        from = failure.index + 1;
      }
      return { tries, outcomes, wrong };
    },
    close: () => void child?.then((process) => process.kill("SIGKILL")),
  };
}

/** Resolves when everything is loaded, however long that takes. */
function start(): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL("child.ts", import.meta.url)), {
    execArgv: ["--import", "tsx", "--expose-gc", `--max-old-space-size=${HEAP_MB}`],
    env: { ...process.env, OMP_NUM_THREADS: "1" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr!.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
    child.once("message", () => resolve(child));
    child.once("exit", () => reject(new Error(`the reading process did not start: ${said}`)));
  });
}

type Read = Extract<Told, { type: "read" }>;

/** Undefined where all was read, and the process waits for more. */
function readFrom(child: ChildProcess, order: Order, onRead: (told: Read) => void): Promise<Wrong | undefined> {
  return new Promise((resolve) => {
    let [index, last, isHung] = [order.from, "", false];
    const watch = setTimeout(() => {
      isHung = true;
      child.kill("SIGKILL");
    }, PATIENCE);
    const settle = (failure: Wrong | undefined): void => {
      clearTimeout(watch);
      child.stderr!.off("data", listen);
      child.removeAllListeners("message");
      child.removeAllListeners("exit");
      resolve(failure);
    };
    const listen = (chunk: Buffer): void => {
      last = (last + chunk.toString()).slice(-600);
    };
    child.stderr!.on("data", listen);
    child.on("message", (told: Told) => {
      watch.refresh();
      if (told.type === "reading") index = told.index;
      else if (told.type === "read") onRead(told);
      else if (told.type === "done") settle(undefined);
    });
    child.on("exit", (code, signal) => {
      const ended = `the process ended: ${signal ?? code}; ${last}`;
      settle({ index, what: isHung ? `no end within ${PATIENCE / 1000} s` : ended });
    });
    child.send(order);
  });
}
