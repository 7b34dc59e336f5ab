import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Dealer, Subscriber } from "zeromq";
import { LabError } from "../core/index.js";
import { addressOf, type Connection, type OpenConnection, openConnection } from "./connection.js";
import { decodeMessage, encodeRequest, type Message } from "./wire.js";

/** Where the kernel's program is, in the sources as in the built package. */
export const kernelProgram: string = fileURLToPath(new URL("./kernel/start.cjs", import.meta.url));

/** How a kernel is started from a Jupyter connection file. */
export function kernelArguments(connectionFile: string): string[] {
  return [
    "--disable-warning=ExperimentalWarning",
    "--no-force-async-hooks-checks",
    kernelProgram,
    `--config-path=${connectionFile}`,
  ];
}

export interface KernelOptions {
  /** The folder that the cells' imports and relative paths start from. */
  readonly cwd: string;
  /** Environment of the kernel. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Limit for the start, in ms. Default: 60,000. */
  readonly startTimeoutMs?: number;
  readonly transport?: Connection["transport"];
  /** Arguments for Node that start the kernel, as in a kernelspec: `{connection_file}` stands for the path. Default: this kit's kernel. */
  readonly arguments?: readonly string[];
}

/** What a cell's execution came to. */
export interface ExecuteReply {
  readonly status: string;
  readonly executionCount: number | undefined;
}

interface Sockets {
  readonly shell: Dealer;
  readonly control: Dealer;
  readonly iopub: Subscriber;
}

interface Pending {
  readonly settle: (reply: Message) => void;
  readonly onMessage: (message: Message) => void;
  reply?: Message;
  idle: boolean;
}

/**
 * A running notebook kernel and the line to it. Close it with `close()`.
 *
 * Every method throws LabError `notebook-failed` at once when the kernel's process ends.
 */
export class Kernel {
  /** Process id, for logs and tests. */
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #connection: OpenConnection;
  readonly #shell: Dealer;
  readonly #control: Dealer;
  readonly #iopub: Subscriber;
  readonly #pending = new Map<string, Pending>();
  readonly #death: Promise<never>;
  #lastWords = "";
  #heard = false;
  #closing = false;
  #onOrphan: (message: Message) => void = () => {};

