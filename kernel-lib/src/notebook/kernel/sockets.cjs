// tslab sends without awaiting. zeromq's binding turns the 513th send of a tick into a delayed one and throws on those after it,
// so that output is lost, the cell's `idle` included. With a send timeout of zero every send goes straight to zeromq's own queue.
"use strict";

const { Reply, Router } = require("zeromq");
const { readRequest, writeMessage, writeReply } = require("./wire.cjs");

/** What tslab answers wrongly or not at all. */
const answers = {
  history_request: { status: "ok", history: [] },
  comm_info_request: { status: "ok", comms: {} },
};

/** tslab prints the names of other types into the last cell's output. */
const knownToTslab = new Set(
  ["kernel_info", "execute", "is_complete", "inspect", "complete", "shutdown"].map((name) => `${name}_request`),
);

function mendSockets(jupyter, guard) {
  const { bindSocket, handleShellMessage, close } = jupyter.ZmqServer.prototype;
  const waitForBind = mendBinding([Router, Reply]);

  jupyter.ZmqServer.prototype.bindSocket = function (socket, port) {
    socket.sendTimeout = 0;
    socket.sendHighWaterMark = 0; // no limit: a slow reader must not lose messages
    const bound =
      socket === this.control
        ? guard.openControl((proxy, frames) => this.handleShellMessage(proxy, ...frames))
        : bindSocket.call(this, socket, port);
    this.bindings ??= [];
    this.bindings.push(bound);
    waitForBind(socket, bound);
    return bound;
  };

  // A client may be faster than the last bind, and a socket refuses to send while it is being bound.
  jupyter.ZmqServer.prototype.handleShellMessage = async function (socket, ...frames) {
    await Promise.all(this.bindings);
    const request = readRequest(this.connInfo.key, frames);
    if (request === undefined) return; // not signed with the connection's key
    const answer = answers[request.header.msg_type];
    if (answer === undefined && !knownToTslab.has(request.header.msg_type)) return;
    if (answer === undefined) return handleShellMessage.call(this, socket, ...frames);
    const publish = (state) =>
      this.iopub.send(writeMessage(this.connInfo.key, request, "status", { execution_state: state }));
    publish("busy");
    socket.send(writeReply(this.connInfo.key, request, answer));
    publish("idle");
  };

  // A cell's timers or open handles must not keep the process after a shutdown request.
  jupyter.ZmqServer.prototype.close = function () {
    close.call(this);
    setTimeout(() => process.exit(0), 300).unref();
  };
}

/**
 * A socket that is being bound can already have a client, whose first message ends tslab's first `receive`; the next one, and the answer to
 * a heartbeat, would be refused, and end the kernel. They wait for the bind here. zeromq's sockets take no properties, so their classes are mended.
 */
function mendBinding(classes) {
  const bindings = new WeakMap();
  for (const { prototype } of classes) {
    for (const name of ["receive", "send"]) {
      const call = prototype[name];
      const value = function (...values) {
        const bound = bindings.get(this);
        return bound === undefined ? call.apply(this, values) : bound.then(() => call.apply(this, values));
      };
      Object.defineProperty(prototype, name, { value });
    }
  }
  return (socket, bound) => {
    bindings.set(socket, bound);
    const done = () => bindings.delete(socket);
    bound.then(done, done);
  };
}

module.exports = { mendSockets };
