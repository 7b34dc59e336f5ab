/**
 * A Docker Engine of the test's own, which it may kill. Needs root and dockerd. It lives in a network namespace of its own: an engine
 * without a bridge removes that of the machine's engine.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { dockerode } from "./docker-fixtures.js";

export interface OwnEngine {
  readonly socket: string;
  /** Starts it (again) and waits until it answers. */
  start(): Promise<void>;
  /** Ends it, its containers go on. */
  stop(signal: NodeJS.Signals): Promise<void>;
  /** Ends it with everything that it holds. */
  remove(): Promise<void>;
}

/** Whether a test may start an engine here. */
export function canStartEngine(): boolean {
  try {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
    execFileSync("unshare", ["--net", "dockerd", "--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export function ownEngine(): OwnEngine {
  const root = mkdtempSync(join(tmpdir(), "ilr-dockerd-"));
  const socket = join(root, "docker.sock");
  const paths = ["--data-root", join(root, "data"), "--exec-root", join(root, "exec"), "-p", join(root, "pid")];
  const alone = ["--bridge", "none", "--iptables=false", "--live-restore", "-H", `unix://${socket}`];
  let child: ChildProcess | undefined;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    child?.kill(signal);
    await ended;
    child = undefined;
  };
  const start = async (): Promise<void> => {
    // Left by a killed engine and its containerd, which die together. Such a number may be somebody else's by now, or that of a process
    // that nobody has reaped: dockerd would wait in vain for that containerd to answer.
    for (const pid of [join(root, "pid"), join(root, "exec", "containerd", "containerd.pid")])
      rmSync(pid, { force: true });
    const log = openSync(join(root, "log"), "a");
    child = spawn("unshare", ["--net", "dockerd", ...paths, ...alone], { stdio: ["ignore", log, log], detached: true });
    closeSync(log);
    for (let tries = 0; tries < 300; tries++) {
      if (await answers(socket)) return;
      await pause(100);
    }
    throw new Error(`dockerd does not answer; its last words: ${readFileSync(join(root, "log"), "utf8").slice(-2000)}`);
  };
  return {
    socket,
    start,
    stop,
    remove: async () => {
      if (child === undefined) await start();
      const docker = dockerode(socket);
      for (const { Id } of await docker.listContainers({ all: true })) {
        // Gone already, or on its way; the rest must be cleared away whatever happens here.
        await docker
          .getContainer(Id)
          .remove({ force: true })
          .catch(() => {});
      }
      await stop("SIGTERM");
      for (const mount of mountsUnder(root)) execFileSync("umount", ["-l", mount]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function answers(socket: string): Promise<boolean> {
  return dockerode(socket)
    .ping()
    .then(
      () => true,
      () => false,
    );
}

function mountsUnder(root: string): readonly string[] {
  const table = execFileSync("cat", ["/proc/mounts"], { encoding: "utf8" }).split("\n");
  return table
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(root))
    .reverse();
}
