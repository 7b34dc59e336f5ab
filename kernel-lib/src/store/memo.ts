/**
 * A memo of what outside services answered: answers that cost money or time and would not come out the same twice. Each is a small
 * file, `answers/<name>/ab/<digest of the question>.json`, that holds question and answer for people to read and a seal that tells a
 * damaged entry. The collector never looks here: what was paid for is kept until a person deletes it.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  cancelled,
  canonicalJson,
  digestOf,
  type Json,
  LabError,
  throwIfCancelled,
  unlessCancelled,
} from "../core/index.js";
import { assertWritable, type StoreContext } from "./context.js";
import { storeFailure, systemCode } from "./failures.js";
import { layoutOf } from "./layout.js";
import { publishFile } from "./publish.js";
import { quarantine } from "./quarantine.js";
import type { Store } from "./store.js";

/** What a memo knows, or was just told. */
export interface Recalled {
  readonly answer: Json;
  /** It was in the memo, or somebody else in this process was asking already. */
  readonly known: boolean;
}

export interface Memo {
  /** The answer to a question; undefined if there is none. A damaged entry is quarantined, said aloud, and counts as none. */
  get(question: Json): Promise<Json | undefined>;
  /** Keeps an answer. @throws LabError `store-unwritable`, `store-full`. */
  put(question: Json, answer: Json): Promise<void>;
  /**
   * The answer of the memo, or else of `ask`, which is then kept. A question asked twice at once in one process is asked once; two
   * processes may both ask, and the later answer stays.
   * @throws LabError `store-unwritable` before asking, if the answer could not be kept.
   */
  recall(question: Json, ask: () => Promise<Json>, signal?: AbortSignal): Promise<Recalled>;
}

/** Questions that this process is asking now, by path: shared by every memo, because two may be open on one folder. */
const asking = new Map<string, Promise<Json>>();

/**
 * The memo of that name in a store.
 *
 * @param name a folder's name, such as "judge".
 * @example
 * const memo = openMemo(store, "judge");
 * const { answer, known } = await memo.recall({ model: "m", text: "2 + 2?" }, () => askSomebody());
 */
export function openMemo(store: Pick<Store, "root" | "writable" | "clock" | "warn">, name: string): Memo {
  const folder: Folder = { context: contextOf(store), name };
  return {
    get: (question) => readAnswer(folder, question),
    put: (question, answer) => writeAnswer(folder, question, answer),
    recall: (question, ask, signal) => recall(folder, question, ask, signal),
  };
}

interface Folder {
  readonly context: StoreContext;
  readonly name: string;
}

function pathOf({ context, name }: Folder, digest: string): string {
  return join(context.paths.root, "answers", name, digest.slice(0, 2), `${digest}.json`);
}

async function readAnswer(folder: Folder, question: Json): Promise<Json | undefined> {
  const digest = digestOf(question);
  const path = pathOf(folder, digest);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw storeFailure(error, `reading the memo "${folder.name}"`);
  }
  const answer = parseEntry(text, digest);
  if (answer === undefined) {
    const problem = `an answer of the memo "${folder.name}" is damaged and will be asked for again`;
    const isWhole = async (moved: string): Promise<boolean> =>
      parseEntry(await readFile(moved, "utf8"), digest) !== undefined;
    await quarantine(folder.context, path, problem, isWhole);
  }
  return answer;
}

async function writeAnswer(folder: Folder, question: Json, answer: Json): Promise<void> {
  assertWritable(folder.context);
  const entry = { format: 1, question, answer };
  const text = `${canonicalJson({ ...entry, seal: digestOf(entry) })}\n`;
  const path = pathOf(folder, digestOf(question));
  await publishFile(
    folder.context,
    (temporary) => writeFile(temporary, text),
    () => path,
  );
}

async function recall(
  folder: Folder,
  question: Json,
  ask: () => Promise<Json>,
  signal: AbortSignal | undefined,
): Promise<Recalled> {
  const path = pathOf(folder, digestOf(question));
  for (;;) {
    throwIfCancelled(signal);
    const others = asking.get(path);
    if (others === undefined) break;
    const answer = await unlessCancelled(others, signal).catch(ignoreTheirCancellation(signal));
    if (answer !== undefined) return { answer, known: true };
  }
  let known = true;
  const lookUp = async (): Promise<Json> => {
    const kept = await readAnswer(folder, question);
    if (kept !== undefined) return kept;
    known = false;
    assertWritable(folder.context);
    const answer = await ask();
    await writeAnswer(folder, question, answer);
    return answer;
  };
  const answering = lookUp().finally(() => asking.delete(path));
  asking.set(path, answering);
  return { answer: await answering, known };
}

/** Whoever asked first gave up; this one has not, and asks itself. */
function ignoreTheirCancellation(signal: AbortSignal | undefined): (error: unknown) => undefined {
  return (error) => {
    if (signal?.aborted) throw cancelled();
    if (error instanceof LabError && error.code === "cancelled") return undefined;
    throw error;
  };
}

/** What publishing and quarantining need, for a store that is open already. */
function contextOf({ root, writable, clock, warn }: Pick<Store, "root" | "writable" | "clock" | "warn">): StoreContext {
  const unused = { hitCheck: "full", chance: () => 0, leaseMs: 0, graceMs: 0 } as const;
  return { paths: layoutOf(root), writable, clock, warn, hashed: new Map(), ...unused };
}

function parseEntry(text: string, digest: string): Json | undefined {
  try {
    const { seal, ...entry } = JSON.parse(text) as { readonly [key: string]: Json };
    if (digestOf(entry) !== seal || entry.question === undefined || digestOf(entry.question) !== digest)
      return undefined;
    return entry.answer;
  } catch {
    return undefined;
  }
}
