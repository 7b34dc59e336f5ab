// tslab sends without awaiting. zeromq's binding turns the 513th send of a tick into a delayed one and throws on those after it,
// so that output is lost, the cell's `idle` included. With a send timeout of zero every send goes straight to zeromq's own queue.
"use strict";

function mendSockets(jupyter) {
  const { bindSocket, close } = jupyter.ZmqServer.prototype;

  jupyter.ZmqServer.prototype.bindSocket = function (socket, port) {
    socket.sendTimeout = 0;
    socket.sendHighWaterMark = 0; // no limit: a slow reader must not lose messages
    return bindSocket.call(this, socket, port);
  };

  // A cell's timers or open handles must not keep the process after a shutdown request.
  jupyter.ZmqServer.prototype.close = function () {
    close.call(this);
    setTimeout(() => process.exit(0), 300).unref();
  };
}

module.exports = { mendSockets };
