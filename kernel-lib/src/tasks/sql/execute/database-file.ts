import { closeSync, openSync, readSync, statSync } from "node:fs";
import { LabError } from "../../../core/index.js";

const MAGIC = "SQLite format 3\0";

/** What to do where a database is not as it should be; tasks know where theirs come from. */
export interface DatabaseAdvice {
  readonly missing: string;
  readonly damaged: string;
}

export const PLAIN_ADVICE: DatabaseAdvice = {
  missing: "check the path",
  damaged: "put the file back as it was",
};

/**
 * Whether a database can be read as it lies there.
 *
 * @throws LabError `input-missing` where there is no file, `input-damaged` where it is no SQLite database (a pointer of Git LFS, say), or
 *   where changes to it lie in a file beside it, which a reader of the database alone would not see.
 */
export function assertDatabase(path: string, advice: DatabaseAdvice = PLAIN_ADVICE): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new LabError("input-missing", `there is no database at ${path}`, { hint: advice.missing });
  const start = headOf(path);
  if (start !== MAGIC)
    throw new LabError("input-damaged", `${path} begins with ${JSON.stringify(start)}; expected an SQLite database`, {
      hint: advice.damaged,
    });
  for (const suffix of ["-wal", "-journal"])
    if ((statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0) > 0)
      throw new LabError("input-damaged", `${path} has changes in ${path}${suffix} that were not finished`, {
        hint: `${advice.damaged}, or let another program that opens the database finish them`,
      });
}

function headOf(path: string): string {
  const fd = openSync(path, "r");
  try {
    const head = Buffer.alloc(MAGIC.length);
    return head.toString("latin1", 0, readSync(fd, head, 0, head.length, 0));
  } finally {
    closeSync(fd);
  }
}

/** The error for a database that SQLite could not read. */
export function unreadable(path: string, message: string, advice: DatabaseAdvice): LabError {
  return new LabError("input-damaged", `the database ${path} cannot be read: ${message}`, { hint: advice.damaged });
}
