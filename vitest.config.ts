import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
    // For tests that load the engine alone; see kernel-lib/src/backends/without-telemetry.ts.
    env: { ORT_DISABLE_TELEMETRY: "1" },
  },
});
