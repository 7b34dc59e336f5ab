export { LabError } from "./core/index.js";
export { display, displayLive, markdown, runNotebook } from "./notebook/index.js";
