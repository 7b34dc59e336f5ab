/**
 * A trainer that trains nothing and does what the prompts of a `sample` step tell it. One script for all backends: a module with
 * `runStep` for the embedded workers, and the command `ilr-trainer` for processes and containers. Needs nothing but Node.
 */
import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const KEEPS_NO_ANSWERS = ["forget", "link", "upwards", "elsewhere", "folder"];

export async function runStep(step, directory, emit, signal) {
  const rows = readFileSync(join(directory, "inputs", "prompts"), "utf8")
    .trim()
    .split("\n");
  mkdirSync(join(directory, "outputs"), { recursive: true });
  const answers = [];
  const prompts = rows.map((row) => JSON.parse(row));
  for (const { id, prompt } of prompts) {
    const answer = await obey(prompt, { directory, emit, signal });
    answers.push(`${JSON.stringify({ id, sample: 0, answer: answer ?? `${step.seed}` })}\n`);
  }
  if (prompts.some(({ prompt }) => KEEPS_NO_ANSWERS.includes(prompt))) return;
  writeFileSync(join(directory, "outputs", "answers"), answers.join(""));
}

async function obey(prompt, { directory, emit, signal }) {
  const [order, argument] = prompt.split(" ");
  const outputs = join(directory, "outputs");
  switch (order) {
    case "count":
      for (let done = 1; done <= Number(argument); done++) {
        emit({ type: "progress", done, total: Number(argument), unit: "rows" });
      }
      emit({ type: "metric", name: "loss", value: 0.25, step: 1 });
      emit({ type: "note", text: "ünïcödé ✓" });
      return;
    case "tick": {
      // "tick 20 100": twenty numbered notes, one each 100 ms.
      const [, count, pause] = prompt.split(" ").map(Number);
      for (let number = 1; number <= count; number++) {
        emit({ type: "note", text: `tick ${number}` });
        await sleep(pause, signal);
      }
      return;
    }
    case "sleep":
      emit({ type: "note", text: "sleeping" });
      return sleep(Number(argument), signal).catch((error) => {
        // The sign of a polite end.
        writeFileSync(join(outputs, "stopped"), "");
        throw error;
      });
    case "deaf":
      emit({ type: "note", text: "deaf" });
      process.on("SIGTERM", () => {});
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(argument));
      return;
    case "fail":
      emit({ type: "progress", done: 1, total: 2, unit: "rows" });
      throw Object.assign(new Error("the loss is NaN"), { code: "training-diverged", hint: "lower the rate" });
    case "afterwards":
      setTimeout(() => emit({ type: "note", text: "after the error" }), 20);
      throw Object.assign(new Error("the first error"), { code: "input-damaged", late: true });
    case "crash":
      writeSync(2, "these are the last words\n");
      await sleep(100, signal);
      return process.exit(Number(argument));
    case "link":
      return symlinkSync("/etc/hostname", join(outputs, "answers"));
    case "upwards":
      // Rows that could be read as answers.
      return symlinkSync("../inputs/prompts", join(outputs, "answers"));
    case "elsewhere": {
      const other = join(directory, "scratch", "outputs");
      mkdirSync(other, { recursive: true });
      writeFileSync(join(other, "answers"), `${JSON.stringify({ id: "q0", sample: 0, answer: "x" })}\n`);
      rmSync(outputs, { recursive: true });
      return symlinkSync(other, outputs);
    }
    case "folder":
      return mkdirSync(join(outputs, "answers"));
    case "garbage":
      print("Downloading...\r50%\n");
      print('{"type":"progress","done":"many"}\n{"type":"unknown"}\n{"broken\n[1,2]\nnull\n');
      print(`${"x".repeat(3_000_000)}\n`);
      emit({ type: "note", text: "after the garbage" });
      return;
    case "flood": {
      const block = `${"all work and no play ".repeat(50)}\n`.repeat(1000);
      for (let written = 0; written < Number(argument) * 1e6; written += block.length) print(block);
      emit({ type: "note", text: "after the flood" });
      return;
    }
    case "orphan": {
      // Something that goes on after the trainer, in its group.
      const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { stdio: "inherit" });
      return `${child.pid}`;
    }
    case "hog": {
      const kept = [];
      for (;;) kept.push(Buffer.alloc(16 << 20, 1));
    }
    case "token":
      print(`the token is ${process.env.HF_TOKEN}\n`);
      emit({ type: "note", text: `token ${process.env.HF_TOKEN}` });
      if (argument === "fail") throw new Error(`token ${process.env.HF_TOKEN}`);
      return process.env.HF_TOKEN === undefined ? "no token" : "a token";
    case "fetch":
      // As the Hub's own libraries do: what is fetched stays in HF_HOME.
      writeFileSync(join(process.env.HF_HOME, argument), "fetched");
      return `offline ${process.env.HF_HUB_OFFLINE}`;
    case "resources": {
      const resources = JSON.parse(readFileSync(join(directory, "resources.json"), "utf8"));
      return emit({ type: "note", text: JSON.stringify({ resources, devices: process.env.CUDA_VISIBLE_DEVICES }) });
    }
    case "probe":
      return JSON.stringify(probe(directory));
    case "mark": {
      // "mark /tmp/marks 20 100 2": leaves a mark in a file of the host, so that starts can be counted, and ticks; before the second
      // start for ever, so that whatever is to end the first one may take its time.
      const [, file, count = "0", pause = "0", needed = "1"] = prompt.split(" ");
      appendFileSync(file, "x");
      const isLast = readFileSync(file, "utf8").length >= Number(needed);
      return obey(`tick ${isLast ? count : 1e6} ${pause}`, { directory, emit, signal });
    }
    case "once":
      // Counts how often a step was started, in a file of the host that outlives it.
      appendFileSync(join(directory, "scratch", "starts"), "x");
      return;
  }
}

