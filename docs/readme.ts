// The parts of the README that recorded runs decide; `npm run readme` writes them, test/results/readme.test.ts holds the file to them.
import { readRun } from "../kernel-lib/src/experiments/index.js";
import { describeVerdicts, summaryTable, verdicts } from "../kernel-lib/src/results/index.js";

/** The README with each marked part as the recorded runs in a folder give it. */
export async function withResults(readme: string, results: string): Promise<string> {
  const main = await readRun(`${results}/micro-math/main`);
  const parts = { table: summaryTable(main, "markdown"), claims: describeVerdicts(verdicts(main)) };
  return Object.entries(parts).reduce((text, [name, part]) => {
    const place = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(\\n<!-- /${name} -->)`);
    if (!place.test(text)) throw new Error(`the README has no <!-- ${name} --> ... <!-- /${name} -->`);
    return text.replace(place, (_, start: string, end: string) => `${start}${part}${end}`);
  }, readme);
}
