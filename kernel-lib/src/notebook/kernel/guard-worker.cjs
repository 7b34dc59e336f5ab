// The guard's thread (see guard.cjs). It answers Jupyter's control channel and watches the parent, whatever the main thread does.
"use strict";

const { readFileSync, writeFileSync } = require("node:fs");
const { Session } = require("node:inspector");
const { parentPort, workerData } = require("node:worker_threads");
const { readRequest, writeReply } = require("./wire.cjs");

const { configPath, restartNote, shared, activities, cells } = workerData;
const connection = JSON.parse(readFileSync(configPath, "utf8"));
const politeMs = 500; // time for an await or a loop to be interrupted by the signal
const forcedMs = 3000; // time for a loop to be stopped by force
const orders = { bind, send: ({ frames }) => control.send(frames), pong, goodbye };
const pongs = new Map();
let control;

parentPort.on("message", ({ type, ...content }) => orders[type](content));
watchParent();

async function bind() {
  const { Router } = require("zeromq");
  // With a send timeout of zero a send goes straight to zeromq's own queue (see sockets.cjs).
  control = new Router({ linger: 100, sendTimeout: 0, sendHighWaterMark: 0 });
  try {
    await control.bind(`${connection.transport}://${connection.ip}:${connection.control_port}`);
  } catch (error) {
    return parentPort.postMessage({ type: "unbound", message: error.message });
  }
  parentPort.postMessage({ type: "bound" });
  for await (const frames of control) receive(frames);
}

function receive(frames) {
  const request = readRequest(connection.key, frames);
  if (request === undefined) return; // not signed with the connection's key
  const reply = (content) => control.send(writeReply(connection.key, request, content));
  if (request.header.msg_type === "interrupt_request") {
    reply({ status: "ok" });
    void interrupt();
  } else if (request.header.msg_type === "shutdown_request") {
    reply({ status: "ok", restart: request.content.restart === true });
    shutDown();
  } else parentPort.postMessage({ type: "request", frames });
}

/**
 * The signal reaches what is awaited, and a loop before the first `await`. A loop after it runs as a microtask, which no signal reaches: V8
 * stops it. Code outside JavaScript (a child process waited for, say) hears neither: the process ends, and Jupyter starts another.
 */
async function interrupt() {
  process.kill(process.pid, "SIGINT");
  if (await answers(politeMs)) return;
  while (Atomics.load(shared, cells.activity) !== activities.cell) if (await answers(100)) return;
  Atomics.store(shared, cells.stoppedByForce, 1);
  const session = new Session();
  session.connectToMainThread();
  session.post("Runtime.terminateExecution");
  const stopped = await answers(forcedMs);
  if (stopped) return session.disconnect();
  const cell = Atomics.load(shared, cells.executionCount);
  const note = `The kernel was started anew: cell [${cell}] did not stop when it was interrupted. Variables of earlier cells are gone.\n`;
  writeFileSync(restartNote, note, { mode: 0o600 });
  killGroup();
}

/** Whether the main thread does anything at all within a time. */
function answers(ms) {
  const id = Math.random();
  parentPort.postMessage({ type: "ping", id });
  return new Promise((resolve) => {
    const settle = (answered) => {
      clearTimeout(timer);
      pongs.delete(id);
      resolve(answered);
    };
    const timer = setTimeout(settle, ms, false);
    pongs.set(id, settle);
  });
}

function pong({ id }) {
  pongs.get(id)?.(true);
}

/** `process.exit`, so that exit handlers run; a busy main thread does not hear it. */
function shutDown() {
  parentPort.postMessage({ type: "shutdown" });
  setTimeout(killGroup, 700);
}

function goodbye() {
  control?.close();
  parentPort.close();
  setImmediate(() => {
    Atomics.store(shared, cells.goodbye, 1);
    Atomics.notify(shared, cells.goodbye);
  });
}

/** Jupyter or the runner may die without saying goodbye; a kernel must not train on for hours with nobody there. */
function watchParent() {
  if (process.platform === "win32") return; // a Windows process keeps the id of a dead parent
  setInterval(() => process.ppid !== workerData.parent && killGroup(), 500).unref();
}

/** Jupyter and the runner start a kernel as the leader of a process group, with the cells' child processes in it. */
function killGroup() {
  try {
    process.kill(-process.pid, "SIGKILL");
  } catch {
    // not a leader
  }
  process.kill(process.pid, "SIGKILL");
}
