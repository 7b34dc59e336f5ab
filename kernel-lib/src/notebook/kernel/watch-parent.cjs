// Jupyter or the runner may die without saying goodbye; a kernel must not train on for hours with nobody there. A worker thread
// watches, because a cell's synchronous loop would stop the main thread's timers.
"use strict";

const { Worker } = require("node:worker_threads");

const watch = `
const parent = process.ppid;
setInterval(() => {
  if (process.ppid === parent) return;
  // The runner starts the kernel as the leader of a process group, with the cell's own child processes in it.
  try { process.kill(-process.pid, "SIGKILL"); } catch {}
  process.kill(process.pid, "SIGKILL");
}, 500);
`;

function watchParent() {
  if (process.platform === "win32") return; // a Windows process keeps the id of a dead parent
  new Worker(watch, { eval: true, execArgv: [] }).unref();
}

module.exports = { watchParent };
