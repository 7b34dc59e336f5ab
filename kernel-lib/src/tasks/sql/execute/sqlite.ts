import { LabError } from "../../../core/index.js";
import type { ExecutionLimits } from "./limits.js";
import { mebibytes } from "./limits.js";

/** SQLite's C interface in WebAssembly. */
export type Sqlite = Awaited<ReturnType<typeof import("@sqlite.org/sqlite-wasm").default>>;

const PAGE = 65_536;
const FIRST_MEMORY = 8 * 2 ** 20;

/** SQLite with a ceiling on its memory, and how much it holds now. */
export interface BoundedSqlite {
  readonly sqlite: Sqlite;
  readonly heldBytes: () => number;
}

interface Memory {
  readonly buffer: ArrayBuffer;
}

/**
 * SQLite in WebAssembly whose memory cannot grow past the limit: beyond it an allocation fails, SQLite says "out of memory" and goes on.
 *
 * @throws LabError `internal` if this build of SQLite does not take the memory that it is given.
 */
export async function loadSqlite({ memoryMiB }: ExecutionLimits): Promise<BoundedSqlite> {
  const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (size: object) => Memory } }).WebAssembly;
  const wasmMemory = new Memory({ initial: FIRST_MEMORY / PAGE, maximum: mebibytes(memoryMiB) / PAGE });
  const { default: init } = await import("@sqlite.org/sqlite-wasm");
  // The option is Emscripten's; the package's types leave it out.
  const sqlite = await (init as (options: { wasmMemory: Memory }) => Promise<Sqlite>)({ wasmMemory });
  if (sqlite.wasm.heap8u().buffer !== wasmMemory.buffer)
    throw new LabError("internal", "SQLite's memory is not bounded: the module made its own");
  return { sqlite, heldBytes: () => wasmMemory.buffer.byteLength };
}
