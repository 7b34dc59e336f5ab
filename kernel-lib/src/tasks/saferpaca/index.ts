export { type SaferPacaOptions, saferPaca } from "./task.js";
