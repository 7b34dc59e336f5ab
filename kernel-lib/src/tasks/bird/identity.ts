import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { type Digest, sha256 } from "../../core/index.js";
import { assertDatabase } from "../sql/execute/index.js";
import { ADVICE, databaseFile, type Part, questionFile, readRows } from "./dataset.js";

/** BIRD's databases are 33 GB: of each its size, its beginning, its end and this many places between are looked at. */
const PLACES = 16;
const BYTES_AT_A_PLACE = 16_384;

/**
 * A digest of the question files and of the databases that they ask about. Of a database its size and 18 places are read (its header counts
 * every change that SQLite makes): another release or a broken download gives another digest; a few bytes changed by hand may not.
 *
 * @throws LabError `input-missing`, `input-damaged`.
 */
export function digestOfData(data: string): Digest {
  const hash = createHash("sha256");
  for (const part of ["train", "dev"] satisfies Part[]) {
    hash.update(`${part} ${sha256(readFileSync(questionFile(data, part)))}\n`);
    const names = [...new Set(readRows(data, part).map(({ db_id }) => db_id))].sort();
    for (const name of names) hash.update(`${name} ${fingerprint(databaseFile(data, part, name))}\n`);
  }
  return hash.digest("hex");
}

function fingerprint(path: string): Digest {
  assertDatabase(path, ADVICE);
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const hash = createHash("sha256").update(`${size}\n`);
    const bytes = Buffer.alloc(BYTES_AT_A_PLACE);
    const last = Math.max(0, size - BYTES_AT_A_PLACE);
    for (let place = 0; place <= PLACES + 1; place++) {
      const read = readSync(fd, bytes, 0, bytes.length, Math.floor((last * place) / (PLACES + 1)));
      hash.update(bytes.subarray(0, read));
    }
    return hash.digest("hex");
  } finally {
    closeSync(fd);
  }
}
