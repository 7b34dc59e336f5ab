export { type CliContext, processContext } from "./context.js";
export { main } from "./main.js";
