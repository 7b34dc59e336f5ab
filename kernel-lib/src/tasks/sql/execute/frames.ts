/** Messages on a pipe: four bytes of length (big-endian), then that many bytes. */

/** A message may be as long as the schema of a large database, not as long as a table. */
export const LONGEST_FRAME = 4 * 2 ** 20;
const HEADER = 4;

/** The message as it goes through the pipe: UTF-8 JSON, framed. */
export function frameOf(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message), "utf8");
  const frame = Buffer.allocUnsafe(HEADER + body.length);
  frame.writeUInt32BE(body.length);
  body.copy(frame, HEADER);
  return frame;
}

/**
 * Cuts what arrives into messages. It never holds more than one message and one chunk.
 *
 * @param onFrame called with the bytes of each message.
 * @param onExcess called once when a length is past `longest`; after that everything is dropped.
 */
export function frameReader(
  onFrame: (body: Buffer) => void,
  onExcess: () => void,
  longest = LONGEST_FRAME,
): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let held = 0;
  let needed = HEADER;
  let deaf = false;
  return (chunk) => {
    if (deaf) return;
    chunks.push(chunk);
    held += chunk.length;
    while (!deaf && held >= needed) {
      const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      const length = all.readUInt32BE();
      deaf = length > longest;
      needed = HEADER + length;
      const whole = !deaf && all.length >= needed;
      const rest = whole ? all.subarray(needed) : all;
      chunks = deaf || rest.length === 0 ? [] : [rest];
      held = deaf ? 0 : rest.length;
      if (deaf) onExcess();
      if (!whole) break;
      onFrame(all.subarray(HEADER, needed));
      needed = HEADER;
    }
  };
}
