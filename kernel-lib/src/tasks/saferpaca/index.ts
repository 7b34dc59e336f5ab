export { type SaferPaca, type SaferPacaOptions, saferPaca } from "./task.js";
