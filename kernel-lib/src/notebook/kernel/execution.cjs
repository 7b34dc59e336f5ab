// Execution of cells, in place of tslab's: Jupyter's `execute_input` and `error` messages, replies that name the error, output whole and
// in order, and no request dropped that a client sends after it has seen an error.
"use strict";

const { cellCode } = require("./cell-code.cjs");
const { mergedStreams } = require("./streams.cjs");

function mendExecution(jupyter, failures, guard) {
  let tail = Promise.resolve();
  let batch = 0;

  jupyter.ZmqServer.prototype.handleExecute = async function (socket, message) {
    const send = (to, type, content) => {
      const reply = message.createReply();
      reply.header.msg_type = type;
      reply.content = content;
      reply.signAndSend(this.connInfo.key, to);
    };
    const publish = (type, content) => send(this.iopub, type, content);
    const arrivedIn = batch;
    const turn = tail.then(async () => {
      if (arrivedIn !== batch) return { status: "aborted" };
      const reply = await executeCell(this.handler, message.content, publish);
      // "Run all" sends every cell at once: those already here must not run after a failure. A short wait lets zeromq hand over what it has.
      if (reply.status === "error" && message.content.stop_on_error !== false) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        batch++;
      }
      return reply;
    });
    tail = turn.catch(() => {});
    send(socket, "execute_reply", await turn);
  };

  async function executeCell(handler, request, publish) {
    // Begun by a callback of its own: when V8 stops a loop it forgets all microtasks, which must be this cell's alone.
    await new Promise(setImmediate);
    const count = request.silent ? handler.execCount : ++handler.execCount;
    if (!request.silent) publish("execute_input", { code: request.code, execution_count: count });
    const streams = mergedStreams(publish);
    // They stay in place when the cell has ended: later output goes to the latest cell, as in IPython.
    process.stdout.write = streams.writer("stdout");
    process.stderr.write = streams.writer("stderr");
    jupyter.lastWriteDisplayData = (content, update) => {
      streams.flush();
      publish(update ? "update_display_data" : "display_data", content);
    };
    const held = [];
    jupyter.holdCell = (promise) => void held.push(promise);
    const restarted = guard.takeRestartNote();
    if (restarted !== undefined) process.stderr.write(restarted);
    failures.begin();
    guard.beginCell(count);
    const executed = handler.executor.execute(cellCode(request.code)).catch(failures.ofCompiler);
    const ok = await failures.orInterrupt(executed);
    await failures.orInterrupt(Promise.allSettled(held));
    await new Promise(setImmediate); // unhandled rejections surface after the microtasks
    guard.endCell();
    const failure = failures.end(ok, request.code);
    streams.flush();
    if (failure === undefined) return { status: "ok", execution_count: count, payload: [], user_expressions: {} };
    publish("error", failure);
    return { status: "error", execution_count: count, ...failure };
  }
}

module.exports = { mendExecution };
