export { CATEGORIES } from "./data.js";
export { type SaferPaca, type SaferPacaOptions, saferPaca } from "./task.js";
