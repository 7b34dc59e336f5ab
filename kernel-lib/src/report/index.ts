export { buildReport, type Report, type ReportOptions } from "./build.js";
export { type FoundNotebooks, findNotebooks } from "./sources.js";
export { type WrittenReport, writeReport } from "./write.js";
