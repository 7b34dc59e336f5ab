/** Damaged and hostile input of every kind: a value or an error of ours, never a crash, a hang or memory without bounds. */
import { afterAll, describe, expect, it } from "vitest";
import { surfaces } from "./reading/all.js";
import { openReader } from "./reading/read-damaged.js";
import { count, faultSeed, isLong, tries } from "./tally.js";

const reader = openReader();
afterAll(() => reader.close());

describe("damaged input", () => {
  for (const { name, tries: amounts, mended = [] } of surfaces) {
    it(`${name}: a value or an error of ours`, { timeout: 3_600_000 }, async ({ task }) => {
      const read = await reader.read(name, faultSeed, tries(...amounts));
      for (const { index, what } of read.wrong) console.error(`${name}, input ${index} of seed ${faultSeed}: ${what}`);
      const values = read.outcomes["a value"] ?? 0;
      // Or the reader never gets to what it is to read.
      if (isLong) expect(values, "inputs that could be read").toBeGreaterThan(0);
      const note = `${values} read, ${read.tries - values} refused`;
      count(task, {
        fault: `damaged input: ${name}`,
        tries: read.tries,
        lost: 0,
        wrong: read.wrong.length,
        mended,
        note,
      });
    });
  }
});
