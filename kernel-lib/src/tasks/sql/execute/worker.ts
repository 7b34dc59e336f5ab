/**
 * Entry of a query process: runs queries one after another, as its owner asks on standard input, and answers on descriptor 3. SQLite is
 * inside WebAssembly inside a process without secrets: whatever a query breaks is this process, which its owner replaces. It never outlives
 * its owner: it ends with its input, and a thread of its own kills it when a query has run far too long.
 */
import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { type Connection, confine, openConnection, UnreadableDatabase } from "./connection.js";
import { frameOf, frameReader } from "./frames.js";
import { type ExecutionLimits, mebibytes } from "./limits.js";
import type { Reply, Request, Setup } from "./protocol.js";
import { failed } from "./protocol.js";
import { installReadOnlyVfs, type ReadOnlyFiles } from "./read-only-vfs.js";
import { readSchema } from "./read-schema.js";
import { runQuery } from "./run-query.js";
import { type BoundedSqlite, loadSqlite } from "./sqlite.js";

const REPLIES = 3;
/** WebAssembly's memory never shrinks: past this a process asks to be replaced, in MiB. */
const COMFORTABLE_MIB = 192;

interface Engine extends BoundedSqlite {
  readonly files: ReadOnlyFiles;
  readonly limits: ExecutionLimits;
  readonly watch: Watch;
}

/** Kills this process when `until` passes; 0 means at ease. */
interface Watch {
  until(milliseconds: number): void;
}

let engine: Engine | undefined;
/** The database of the last query, kept open: batches ask about one database after another. */
let kept: { readonly path: string; readonly connection: Connection } | undefined;

// Ctrl-C reaches the whole process group; the owner decides what happens to this query.
process.on("SIGINT", () => {});
process.stdin.on(
  "data",
  frameReader(onMessage, () => process.exit(1)),
);
process.stdin.on("end", () => process.exit(0));

function onMessage(body: Buffer): void {
  const message = JSON.parse(body.toString("utf8")) as Setup | Request;
  if ("ask" in message) say(answer(engine!, message));
  else void start(message);
}

async function start({ limits, now }: Setup): Promise<void> {
  const bounded = await loadSqlite(limits);
  engine = { ...bounded, files: installReadOnlyVfs(bounded.sqlite, now), limits, watch: startWatch() };
  say({ say: "ready" });
}

function answer({ sqlite, files, limits, heldBytes, watch }: Engine, request: Request): Reply {
  watch.until(Date.now() + (limits.seconds + 2 * limits.graceSeconds) * 1000);
  try {
    if (request.ask === "schema") return { say: "tables", tables: schemaOf(sqlite, files, request.database) };
    const { pointer } = keep(sqlite, files, limits, request.database);
    const outcome = runQuery(sqlite, pointer, request.sql, limits);
    // A query that was cut short may leave its connection in any state.
    if (outcome.kind === "failed") forget();
    return { say: "outcome", outcome, retire: heldBytes() > mebibytes(COMFORTABLE_MIB) };
  } catch (error) {
    forget();
    if (error instanceof UnreadableDatabase) return { say: "unreadable", message: error.message.slice(0, 300) };
    // SQLite itself broke (a trap, an exhausted stack): nothing in this process can be trusted any more.
    say({ say: "outcome", outcome: failed("crashed", String(error)), retire: true });
    process.exit(1);
  } finally {
    watch.until(0);
  }
}

function schemaOf(
  sqlite: Engine["sqlite"],
  files: ReadOnlyFiles,
  path: string,
): Extract<Reply, { say: "tables" }>["tables"] {
  const connection = openConnection(sqlite, files, path);
  try {
    return readSchema(sqlite, connection);
  } finally {
    connection.close();
  }
}

function keep(sqlite: Engine["sqlite"], files: ReadOnlyFiles, limits: ExecutionLimits, path: string): Connection {
  if (kept?.path === path) return kept.connection;
  forget();
  const connection = openConnection(sqlite, files, path);
  confine(sqlite, connection, limits);
  kept = { path, connection };
  return connection;
}

function forget(): void {
  kept?.connection.close();
  kept = undefined;
}

function startWatch(): Watch {
  const until = new BigInt64Array(new SharedArrayBuffer(8));
  const code = `const { workerData } = require("node:worker_threads");
    setInterval(() => {
      const until = Number(Atomics.load(workerData, 0));
      if (until !== 0 && Date.now() > until) process.kill(process.pid, "SIGKILL");
    }, 500);`;
  new Worker(code, { eval: true, workerData: until, execArgv: [] }).unref();
  return { until: (milliseconds) => Atomics.store(until, 0, BigInt(Math.round(milliseconds))) };
}

function say(reply: Reply): void {
  const frame = frameOf(reply);
  for (let done = 0; done < frame.length; ) done += writeSync(REPLIES, frame, done);
}
