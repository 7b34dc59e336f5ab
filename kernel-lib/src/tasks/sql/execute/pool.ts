import { assertDatabase, type DatabaseAdvice, PLAIN_ADVICE, unreadable } from "./database-file.js";
import { type ExecutionLimits, executionLimits } from "./limits.js";
import { type Answer, type QueryProcess, startQueryProcess } from "./process.js";
import { failed, type Outcome, type Request, type Table } from "./protocol.js";

/** Runs SQL that nobody trusts on SQLite databases that nobody may change. */
export interface QueryPool extends AsyncDisposable {
  /**
   * What comes of a query. A query that fails, breaks a limit or kills its process is an outcome, not an error.
   *
   * @param database path of the database.
   * @throws LabError `input-missing`, `input-damaged` where there is no such database; `internal` where no process can be started.
   */
  run(database: string, sql: string): Promise<Outcome>;
  /** The tables of a database. @throws LabError as `run`. */
  tables(database: string): Promise<readonly Table[]>;
  /** Numbers of the processes that are alive, for measurements. */
  readonly pids: readonly number[];
  /** Ends the processes. The pool may be used again: it starts others. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PoolOptions {
  readonly limits?: Partial<ExecutionLimits>;
  /** The time that queries see as "now". */
  readonly now: Date;
  /** For errors about databases. */
  readonly advice?: DatabaseAdvice;
}

interface Job {
  readonly request: Request;
  readonly resolve: (reply: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** One of the pool's places: a process, once it is needed, and the database that it has open. */
interface Seat {
  process?: QueryProcess;
  database?: string;
  busy: boolean;
}

/**
 * A bounded number of processes, started when needed, kept warm, replaced when they die, are killed or have grown. Idle ones do not keep
 * this process running.
 *
 * @throws LabError `config-invalid` for wrong limits.
 * @example
 * await using pool = queryPool({ now: new Date("2025-01-01") });
 * const gold = await pool.run("dev_databases/toxicology/toxicology.sqlite", "SELECT count(*) FROM atom");
 */
export function queryPool(options: PoolOptions): QueryPool {
  const limits = executionLimits(options.limits);
  const { advice = PLAIN_ADVICE } = options;
  const setup = { limits, now: options.now.getTime() };
  const seats: Seat[] = Array.from({ length: limits.processes }, () => ({ busy: false }));
  const waiting = new Map<string, Job[]>();

  /** The next job for a seat, of the database that it has open where there is one. */
  const nextFor = (seat: Seat): Job | undefined => {
    const mine = seat.database === undefined ? undefined : waiting.get(seat.database);
    const [database, jobs] = mine === undefined ? (waiting.entries().next().value ?? []) : [seat.database!, mine];
    if (database === undefined || jobs === undefined) return undefined;
    const job = jobs.shift()!;
    if (jobs.length === 0) waiting.delete(database);
    return job;
  };
  const work = async (seat: Seat): Promise<void> => {
    seat.busy = true;
    for (let job = nextFor(seat); job !== undefined; job = nextFor(seat)) {
      try {
        job.resolve(await ask(seat, job));
      } catch (error) {
        job.reject(error);
      }
    }
    seat.busy = false;
  };
  const ask = async (seat: Seat, { request }: Job): Promise<Answer> => {
    // Where a process dies of itself, the machine may be to blame (memory): once more, in a fresh one.
    for (let again = true; ; again = false) {
      if (seat.process?.alive !== true) seat.process = await startQueryProcess(setup);
      seat.database = request.database;
      const reply = await seat.process.ask(request);
      if (typeof reply === "object" && reply.say === "outcome" && reply.retire) await seat.process.stop();
      if (reply !== "ended" || !again) return reply;
    }
  };
  const submit = (request: Request): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { database } = request;
      const job: Job = { request, resolve, reject };
      const jobs = waiting.get(database);
      if (jobs === undefined) waiting.set(database, [job]);
      else jobs.push(job);
      const free = seats.find(({ busy }) => !busy);
      if (free !== undefined) void work(free);
    });

  return {
    run: async (database, sql) => {
      assertDatabase(database, advice);
      if (Buffer.byteLength(sql) > limits.sqlBytes)
        return failed("too-large", `more than ${limits.sqlBytes} bytes of SQL`);
      const reply = await submit({ ask: "query", database, sql });
      if (reply === "late") return failed("timeout", `longer than ${limits.seconds} s`);
      if (reply === "ended") return failed("crashed", "the query killed its process, twice");
      if (reply.say === "outcome") return reply.outcome;
      throw unreadable(database, wordsOf(reply), advice);
    },
    tables: async (database) => {
      assertDatabase(database, advice);
      const reply = await submit({ ask: "schema", database });
      if (typeof reply === "object" && reply.say === "tables") return reply.tables;
      throw unreadable(database, wordsOf(reply), advice);
    },
    get pids() {
      return seats.flatMap(({ process }) => (process?.alive === true ? [process.pid ?? 0] : []));
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(seats.map(({ process }) => process?.stop()));
    },
  };
}

function wordsOf(reply: Answer): string {
  if (reply === "late") return "it takes too long";
  if (reply === "ended") return "the process that reads it dies";
  if (reply.say === "unreadable") return reply.message;
  return reply.say === "outcome" && reply.outcome.kind === "failed"
    ? reply.outcome.message
    : `unexpected "${reply.say}"`;
}
