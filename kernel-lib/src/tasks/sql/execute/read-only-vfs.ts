/**
 * A file system for SQLite that holds one file, and that only to read: the database that was opened last with `expose`. SQLite asks for
 * pages as it needs them, so a database of a gigabyte costs its page cache. No other file exists, none can be made, and writes fail,
 * whatever a query may have got past the authorizer. Time stands still and randomness repeats, so that a grade does not depend on its day.
 */
import { fstatSync, readSync } from "node:fs";
import type { Sqlite } from "./sqlite.js";

/** What the package's types say that these functions return, although some return a size or flags. */
type Sqlite3Result = ReturnType<Sqlite["capi"]["sqlite3_step"]>;

export const VFS_NAME = "ilr-read-only";
/** The one name that can be opened. */
export const EXPOSED_NAME = "/database";
const SECTOR = 4096;
/** Julian day 0 to 1970, in milliseconds. */
const JULIAN_OFFSET = 210_866_760_000_000n;
/** Bytes 18 and 19 of a database: 1 = rollback journal, 2 = write-ahead log. */
const FORMAT_VERSION = [18, 19];
const LONGEST_PATH = 512;

export interface ReadOnlyFiles {
  /** Makes an open file the one that SQLite may open next. */
  expose(fd: number): void;
}

/** Registers the file system as SQLite's default one. @param now what queries see as the time, in ms since 1970. */
export function installReadOnlyVfs(sqlite: Sqlite, now: number): ReadOnlyFiles {
  const { capi } = sqlite;
  let exposed: number | undefined;
  const open = new Map<number, { readonly fd: number; readonly size: number }>();
  const io = new capi.sqlite3_io_methods();
  const vfs = new capi.sqlite3_vfs();
  // Members of C structures have a `$` before their names, which the package's types forget here and there.
  Object.assign(io, { $iVersion: 1 });
  vfs.$iVersion = 2;
  vfs.$szOsFile = (capi.sqlite3_file as unknown as { structInfo: { sizeof: number } }).structInfo.sizeof;
  vfs.$mxPathname = LONGEST_PATH;
  sqlite.vfs.installVfs({
    io: { struct: io, methods: fileMethods(sqlite, open) },
    vfs: {
      struct: vfs,
      name: VFS_NAME,
      asDefault: true,
      methods: {
        ...systemMethods(sqlite, now),
        xOpen: (_, name, file, flags, outFlags) => {
          const wanted = name === 0 ? undefined : sqlite.wasm.cstrToJs(name);
          if (exposed === undefined || wanted !== EXPOSED_NAME || (flags & capi.SQLITE_OPEN_MAIN_DB) === 0)
            return capi.SQLITE_CANTOPEN;
          open.set(Number(file), { fd: exposed, size: fstatSync(exposed).size });
          exposed = undefined;
          const struct = new capi.sqlite3_file(file);
          struct.$pMethods = io.pointer;
          struct.dispose();
          if (outFlags !== 0) sqlite.wasm.poke32(outFlags, capi.SQLITE_OPEN_READONLY);
          return 0;
        },
      },
    },
  });
  return {
    expose: (fd) => {
      exposed = fd;
    },
  };
}

type FileTable = Map<number, { readonly fd: number; readonly size: number }>;
type VfsOptions = Parameters<Sqlite["vfs"]["installVfs"]>[0];

function fileMethods({ capi, wasm }: Sqlite, open: FileTable): NonNullable<VfsOptions["io"]>["methods"] {
  return {
    xClose: (file) => {
      open.delete(Number(file));
      return 0;
    },
    xRead: (file, to, length, offset) => {
      const at = Number(to);
      const target = wasm.heap8u().subarray(at, at + length);
      try {
        const read = readFully(open.get(Number(file))!.fd, target, Number(offset));
        for (const byte of FORMAT_VERSION) maskWriteAheadLog(target, byte - Number(offset));
        if (read === length) return 0;
        target.fill(0, read);
        return capi.SQLITE_IOERR_SHORT_READ;
      } catch {
        return capi.SQLITE_IOERR_READ;
      }
    },
    xWrite: () => capi.SQLITE_READONLY,
    xTruncate: () => capi.SQLITE_READONLY,
    xSync: () => 0,
    xFileSize: (file, out) => {
      wasm.poke64(out, BigInt(open.get(Number(file))!.size));
      return 0;
    },
    xLock: () => 0,
    xUnlock: () => 0,
    xCheckReservedLock: (_, out) => {
      wasm.poke32(out, 0);
      return 0;
    },
    xFileControl: () => capi.SQLITE_NOTFOUND,
    xSectorSize: () => SECTOR as Sqlite3Result,
    xDeviceCharacteristics: () => capi.SQLITE_IOCAP_IMMUTABLE as number as Sqlite3Result,
  };
}

function systemMethods({ capi, wasm }: Sqlite, now: number): NonNullable<VfsOptions["vfs"]>["methods"] {
  return {
    xDelete: () => capi.SQLITE_IOERR_DELETE,
    xAccess: (_, _name, _flags, out) => {
      wasm.poke32(out, 0);
      return 0;
    },
    xFullPathname: (_, name, length, out) => {
      const text = wasm.cstrToJs(name) ?? "";
      if (text !== EXPOSED_NAME) return capi.SQLITE_CANTOPEN;
      return wasm.cstrncpy(out, name, length) < length ? 0 : capi.SQLITE_CANTOPEN;
    },
    xRandomness: (_, length, out) => {
      const at = Number(out);
      wasm
        .heap8u()
        .subarray(at, at + length)
        .fill(0);
      return length as Sqlite3Result;
    },
    xSleep: () => 0,
    xGetLastError: () => 0,
    xCurrentTime: (_, out) => {
      wasm.poke64f(out, Number(BigInt(now) + JULIAN_OFFSET) / 86_400_000);
      return 0;
    },
    xCurrentTimeInt64: (_, out) => {
      wasm.poke64(out, BigInt(now) + JULIAN_OFFSET);
      return 0;
    },
  };
}

/** A database last written with a write-ahead log is read as one without: the log was empty when it was opened. */
function maskWriteAheadLog(page: Uint8Array, index: number): void {
  if (index >= 0 && index < page.length && page[index] === 2) page[index] = 1;
}

function readFully(fd: number, target: Uint8Array, offset: number): number {
  let done = 0;
  while (done < target.length) {
    const read = readSync(fd, target, done, target.length - done, offset + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}
