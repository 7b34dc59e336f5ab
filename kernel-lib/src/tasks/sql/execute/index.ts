export { assertDatabase, type DatabaseAdvice } from "./database-file.js";
export { type ExecutionLimits, executionLimits } from "./limits.js";
export { type QueryPool, queryPool } from "./pool.js";
export type { FailureReason, Outcome, Table } from "./protocol.js";
export { sqliteVersion } from "./version.js";
