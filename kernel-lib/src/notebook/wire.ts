import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { LabError } from "../core/index.js";

/** A Jupyter message, as much of it as a client needs (jupyter-client's messaging documentation, version 5.3). */
export interface Message {
  readonly type: string;
  readonly id: string;
  /** Id of the request that this message answers. */
  readonly parentId: string | undefined;
  readonly content: { readonly [key: string]: unknown };
}

const delimiter = Buffer.from("<IDS|MSG>");
const session = randomUUID();

/** A signed request, as zeromq frames. */
export function encodeRequest(key: string, type: string, id: string, content: object): (Buffer | string)[] {
  const header = {
    msg_id: id,
    msg_type: type,
    session,
    username: "ilr-lab",
    date: new Date().toISOString(),
    version: "5.3",
  };
  const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
  return [delimiter, signature(key, parts), ...parts];
}

/**
 * A received message.
 *
 * @throws LabError `notebook-failed` when it is not a Jupyter message or its signature is wrong.
 */
export function decodeMessage(key: string, frames: readonly Buffer[]): Message {
  const at = frames.findIndex((frame) => frame.equals(delimiter));
  const [signed, ...parts] = frames.slice(at + 1);
  if (at < 0 || signed === undefined || parts.length < 4) {
    throw new LabError("notebook-failed", "the kernel sent something that is not a Jupyter message");
  }
  const expected = Buffer.from(signature(key, parts.slice(0, 4)));
  if (signed.length !== expected.length || !timingSafeEqual(signed, expected)) {
    throw new LabError("notebook-failed", "the kernel sent a message with a wrong signature");
  }
  const [header, parent, , content] = parts.map(
    (part) => JSON.parse(part.toString("utf8")) as { [key: string]: unknown },
  );
  return {
    type: String(header?.msg_type),
    id: String(header?.msg_id),
    parentId: typeof parent?.msg_id === "string" ? parent.msg_id : undefined,
    content: content ?? {},
  };
}

function signature(key: string, parts: readonly (Buffer | string)[]): string {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}