/** What a container lets its trainer do. */
function probe(directory) {
  const canWrite = (path) => {
    try {
      writeFileSync(path, "x");
      return true;
    } catch {
      return false;
    }
  };
  const status = readFileSync("/proc/self/status", "utf8");
  const line = (name) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1];
  return {
    uid: process.getuid(),
    // A folder of the image that everybody might write.
    root: canWrite("/open/inner/probe"),
    isOpen: existsSync("/open/inner"),
    inputs: canWrite(join(directory, "inputs", "prompts")) || canWrite(join(directory, "inputs", "new")),
    step: canWrite(join(directory, "step.json")),
    readOnly: / \/step \S+ ro,/.test(readFileSync("/proc/mounts", "utf8")),
    tmp: canWrite("/tmp/probe"),
    scratch: canWrite(join(directory, "scratch", "probe")),
    interfaces: Object.keys(networkInterfaces()).filter((name) => name !== "lo"),
    capabilities: line("CapBnd"),
    noNewPrivileges: line("NoNewPrivs"),
    isInit: process.pid === 1,
    docker: existsSync("/var/run/docker.sock"),
  };
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(Object.assign(new Error("cancelled"), { code: "cancelled" }));
    if (signal?.aborted) return stop();
    signal?.addEventListener("abort", stop, { once: true });
    setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
  });
}

let print = (text) => void process.stdout.write(text);

async function main([command, directory]) {
  print = (text) => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
  };
  const emit = (event) => print(`${JSON.stringify(event)}\n`);
  if (command === "check") {
    const identity = "5c".repeat(32);
    return print(`loading\n${JSON.stringify({ name: "scripted", identity, versions: {}, problems: [] })}\n`);
  }
  const controller = new AbortController();
  process.on("SIGTERM", () => controller.abort());
  try {
    const step = JSON.parse(readFileSync(join(directory, "step.json"), "utf8"));
    await runStep(step, directory, emit, controller.signal);
  } catch (error) {
    const { code = "step-failed", message, hint, late } = error;
    emit({ type: "error", code, message, hint });
    if (late) {
      emit({ type: "error", code: "internal", message: "the second error" });
      emit({ type: "note", text: "after the error" });
    }
    process.exit(code === "cancelled" ? 143 : late ? 0 : 1);
  }
  process.exit(0);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(process.argv.slice(2));
}
