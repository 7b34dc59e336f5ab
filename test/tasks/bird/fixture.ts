/** Small databases and question files in the layout of BIRD's archives. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PEOPLE, temporaryFolder, writeDatabase } from "../sql/fixture.js";

export interface Row {
  readonly db_id: string;
  readonly question: string;
  readonly evidence: string;
  readonly SQL: string;
  readonly difficulty?: string;
  readonly question_id?: number;
}

/** A data folder with these questions; every database that they name holds PEOPLE. */
export async function writeBird(train: readonly Row[], dev: readonly Row[]): Promise<string> {
  const data = temporaryFolder();
  for (const [part, rows] of [
    ["train", train],
    ["dev", dev],
  ] as const) {
    const folder = join(data, "bird", part);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${part}.json`), JSON.stringify(rows));
    for (const name of new Set(rows.map(({ db_id }) => db_id)))
      await writeDatabase(join(folder, `${part}_databases`, name, `${name}.sqlite`), PEOPLE);
  }
  return data;
}
