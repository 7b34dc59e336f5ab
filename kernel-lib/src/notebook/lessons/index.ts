export { blank, check, type Expect, type ExpectationOptions } from "./exercise.js";
export { exerciseOf, readSolutions, type Solutions, withSolutions } from "./solutions.js";
