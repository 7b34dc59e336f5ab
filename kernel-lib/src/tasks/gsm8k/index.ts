export { type Gsm8kOptions, gsm8k } from "./task.js";
