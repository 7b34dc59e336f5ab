import { existsSync, readFileSync } from "node:fs";
import { mkdir, open, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { LabError } from "../core/index.js";
import { type Judgement, judgementSchema } from "./judgement.js";

/** One person's judgements. They only ever become more. */
export interface Session {
  /** Undefined for a session in memory. */
  readonly path: string | undefined;
  readonly person: string;
  /** In the order in which they were made. */
  judgements(): readonly Judgement[];
  /** The first judgement of a pair counts. */
  find(pair: string): Judgement | undefined;
  /** Resolves when it is on the disk. A pair that has a judgement keeps it. */
  add(judgement: Judgement): Promise<void>;
}

export interface SessionOptions {
  /** Alias of who answers. Default: whose session it is; for a new one "somebody". */
  readonly person?: string | undefined;
}

/**
 * A session that lies in a file, JSON Lines, one line a judgement. What a crash left of a line is taken out; whole lines stay as they are.
 *
 * @throws LabError `input-missing` for what is no file; `input-damaged` naming the line; `config-invalid` when the session is another person's; `store-unwritable` (from `add`).
 * @example
 * const session = await openSession("ann.jsonl", { person: "ann" });
 * session.judgements().length; // 0 for a new file
 */
export async function openSession(path: string, { person }: SessionOptions = {}): Promise<Session> {
  const text = existsSync(path) ? textOf(path) : "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const known = parse(path, whole);
  const owner = known[0]?.person;
  if (owner !== undefined && person !== undefined && owner !== person) {
    throw new LabError("config-invalid", `${path} is the session of ${owner}, not of ${person}`, {
      hint: "name another file: a session is one person's",
    });
  }
  const cut = whole.length < text.length;
  let ready = cut ? truncate(path, Buffer.byteLength(whole)) : Promise.resolve();
  const append = async (judgement: Judgement): Promise<void> => {
    await ready;
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, "a");
    try {
      await file.appendFile(`${JSON.stringify(judgement)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  };
  const write = (judgement: Judgement): Promise<void> => {
    const done = append(judgement).catch((cause: unknown) => {
      throw new LabError("store-unwritable", `cannot write ${path}`, { hint: "the answer was not kept", cause });
    });
    ready = done.catch(() => {});
    return done;
  };
  return sessionOf({ path, person: owner ?? person ?? "somebody", known, write });
}

/**
 * A session that somebody has made, to run with.
 *
 * @throws LabError `input-missing`; as `openSession`.
 */
export async function readSession(path: string): Promise<Session> {
  if (existsSync(path)) return openSession(path);
  throw new LabError("input-missing", `there is no session ${path}`, {
    hint: "ilr human EXPERIMENT --session FILE makes one",
  });
}

/** A session that is forgotten with the process, as a simulated user's may be. */
export function memorySession({ person = "somebody" }: SessionOptions = {}): Session {
  return sessionOf({ path: undefined, person, known: [], write: async () => {} });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new LabError("input-missing", `the session ${path} cannot be read`, { hint: "expected a file", cause });
  }
}

interface Parts {
  readonly path: string | undefined;
  readonly person: string;
  readonly known: readonly Judgement[];
  readonly write: (judgement: Judgement) => Promise<void>;
}

function sessionOf({ path, person, known, write }: Parts): Session {
  const byPair = new Map<string, Judgement>();
  for (const judgement of known) if (!byPair.has(judgement.pair)) byPair.set(judgement.pair, judgement);
  return {
    ...{ path, person },
    judgements: () => [...byPair.values()],
    find: (pair) => byPair.get(pair),
    add: async (judgement) => {
      if (byPair.has(judgement.pair)) return;
      byPair.set(judgement.pair, judgement);
      await write(judgement).catch((error: unknown) => {
        byPair.delete(judgement.pair);
        throw error;
      });
    },
  };
}

function parse(path: string, text: string): readonly Judgement[] {
  const judgements = text
    .split("\n")
    .slice(0, -1)
    .map((line, i): Judgement => {
      const parsed = judgementSchema.safeParse(json(line));
      if (parsed.success) return parsed.data;
      const { path: field, message } = parsed.error.issues[0]!;
      throw new LabError("input-damaged", `${path}, line ${i + 1}: ${field.join(".") || "the line"}: ${message}`, {
        hint: "a session file holds one judgement a line; take out the line, and its pair is asked again",
      });
    });
  const other = judgements.find(({ person }) => person !== judgements[0]!.person);
  if (other === undefined) return judgements;
  throw new LabError("input-damaged", `${path} holds judgements of ${judgements[0]!.person} and of ${other.person}`, {
    hint: "a session is one person's: put them into files of their own",
  });
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
