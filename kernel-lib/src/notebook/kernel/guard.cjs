// What must work while a cell keeps the main thread busy: interrupt, shutdown, and noticing that the parent has died. A worker thread owns
// the control channel; this is the main thread's end of it.
"use strict";

const { readFileSync, rmSync } = require("node:fs");
const { join } = require("node:path");
const { Worker } = require("node:worker_threads");

/** What the main thread is doing, for the guard: only a cell's own code may be stopped by force. */
const activities = { waiting: 0, ownWork: 1, cell: 2 };
/** Indices of the memory that both threads see. */
const cells = { activity: 0, stoppedByForce: 1, goodbye: 2, executionCount: 3 };

function startGuard(configPath) {
  const shared = new Int32Array(new SharedArrayBuffer(4 * Object.keys(cells).length));
  const restartNote = `${configPath}.restart`;
  const parent = parentToWatch();
  const worker = new Worker(join(__dirname, "guard-worker.cjs"), {
    workerData: { configPath, restartNote, shared, activities, cells, parent },
    execArgv: [],
  });
  const listeners = new Map();
  worker.on("message", ({ type, ...content }) => listeners.get(type)?.(content));
  worker.on("error", (error) => {
    process.stderr.write(`the kernel's guard failed: ${error.stack}\n`);
    process.exit(1);
  });
  worker.unref();
  listeners.set("ping", ({ id }) => worker.postMessage({ type: "pong", id }));
  listeners.set("shutdown", shutDown);
  process.on("exit", () => {
    // zeromq aborts the process when a thread with an open socket is torn down; the guard closes its own in a few milliseconds.
    worker.postMessage({ type: "goodbye" });
    Atomics.wait(shared, cells.goodbye, 0, 500);
  });

  return {
    /** Resolves when the control channel is bound; its other requests go to `handle(socket, frames)`. */
    openControl(handle) {
      const socket = { send: (frames) => worker.postMessage({ type: "send", frames }) };
      listeners.set("request", ({ frames }) => handle(socket, frames.map(Buffer.from)));
      return new Promise((resolve, reject) => {
        listeners.set("bound", resolve);
        listeners.set("unbound", ({ message }) => reject(new Error(message)));
        worker.postMessage({ type: "bind" });
      });
    },
    beginCell(executionCount) {
      Atomics.store(shared, cells.stoppedByForce, 0);
      Atomics.store(shared, cells.executionCount, executionCount);
      Atomics.store(shared, cells.activity, activities.cell);
    },
    endCell: () => void Atomics.store(shared, cells.activity, activities.waiting),
    /** Runs work of the kernel's own, such as the compiler's: stopped in the middle, it could not go on afterwards. */
    ownWork(work) {
      const before = Atomics.exchange(shared, cells.activity, activities.ownWork);
      try {
        return work();
      } finally {
        Atomics.store(shared, cells.activity, before);
      }
    },
    wasStoppedByForce: () => Atomics.load(shared, cells.stoppedByForce) === 1,
    /** What the guard left for this process when it ended the one before; once. */
    takeRestartNote() {
      try {
        const note = readFileSync(restartNote, "utf8");
        rmSync(restartNote);
        return note;
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * The process without which the kernel ends. Its runner says who it is, because it may be dead by now and somebody else our parent; a runner
 * that lives and is not our parent started something between the two. Jupyter does not say who it is.
 */
function parentToWatch() {
  const parent = process.ppid; // first: whoever was alive afterwards was so now
  const runner = Number(process.env.ILR_KERNEL_PARENT ?? parent);
  delete process.env.ILR_KERNEL_PARENT; // kernels that cells start have other parents
  try {
    process.kill(runner, 0);
    return parent;
  } catch {
    return runner;
  }
}

/** Ends the process with its exit handlers, and then what its cells have started. */
function shutDown() {
  process.on("exit", () => {
    try {
      process.kill(-process.pid, "SIGKILL"); // Jupyter and the runner start a kernel as the leader of a process group
    } catch {
      // not a leader
    }
  });
  process.exit(0);
}

module.exports = { startGuard };
