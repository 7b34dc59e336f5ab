export { bindOwn, type OwnLibrary, type OwnRecord, plannedOwn } from "./library.js";
export { type Changeable, type DpoFields, dpo, type IlrFields, ilr, type Method, type Own } from "./method.js";
