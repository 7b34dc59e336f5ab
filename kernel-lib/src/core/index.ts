export { cancelled, sleep, throwIfCancelled, unlessCancelled } from "./cancellation.js";
export { canonicalJson, type Digest, digestOf, type Json, sha256 } from "./digest.js";
export { type ErrorCode, LabError, nearestName } from "./errors.js";
export type { Emit, StepEvent } from "./events.js";
export { type Limit, limitOf } from "./limit.js";
export { packageVersion } from "./package-version.js";
export { type Random, seededRandom } from "./random.js";
export { isDeeperThan, shown } from "./shown.js";
export { visibleText } from "./visible-text.js";