  private constructor(child: ChildProcess, connection: OpenConnection, sockets: Sockets) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.#connection = connection;
    this.#shell = sockets.shell;
    this.#control = sockets.control;
    this.#iopub = sockets.iopub;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#lastWords = (this.#lastWords + chunk.toString("utf8")).slice(-4000);
      });
    }
    this.#death = new Promise((_, reject) => {
      child.once("error", (cause) => reject(new LabError("notebook-failed", "the kernel did not start", { cause })));
      child.once("exit", (code, signal) => reject(this.#deathNotice(code, signal)));
    });
    this.#death.catch(() => {});
    for (const socket of [this.#shell, this.#control, this.#iopub]) void this.#listen(socket);
  }

  /** Starts a kernel and waits until it answers on both of its channels (2-4 s). */
  static async start(options: KernelOptions): Promise<Kernel> {
    const { Dealer, Subscriber } = await import("zeromq");
    const connection = await openConnection(options.transport);
    const template = options.arguments ?? kernelArguments("{connection_file}");
    const given = template.map((argument) => argument.replace("{connection_file}", connection.path));
    const child = spawn(process.execPath, given, {
      cwd: options.cwd,
      // So that the kernel can tell that we died before it had looked who its parent is.
      env: { ...(options.env ?? process.env), ILR_KERNEL_PARENT: String(process.pid) },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32", // its own process group: ending it ends what its cells have started
    });
    const { shell_port, control_port, iopub_port } = connection.info;
    const shell = new Dealer({ linger: 0, sendTimeout: 0 });
    const control = new Dealer({ linger: 0, sendTimeout: 0 });
    const iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    iopub.subscribe();
    shell.connect(addressOf(connection.info, shell_port));
    control.connect(addressOf(connection.info, control_port));
    iopub.connect(addressOf(connection.info, iopub_port));
    const kernel = new Kernel(child, connection, { shell, control, iopub });
    try {
      await kernel.ready(options.startTimeoutMs);
    } catch (error) {
      await kernel.close();
      throw error;
    }
    return kernel;
  }

  /** Receives messages of requests that are already answered: output that a cell makes after its end. */
  onLateMessage(listener: (message: Message) => void): void {
    this.#onOrphan = listener;
  }

  /**
   * Runs code and waits for the reply and for the end of its output.
   *
   * @param onMessage receives the code's messages in order (`stream`, `display_data`, `error`, ...).
   * @returns the request's id, with the reply.
   * @throws LabError `notebook-failed` when the kernel dies.
   */
  async execute(code: string, onMessage: (message: Message) => void, id: string = randomUUID()): Promise<ExecuteReply> {
    const content = {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
    };
    const { content: reply } = await Promise.race([
      this.#request("execute_request", content, onMessage, id),
      this.#death,
    ]);
    const count = reply.execution_count;
    return { status: String(reply.status), executionCount: typeof count === "number" ? count : undefined };
  }

  /**
   * Interrupts the running cell, which then fails with `Interrupted`: what it awaits, or its loop. A cell that is stuck outside
   * JavaScript ends with the kernel's process after a few seconds.
   *
   * @throws LabError `notebook-failed` when the kernel is dead.
   */
  async interrupt(): Promise<void> {
    await Promise.race([this.#request("interrupt_request", {}, () => {}, randomUUID(), this.#control), this.#death]);
  }

  /** Ends the kernel and everything in its process group. */
  async close(): Promise<void> {
    this.#closing = true;
    const ended = this.#death.catch(() => {});
    if (this.#child.exitCode === null && this.#child.signalCode === null && this.pid > 0) {
      killGroup(this.#child);
      await ended;
    }
    for (const socket of [this.#shell, this.#control, this.#iopub]) socket.close();
    await this.#connection.remove();
  }

  /**
   * Waits until the kernel answers and what it publishes arrives here: at its start, or after it was started anew. The iopub subscription
   * may come into force after the first messages, so this asks until both channels have spoken. Requests sent before are forgotten.
   *
   * @param timeoutMs milliseconds to wait.
   * @throws LabError `notebook-failed` when the kernel dies or does not answer in time.
   */
  async ready(timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let answered = false;
    this.#heard = false;
    while (!answered || !this.#heard) {
      if (Date.now() > deadline) {
        throw new LabError("notebook-failed", `the kernel did not answer within ${timeoutMs / 1000} s`, {
          hint: this.#lastWords.trim() || "the machine may be overloaded",
        });
      }
      const answer = this.#request("kernel_info_request", {}, () => {}).then(() => {
        answered = true;
      });
      const pause = new Promise((resolve) => setTimeout(resolve, answered ? 20 : 250));
      await Promise.race([Promise.all([answer, pause]), this.#death, pause]);
    }
    this.#pending.clear();
  }

  #request(
    type: string,
    content: object,
    onMessage: (message: Message) => void,
    id: string = randomUUID(),
    socket: Dealer = this.#shell,
  ): Promise<Message> {
    return new Promise((settle, reject) => {
      this.#pending.set(id, { settle, onMessage, idle: type !== "execute_request" });
      socket.send(encodeRequest(this.#connection.info.key, type, id, content)).catch(reject);
    });
  }

  async #listen(socket: Dealer | Subscriber): Promise<void> {
    try {
      for await (const frames of socket)
        this.#receive(decodeMessage(this.#connection.info.key, frames), socket !== this.#iopub);
    } catch (error) {
      // A closed socket ends the loop with an error; anything else must not leave a cell waiting for ever.
      if (this.#closing) return;
      this.#lastWords = (error as Error).message;
      killGroup(this.#child);
    }
  }

  #receive(message: Message, isReply: boolean): void {
    if (!isReply) this.#heard = true;
    const pending = message.parentId === undefined ? undefined : this.#pending.get(message.parentId);
    if (pending === undefined) {
      this.#onOrphan(message);
      return;
    }
    if (isReply) pending.reply = message;
    else if (message.type !== "status") pending.onMessage(message);
    else if (message.content.execution_state === "idle") pending.idle = true;
    if (pending.reply === undefined || !pending.idle) return;
    this.#pending.delete(message.parentId ?? "");
    pending.settle(pending.reply);
  }

  #deathNotice(code: number | null, signal: NodeJS.Signals | null): LabError {
    const how = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
    const words = this.#lastWords.trim();
    const memory = signal === "SIGKILL" || signal === "SIGABRT" ? "the machine may have run out of memory" : undefined;
    const hint = words === "" ? memory : `the kernel's last words: ${words}`;
    return new LabError("notebook-failed", `the kernel ${how}`, hint === undefined ? {} : { hint });
  }
}

function killGroup(child: ChildProcess): void {
  try {
    if (process.platform !== "win32" && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // no such group: the process itself is left
  }
  child.kill("SIGKILL");
}
