export type { Basis, Problem } from "./check-file.js";
export { formatRows, parseRows, plainFiles } from "./content.js";
export type { Clock, HitCheck } from "./context.js";
export { type Difference, type Explanation, formatExplanation } from "./explain.js";
export { storeFailure, systemCode } from "./failures.js";
export type { CollectOptions, CollectReport } from "./gc.js";
export type { Lock } from "./locks.js";
export { describeMachine, type Machine } from "./machine.js";
export { isPortablePath, type Manifest, manifestText, parseManifest } from "./manifest.js";
export type { MaterialiseMode } from "./materialise.js";
export { type Memo, openMemo, type Recalled } from "./memo.js";
export { isAlive, type ProcessIdentity, thisProcess } from "./processes.js";
export {
  type ActionDocument,
  type ActionRecord,
  type DerivationDocument,
  inputsOfDocument,
  keyOf,
  type OutputRecord,
  type StepDocument,
  verbOf,
} from "./records.js";
export { openStore, type Store, type Stored, type StoreOptions } from "./store.js";
export { type TemporaryFolder, temporaryFolder } from "./temporary-folder.js";
export type { StoreReport } from "./verify.js";
export { writeWhole } from "./whole-file.js";
