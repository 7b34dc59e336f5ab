import { type ChildProcess, spawn } from "node:child_process";

/** A program in a process group of its own, which ends with this process. */
export interface ProcessGroup {
  readonly child: ChildProcess;
  /** Sends a signal to everything in the group; false if nothing is left. */
  signal(name: NodeJS.Signals): boolean;
  /** Kills what is left of the group. */
  sweep(): void;
}

/** How long the group gets between SIGTERM and SIGKILL when its owner has died, in seconds. */
const LAST_GRACE = 3;
/**
 * Waits for the end of its standard input, a pipe that only this process holds open, and then ends the group. However this process
 * dies, the kernel closes the pipe; a trainer needs to know nothing of it.
 */
const WATCH = `read _; kill -s TERM -- "-$1"; sleep ${LAST_GRACE}; kill -s KILL -- "-$1"`;

/**
 * Starts a program as the leader of a process group, without standard input, and a watch that ends the group if this process dies.
 * A program that cannot be started emits `error`, as `spawn` does.
 */
export function startGroup(command: readonly [string, ...string[]], env: NodeJS.ProcessEnv): ProcessGroup {
  const [program, ...args] = command;
  const child = spawn(program, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const watch = child.pid === undefined ? undefined : startWatch(child.pid);
  const signal = (name: NodeJS.Signals): boolean => {
    try {
      return child.pid !== undefined && process.kill(-child.pid, name);
    } catch {
      return false;
    }
  };
  let isSwept = false;
  return {
    child,
    signal,
    sweep: () => {
      if (isSwept) return;
      isSwept = true;
      // First: afterwards the number may belong to somebody else, whom the watch must not meet.
      watch?.kill("SIGKILL");
      signal("SIGKILL");
    },
  };
}

function startWatch(group: number): ChildProcess {
  // In a group of its own: Ctrl-C reaches the foreground group, and the watch must outlive it.
  const stdio = ["pipe", "ignore", "ignore"] as const;
  const watch = spawn("/bin/sh", ["-c", WATCH, "ilr-watch", String(group)], { detached: true, stdio: [...stdio] });
  // Without a shell there is no watch; the step runs all the same.
  watch.on("error", () => {});
  watch.stdin?.on("error", () => {});
  watch.unref();
  return watch;
}
