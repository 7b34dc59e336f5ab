import { StringDecoder } from "node:string_decoder";
import { z } from "zod";
import type { Emit, StepEvent } from "../../core/index.js";

type ErrorEvent = Extract<StepEvent, { readonly type: "error" }>;

/** What a trainer prints, taken in as it comes. */
export interface EventStream {
  /** Takes bytes; characters and lines may be split anywhere. Only standard output carries events. */
  write(chunk: Uint8Array, source?: "stdout" | "stderr"): void;
  /** The output has ended: what stands there without a newline counts. */
  end(): void;
  /** The first error that the trainer told, if any; it decides the step. */
  readonly error: ErrorEvent | undefined;
  /** The last lines that were no events. */
  readonly tail: string;
}

export interface EventStreamOptions {
  /** Receives every event but errors. */
  readonly emit: Emit;
  /** Texts that must not be seen, such as tokens: replaced wherever they stand. */
  readonly secrets?: readonly string[];
}

/** Longest line that can be an event, in characters; of longer ones the head is kept as log. */
const LONGEST_LINE = 1 << 20;
const TAIL_LINES = 40;
const TAIL_WIDTH = 400;

const eventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("progress"), done: z.number(), total: z.number(), unit: z.string() }),
  z.object({ type: z.literal("metric"), name: z.string(), value: z.number(), step: z.number() }),
  z.object({ type: z.literal("note"), text: z.string() }),
  z.object({ type: z.literal("error"), code: z.string(), message: z.string(), hint: z.string().nullish() }),
]);

/**
 * Reads a trainer's events, one JSON object a line. Whatever else it prints is log: the last lines are kept for error messages, and
 * nothing of it is ever fatal.
 *
 * @example
 * const stream = eventStream({ emit: (event) => console.log(event.type) });
 * stream.write(Buffer.from('{"type":"note","text":"hello"}\n'));
 */
export function eventStream({ emit, secrets = [] }: EventStreamOptions): EventStream {
  const hidden = secrets.filter((secret) => secret !== "");
  const last: string[] = [];
  let error: ErrorEvent | undefined;

  const clean = (line: string): string => hidden.reduce((text, secret) => text.replaceAll(secret, "***"), line);
  const keep = (line: string): void => {
    if (line.trim() === "") return;
    last.push(line.length > TAIL_WIDTH ? `${line.slice(0, TAIL_WIDTH)}...` : line);
    if (last.length > TAIL_LINES) last.shift();
  };
  const onOutput = (raw: string): void => {
    const line = clean(raw);
    const event = parseEvent(line);
    if (event === undefined) keep(line);
    else if (event.type === "error") error ??= event;
    else emit(event);
  };
  const lines = {
    stdout: lineReader(onOutput, (head) => keep(clean(head))),
    stderr: lineReader(
      (line) => keep(clean(line)),
      (head) => keep(clean(head)),
    ),
  };
  return {
    write: (chunk, source = "stdout") => lines[source].write(chunk),
    end: () => {
      lines.stdout.end();
      lines.stderr.end();
    },
    get error() {
      return error;
    },
    get tail() {
      return last.join("\n");
    },
  };
}

/** The event that a line holds; undefined for anything else. */
function parseEvent(line: string): StepEvent | undefined {
  // Most garbage is told apart without the cost of a parser.
  if (!line.startsWith("{")) return undefined;
  try {
    const parsed = eventSchema.safeParse(JSON.parse(line));
    if (!parsed.success) return undefined;
    if (parsed.data.type !== "error") return parsed.data;
    const { hint, ...event } = parsed.data;
    return hint === undefined || hint === null ? event : { ...event, hint };
  } catch {
    return undefined;
  }
}

/** Bytes to lines, with bounded memory: a line that is too long is given up, its head goes to `onCut`. */
function lineReader(
  onLine: (line: string) => void,
  onCut: (head: string) => void,
): { write(chunk: Uint8Array): void; end(): void } {
  const decoder = new StringDecoder("utf8");
  let pending = "";
  let isCut = false;
  const take = (text: string): void => {
    const parts = text.split("\n");
    const rest = parts.pop()!;
    for (const part of parts) {
      if (!isCut) onLine(`${pending}${part}`.trimEnd());
      pending = "";
      isCut = false;
    }
    if (!isCut) pending += rest;
    if (pending.length <= LONGEST_LINE) return;
    onCut(pending);
    pending = "";
    isCut = true;
  };
  return {
    write: (chunk) => take(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))),
    end: () => take(`${decoder.end()}\n`),
  };
}
