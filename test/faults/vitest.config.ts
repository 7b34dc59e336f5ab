/** `make test-faults`: the long form, one file at a time, with the table of counts at the end. */
import { defineConfig } from "vitest/config";

// For the table, which is written by this process; `env` below is for those of the tests.
process.env.ILR_FAULTS = "long";

export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/faults/**/*.test.ts"],
    env: { ILR_FAULTS: "long" },
    testTimeout: 3 * 3_600_000,
    hookTimeout: 300_000,
    pool: "forks",
    maxWorkers: 1,
    reporters: ["verbose", new URL("table.ts", import.meta.url).pathname],
  },
});
