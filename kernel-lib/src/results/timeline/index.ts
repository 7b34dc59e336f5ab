export { type StepTokens, storedTimeline, storedTokens } from "./stored.js";
export { type TimedStep, type Timeline, timelineOf } from "./timeline.js";
export { timesFrame } from "./times.js";
