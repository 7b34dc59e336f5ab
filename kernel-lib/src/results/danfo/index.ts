export { type DanfoOptions, toDanfo } from "./to-danfo.js";
