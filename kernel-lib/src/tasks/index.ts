export type { Question, Splits, Task } from "./task.js";
