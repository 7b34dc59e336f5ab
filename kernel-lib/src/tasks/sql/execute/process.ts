import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { fileURLToPath, pathToFileURL } from "node:url";
import { LabError } from "../../../core/index.js";
import { frameOf, frameReader } from "./frames.js";
import { parseReply, type Reply, type Request, type Setup } from "./protocol.js";

/** A reply; `late` where there was none in time and the process was killed, `ended` where it died of itself or talked nonsense. */
export type Answer = Reply | "late" | "ended";

/** A process that runs queries, one at a time. */
export interface QueryProcess {
  /** False once it has ended or has been told to. */
  readonly alive: boolean;
  /** Process number, for measurements. */
  readonly pid: number | undefined;
  ask(request: Request): Promise<Answer>;
  /** Ends the process. */
  stop(): Promise<void>;
}

const fromSource = import.meta.url.endsWith(".ts");
const ENTRY = fileURLToPath(new URL(fromSource ? "worker.ts" : "worker.js", import.meta.url));
/** A loaded machine starts processes slowly. */
const START_SECONDS = 120;
/** Characters of a process's standard error that are kept for the message of a failed start. */
const TAIL = 2000;
/** The rows of one result, as a set, live in the process's JavaScript memory. */
const SCRIPT_MEMORY = "--max-old-space-size=1024";

/**
 * Starts a process and waits until it is ready.
 *
 * @param program another program to run, for tests.
 * @throws LabError `internal` where it cannot start.
 */
export async function startQueryProcess(setup: Setup, program = ENTRY): Promise<QueryProcess> {
  const line = connect(spawnProgram(program));
  const ready = await line.exchange(setup, START_SECONDS);
  if (typeof ready === "string" || ready.say !== "ready") {
    line.kill();
    throw new LabError(
      "internal",
      `a process for SQL queries cannot start: ${line.lastWords() || JSON.stringify(ready)}`,
    );
  }
  const { seconds, graceSeconds } = setup.limits;
  return {
    get alive() {
      return line.alive();
    },
    pid: line.pid,
    ask: (request) => line.exchange(request, seconds + graceSeconds),
    stop: line.stop,
  };
}

function spawnProgram(program: string): ChildProcess {
  const loader = program.endsWith(".ts")
    ? ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href]
    : [];
  return spawn(process.execPath, [SCRIPT_MEMORY, ...loader, program], {
    stdio: ["pipe", "ignore", "pipe", "pipe"],
    // Nothing of this process's environment: hostile queries find no secrets. Times are in UTC, as in the databases.
    env: { TZ: "UTC" },
  });
}

interface Line {
  readonly pid: number | undefined;
  alive(): boolean;
  exchange(message: Setup | Request, seconds: number): Promise<Answer>;
  lastWords(): string;
  kill(): void;
  stop(): Promise<void>;
}

/** A question at a time to a process that may do anything: it can be late, long, mad or dead, but it cannot hurt. */
function connect(child: ChildProcess): Line {
  const [input, errors, replies] = [child.stdin as Socket, child.stderr as Socket, child.stdio[3] as Socket];
  let alive = true;
  let waiting: ((answer: Answer) => void) | undefined;
  const settle = (answer: Answer): void => {
    const resolve = waiting;
    waiting = undefined;
    resolve?.(answer);
  };
  const kill = (): void => {
    alive = false;
    child.kill("SIGKILL");
  };
  const distrust = (): void => {
    kill();
    settle("ended");
  };
  const onFrame = (body: Buffer): void => {
    const reply = waiting === undefined ? undefined : parseReply(body);
    if (reply === undefined) distrust();
    else settle(reply);
  };
  replies.on("data", frameReader(onFrame, distrust));
  // An answer may be in the pipe when the process is gone already: nothing more comes when the pipe is closed.
  replies.on("close", distrust);
  const lastWords = tailOf(errors);
  for (const stream of [input, errors, replies]) stream.on("error", () => {});
  const ended = new Promise<void>((resolve) => {
    for (const event of ["error", "exit"]) child.on(event, () => resolve());
  }).then(() => {
    alive = false;
  });
  const keepAwake = wakefulness([child, input, errors, replies]);
  keepAwake(false);
  return {
    pid: child.pid,
    alive: () => alive,
    lastWords,
    kill,
    exchange: async (message, seconds) => {
      if (!alive) return "ended";
      keepAwake(true);
      try {
        return await new Promise<Answer>((resolve) => {
          waiting = resolve;
          input.write(frameOf(message));
          afterwards(seconds * 1000, () => {
            if (waiting !== resolve) return;
            kill();
            settle("late");
          });
        });
      } finally {
        keepAwake(false);
      }
    },
    stop: async () => {
      keepAwake(true);
      kill();
      await ended;
    },
  };
}

/** Calls back when the time is up and, should this process itself have been busy, what has arrived meanwhile has been read. */
function afterwards(milliseconds: number, call: () => void): void {
  setTimeout(() => setImmediate(() => setImmediate(call)), milliseconds).unref();
}

function tailOf(stream: Socket): () => string {
  let tail = "";
  stream.on("data", (chunk: Buffer) => {
    tail = (tail + chunk.toString("latin1")).slice(-TAIL);
  });
  return () => tail.trim();
}

/** Whether a process keeps this one running: a busy one does, an idle one does not. */
function wakefulness(handles: readonly { ref(): unknown; unref(): unknown }[]): (awake: boolean) => void {
  return (awake) => {
    for (const handle of handles) {
      if (awake) handle.ref();
      else handle.unref();
    }
  };
}
