// tslab sends without awaiting. zeromq's binding turns the 513th send of a tick into a delayed one and throws on those after it,
// so that output is lost, the cell's `idle` included. With a send timeout of zero every send goes straight to zeromq's own queue.
"use strict";

function mendSockets(jupyter, guard) {
  const { bindSocket, handleShellMessage, close } = jupyter.ZmqServer.prototype;

  jupyter.ZmqServer.prototype.bindSocket = function (socket, port) {
    socket.sendTimeout = 0;
    socket.sendHighWaterMark = 0; // no limit: a slow reader must not lose messages
    const bound =
      socket === this.control
        ? guard.openControl((proxy, frames) => this.handleShellMessage(proxy, ...frames))
        : bindSocket.call(this, socket, port);
    this.bindings ??= [];
    this.bindings.push(bound);
    return bound;
  };

  // A client may be faster than the last bind, and a socket refuses to send while it is being bound.
  jupyter.ZmqServer.prototype.handleShellMessage = async function (...args) {
    await Promise.all(this.bindings);
    return handleShellMessage.apply(this, args);
  };

  // A cell's timers or open handles must not keep the process after a shutdown request.
  jupyter.ZmqServer.prototype.close = function () {
    close.call(this);
    setTimeout(() => process.exit(0), 300).unref();
  };
}

module.exports = { mendSockets };
