// Output of a cell, merged: writes of one turn of the event loop become one `stream` message, so that 200,000 lines are a handful of
// messages. A long synchronous loop still shows its output as it goes, because a write that comes late enough flushes.
"use strict";

const flushAfterMs = 50;
const flushAtChars = 1 << 18;
// The first writes after a pause go out at once: what is printed before a long computation must be seen during it.
const promptWrites = 4;

function mergedStreams(publish) {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let name = "stdout";
  let parts = [];
  let length = 0;
  let flushedAt = Date.now();
  let prompt = promptWrites;
  let timer;

  function flush() {
    clearTimeout(timer);
    timer = undefined;
    flushedAt = Date.now();
    if (parts.length === 0) return;
    const text = parts.join("");
    parts = [];
    length = 0;
    publish("stream", { name, text });
  }

  function write(stream, chunk) {
    const text = typeof chunk === "string" ? chunk : decoders[stream].decode(chunk, { stream: true });
    if (text === "") return;
    if (stream !== name) flush();
    name = stream;
    parts.push(text);
    length += text.length;
    const paused = Date.now() - flushedAt >= flushAfterMs;
    if (paused) prompt = promptWrites;
    if (length >= flushAtChars || paused || prompt-- > 0) flush();
    else timer ??= setTimeout(flush, 10);
  }

  /** A replacement for a stream's `write`. */
  function writer(stream) {
    return (chunk, encoding, callback) => {
      write(stream, chunk);
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") process.nextTick(done);
      return true;
    };
  }

  return { flush, writer };
}

module.exports = { mergedStreams };
