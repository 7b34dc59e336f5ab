// What went wrong in a cell. tslab prints it on stderr and says only "error"; here it is kept, for Jupyter's `error` message.
"use strict";

const { format, inspect } = require("node:util");

const diagnosticFormat = "%s%d:%d - %s"; // how tslab prints TypeScript's diagnostics

function recordFailures(executorModule, guard) {
  let executor;
  let interrupt;
  let running = false;
  let everRan = false;
  let diagnostics = [];
  let thrown = [];
  const rejections = new Map();

  const { createExecutor } = executorModule;
  executorModule.createExecutor = (rootDir, converters, console) => {
    const error = (...args) => {
      if (args[0] === diagnosticFormat) diagnostics.push(args);
      else thrown.push(args[0]);
    };
    executor = createExecutor(rootDir, guarded(converters), { log: console.log, error });
    const interruptTslab = executor.interrupt;
    executor.interrupt = () => {
      interruptTslab();
      interrupt?.();
    };
    return executor;
  };

  /** tslab's compiler, marked as the kernel's own work while it runs. */
  function guarded(converters) {
    return {
      get node() {
        const converter = converters.node;
        return { ...converter, convert: (...args) => guard.ownWork(() => converter.convert(...args)) };
      },
      get browser() {
        return converters.browser;
      },
      close: () => converters.close(),
    };
  }

  /** Settles with a promise or, if that does not come to an end, soon after the cell was interrupted: then with false. */
  function orInterrupt(promise) {
    const interrupted = new Promise((resolve) => {
      interrupt = () => setTimeout(resolve, 200, false);
    });
    return Promise.race([promise, interrupted]);
  }

  function begin() {
    running = everRan = true;
    diagnostics = [];
    thrown = [];
    rejections.clear();
  }

  /** The cell's failure as Jupyter's error content, or undefined. */
  function end(ok, code) {
    running = false;
    if (!ok && diagnostics.length > 0) return compileFailure(diagnostics, code);
    const causes = [...thrown, ...rejections.values()];
    if (guard.wasStoppedByForce() || isInterrupt(causes[0])) return interruption(guard.wasStoppedByForce());
    if (causes.length > 0) return runtimeFailure(causes[0]);
    if (!ok) return { ename: "Error", evalue: "the cell failed without a message", traceback: [] };
    for (const args of diagnostics) console.error(format(...args)); // a module cell: registered in spite of them
    return undefined;
  }

  /** tslab's compiler breaks on some code; without this no reply would ever be sent. */
  function ofCompiler(error) {
    thrown.push(error);
    return false;
  }

  function onUncaught(error) {
    if (running) {
      thrown.push(error);
      executor.interrupt(); // what the cell awaits may never come
    } else if (everRan) console.error("Uncaught exception after the cell had ended:", error);
    else stopStarting(error);
  }

  function onRejection(reason, promise) {
    if (running) rejections.set(promise, reason);
    else if (everRan) console.error("Unhandled rejection after the cell had ended:", reason);
    else stopStarting(reason);
  }

  function takeOverFromTslab() {
    process.removeAllListeners("uncaughtException").on("uncaughtException", onUncaught);
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", onRejection);
    process.on("rejectionHandled", (promise) => rejections.delete(promise));
  }

  return { begin, end, ofCompiler, orInterrupt, takeOverFromTslab };
}

function stopStarting(error) {
  process.stderr.write(`the kernel cannot start: ${inspect(error)}\n`);
  process.exit(1);
}

function compileFailure(diagnostics, code) {
  const lines = code.split("\n");
  const traceback = diagnostics.map(([, file, line, character, message]) => {
    const head = `${file}${line}:${character} - ${message}`;
    const source = file === "" ? lines[line - 1] : undefined;
    if (source === undefined) return head;
    const prefix = `  ${line} | `;
    return `${head}\n${prefix}${source}\n${" ".repeat(prefix.length + character - 1)}^`;
  });
  const [, file, line, character, message] = diagnostics[0];
  return { ename: "TypeScriptError", evalue: `${file}${line}:${character} - ${message}`, traceback };
}

/** tslab's own error for what is awaited, Node's for a loop. */
function isInterrupt(value) {
  return (
    isError(value) &&
    (value.message === "Interrupted asynchronously" || value.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED")
  );
}

function interruption(byForce) {
  const evalue = byForce
    ? "the cell was stopped in the middle of its code; what it was changing may be half done"
    : "the cell was interrupted";
  return { ename: "Interrupted", evalue, traceback: [`Interrupted: ${evalue}`] };
}

function runtimeFailure(value) {
  if (!isError(value)) {
    const evalue = typeof value === "string" ? value : inspect(value);
    return { ename: "ThrownValue", evalue, traceback: [`thrown: ${evalue}`] };
  }
  const evalue = String(value.message);
  const ename = String(value.name || "Error");
  const traceback = [readableStack(value)];
  if (typeof value.hint === "string") traceback.push(`hint: ${value.hint}`);
  for (let cause = value.cause, depth = 0; cause !== undefined && depth < 5; cause = cause?.cause, depth++) {
    traceback.push(`caused by ${isError(cause) ? readableStack(cause) : inspect(cause)}`);
  }
  return { ename, evalue, traceback };
}

// Errors of jsdom's or vm's own realms are errors too.
function isError(value) {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** The stack without the frames of Node and tslab; lines of a cell are those of its compiled JavaScript. */
function readableStack(error) {
  const stack = typeof error.stack === "string" ? error.stack : `${error.name}: ${error.message}`;
  return stack
    .split("\n")
    .filter((line) => !/^\s+at .*(node:|[\\/]tslab[\\/]dist[\\/]|notebook[\\/]kernel[\\/])/.test(line))
    .map((line) => line.replace(/evalmachine\.<anonymous>/g, "cell"))
    .join("\n");
}

module.exports = { recordFailures };
