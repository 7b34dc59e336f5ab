/** How progress is written: pure functions from numbers to text. */
import { visibleText } from "../core/index.js";

/** Seconds as a clock: "0:07", "12:05", "1:02:03". */
export function formatClock(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Seconds as words: "0.4 s", "12 s", "3.5 min", "2.1 h". */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** A count with three digits: "7", "940", "9.1k", "2.4M", "1.3G". */
export function formatCount(value: number): string {
  const [scaled, unit] = scale(value);
  if (unit === "") return scaled < 10 && !Number.isInteger(scaled) ? scaled.toFixed(1) : String(Math.round(scaled));
  return `${scaled < 100 ? scaled.toFixed(1) : Math.round(scaled)}${unit}`;
}

function scale(value: number): readonly [number, string] {
  if (value >= 999.5e9) return [value / 1e12, "T"];
  if (value >= 999.5e6) return [value / 1e9, "G"];
  if (value >= 999.5e3) return [value / 1e6, "M"];
  return value >= 999.5 ? [value / 1e3, "k"] : [value, ""];
}

/** A bar of `width` cells, filled to a share from 0 to 1. */
export function formatBar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

/** Text of exactly `width` columns: cut with an ellipsis, or padded. */
export function fitText(text: string, width: number): string {
  return cutText(text, width).padEnd(width);
}

/** What came from a trainer or a config (labels, units) as one line that moves no cursor. */
function oneLine(text: string): string {
  return visibleText(text).replaceAll(/[\n\t]/g, " ");
}

/** Text of at most `width` columns, cut with an ellipsis. */
export function cutText(written: string, width: number): string {
  const text = oneLine(written);
  if (text.length <= width) return text;
  if (width < 1) return "";
  // Never half a character.
  return `${text.slice(0, width - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** A step that runs, as a display sees it. */
export interface RunningStep {
  readonly label: string;
  /** Seconds since it started. */
  readonly seconds: number;
  /** True while another process computes it. */
  readonly waiting: boolean;
  readonly progress?: { readonly done: number; readonly total: number; readonly unit: string };
  readonly loss?: number;
}

/** All work, as a display sees it. */
export interface Progress {
  readonly title: string;
  /** Who runs the steps. */
  readonly backend?: string;
  readonly seconds: number;
  /** Steps that ran, were found in the store, and are there in all (undefined without a plan). */
  readonly executed: number;
  readonly cached: number;
  readonly total?: number;
  readonly secondsLeft?: number;
  readonly running: readonly RunningStep[];
  /** How it ended; `stopped` if a step failed or was cancelled. */
  readonly ended?: "done" | "stopped";
}

const GAP = "  ";
/** Narrower terminals get no bars. */
const ROOM_FOR_BARS = 60;

/** The line that sums everything up. */
export function summaryLine(progress: Progress, width: number): string {
  const { title, executed, cached, total, seconds, secondsLeft, backend } = progress;
  const done = executed + cached;
  const parts = [
    title,
    ...(total && width >= ROOM_FOR_BARS ? [formatBar(done / total, 16)] : []),
    `${done}${total ? `/${total}` : ""} steps${cached > 0 ? ` (${cached} in the store)` : ""}`,
    formatClock(seconds),
    ...(secondsLeft === undefined ? [] : [`about ${formatClock(secondsLeft)} left`]),
  ];
  const line = parts.filter((part) => part !== "").join(GAP);
  const whole = backend === undefined ? line : `${line}${GAP}on ${backend}`;
  // Half a name tells nobody anything; where there is no room, the line does without.
  return cutText(whole.length <= width ? whole : line, width);
}

/** The line that stays when all is over: how much was done, how much of it was in the store already, and how long it took. */
export function finalLine({ title, executed, cached, total, seconds, ended }: Progress): string {
  const done = executed + cached;
  const steps = `${done} ${done === 1 ? "step" : "steps"}`;
  const count = ended === "stopped" ? `stopped after ${done}${total ? ` of ${total}` : ""} steps` : steps;
  const parts = [count, ...(cached > 0 ? [`${cached} from the store`] : []), formatSeconds(seconds)];
  return `${title === "" ? "" : `${title}: `}${parts.join(", ")}`;
}

/** What is known of a running step besides its name, in words. */
export function stepFacts({ seconds, waiting, progress, loss }: RunningStep): readonly string[] {
  if (waiting) return ["waiting for another process", formatClock(seconds)];
  const rate = progress && seconds > 0 ? progress.done / seconds : 0;
  return [
    ...(progress ? [`${formatCount(progress.done)}/${formatCount(progress.total)} ${progress.unit}`] : []),
    ...(loss === undefined ? [] : [`loss ${loss.toFixed(3)}`]),
    ...(progress && rate > 0 ? [`${formatCount(rate)} ${progress.unit}/s`] : []),
    ...(progress && rate > 0
      ? [`${formatClock((progress.total - progress.done) / rate)} left`]
      : [formatClock(seconds)]),
  ];
}

/** Columns that bar, share, loss, rate and time take. */
const FACTS_WIDTH = 58;

/** The line of a running step. */
export function runningLine(step: RunningStep, width: number): string {
  const { label, seconds, waiting, progress, loss } = step;
  const name = fitText(label, Math.max(16, Math.min(56, width - FACTS_WIDTH)));
  const share = progress && progress.total > 0 ? progress.done / progress.total : undefined;
  const rate = progress && seconds > 0 ? progress.done / seconds : 0;
  const parts = [
    ...(share !== undefined && width >= ROOM_FOR_BARS ? [formatBar(share, 10)] : []),
    ...(share === undefined ? [formatClock(seconds)] : [`${Math.floor(share * 100)}%`.padStart(4)]),
    ...(waiting ? ["waiting for another process"] : []),
    ...(loss === undefined ? [] : [`loss ${loss.toFixed(3)}`]),
    ...(progress && rate > 0 ? [`${formatCount(rate)} ${progress.unit}/s`] : []),
    ...(progress && rate > 0 ? [`${formatClock((progress.total - progress.done) / rate)} left`] : []),
  ];
  return cutText(`${GAP}${name}${GAP}${parts.join(GAP)}`, width);
}

/** The whole board. */
export function boardLines(progress: Progress, width: number): readonly string[] {
  return [summaryLine(progress, width), ...progress.running.map((step) => runningLine(step, width))];
}
