// Jupyter's messages, as far as the kernel needs them beside tslab: [identities..., "<IDS|MSG>", signature, header, parent, metadata, content].
"use strict";

const { createHmac, randomUUID, timingSafeEqual } = require("node:crypto");

const delimiter = "<IDS|MSG>";

/** A request, or undefined where the signature is not of this key or the message is none. */
function readRequest(key, frames) {
  const at = frames.findIndex((frame) => frame.toString() === delimiter);
  if (at < 0 || frames.length < at + 6) return undefined;
  const signature = frames[at + 1];
  const expected = Buffer.from(sign(key, frames.slice(at + 2)));
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return undefined;
  const [header, , , content] = frames.slice(at + 2).map((frame) => JSON.parse(frame.toString()));
  return { identities: frames.slice(0, at), header, content };
}

/** The frames of the reply to a request. */
function writeReply(key, request, content) {
  return writeMessage(key, request, request.header.msg_type.replace(/_request$/, "_reply"), content);
}

/** The frames of a message that a request caused. */
function writeMessage(key, { identities, header }, type, content) {
  const { session, username } = header;
  const ownHeader = {
    msg_id: randomUUID(),
    msg_type: type,
    session,
    username,
    date: new Date().toISOString(),
    version: "5.3",
  };
  const parts = [ownHeader, header, {}, content].map((part) => JSON.stringify(part));
  return [...identities, delimiter, sign(key, parts), ...parts];
}

function sign(key, parts) {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

module.exports = { readRequest, writeMessage, writeReply };
