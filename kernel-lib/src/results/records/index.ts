export { columnsOfAll, type NamedSource, type RecordsName, recordsOf, recordTables, rowsOfAll } from "./by-name.js";
export type { RecordSource } from "./table.js";
