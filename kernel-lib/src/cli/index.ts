export { main } from "./main.js";
export { type CliContext, processContext } from "./surroundings.js";
