/** What the functions of tests leave behind for their tests: they may use nothing that is defined outside of them, but this everybody has. */
import { beforeEach } from "vitest";

declare global {
  var notes: unknown[];
}

/** Empty before each test. */
beforeEach(() => {
  globalThis.notes = [];
});

/** The notes of the test so far. */
export const noted = (): readonly unknown[] => globalThis.notes;
