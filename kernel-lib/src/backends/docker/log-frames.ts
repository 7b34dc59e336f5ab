/** The engine's log stream: frames of eight bytes (source, length) and a payload that begins with its time. */

export type Source = "stdout" | "stderr";

/** Reads one container's log, across any number of broken streams, each frame once. */
export interface LogReader {
  /** Takes bytes of the current stream. */
  write(chunk: Buffer): void;
  /** A new stream begins, asked for with `since()`: what was taken before is passed over. */
  restart(): void;
  /** From when the next stream should tell, as `seconds.nanoseconds`; undefined: from the beginning. */
  since(): string | undefined;
}

const HEADER = 8;
/** Engines cut lines at 16 KiB. A frame that claims more is none, nor is anything after it: the stream is passed over to its end. */
const LONGEST_FRAME = 1 << 20;

interface Position {
  /** Time of the last frame taken. */
  last: string;
  /** Frames taken that have this time; parts of a long line share one. */
  taken: number;
  /** Of those, how many the current stream has told again. */
  seen: number;
  /** The last frame taken ended in the middle of a line. */
  isOpen: boolean;
}

const start = (): Position => ({ last: "", taken: 0, seen: 0, isOpen: false });
const NEWLINE = Buffer.from("\n");

/**
 * @param take receives what a container wrote, without times.
 */
export function logReader(take: (payload: Buffer, source: Source) => void): LogReader {
  const positions: Record<Source, Position> = { stdout: start(), stderr: start() };
  let chunks: Buffer[] = [];
  let size = 0;
  /** Bytes of the frame that comes, as far as they are known. */
  let needed = HEADER;

  const onFrame = (source: Source, frame: Buffer): void => {
    const space = Math.max(0, frame.indexOf(0x20));
    const time = frame.toString("latin1", 0, space);
    const position = positions[source];
    const isSameLine = time === position.last;
    if (!isNew(position, time)) return;
    // Lines over 16 KiB come in parts of one time; some engines lose the newline after the last part.
    if (position.isOpen && !isSameLine) take(NEWLINE, source);
    const payload = frame.subarray(space + 1);
    position.isOpen = payload.at(-1) !== 0x0a;
    take(payload, source);
  };
  return {
    write: (chunk) => {
      if (needed > LONGEST_FRAME) return;
      chunks.push(chunk);
      size += chunk.length;
      if (size < needed) return;
      const data = chunks.length === 1 ? chunk : Buffer.concat(chunks);
      let at = 0;
      needed = HEADER;
      while (data.length - at >= needed) {
        needed = HEADER + data.readUInt32BE(at + 4);
        if (data.length - at < needed) break;
        onFrame(data[at] === 2 ? "stderr" : "stdout", data.subarray(at + HEADER, at + needed));
        at += needed;
        needed = HEADER;
      }
      chunks = at < data.length && needed <= LONGEST_FRAME ? [data.subarray(at)] : [];
      size = data.length - at;
    },
    restart: () => {
      // Half a frame of the old stream is told again, whole.
      chunks = [];
      size = 0;
      needed = HEADER;
      for (const position of Object.values(positions)) position.seen = 0;
    },
    // Standard output decides: events must be whole, while a lost line of stderr is only a line of log.
    since: () => (positions.stdout.last === "" ? undefined : toSince(positions.stdout.last)),
  };
}

/** Whether a frame has not been taken yet. Times are of one width, so that their text sorts as they do. */
function isNew(position: Position, time: string): boolean {
  if (time < position.last) return false;
  if (time > position.last) {
    position.last = time;
    position.taken = 1;
    position.seen = 1;
    return true;
  }
  position.seen++;
  if (position.seen <= position.taken) return false;
  position.taken = position.seen;
  return true;
}

function toSince(time: string): string {
  const [, whole, nanoseconds] = /^(.*?)\.(\d+)/.exec(time) ?? [];
  return `${Math.floor(Date.parse(`${whole}Z`) / 1000)}.${nanoseconds}`;
}
