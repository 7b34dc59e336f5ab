import type { Activity } from "../backends/index.js";
import { LabError } from "../core/index.js";
import type { Plan } from "../experiments/index.js";
import { displayLive, type LiveDisplay } from "./display.js";
import { boardLines, formatSeconds, summaryLine } from "./progress-format.js";
import { type ProgressState, progressState } from "./progress-state.js";

/** Shows what a runner does. */
export interface ProgressDisplay {
  /** Give this to the run. */
  onActivity(activity: Activity): void;
  /** Prints a line that stays, above what is updated in place. */
  note(line: string): void;
  /** Shows the last state and gives the terminal back. */
  close(): void;
}

/** Where progress is written; `process.stdout` and `process.stderr` are such streams. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  /** Default: standard output. */
  readonly stream?: ProgressStream;
  /** For the number of steps and the time left. */
  readonly plan?: Plan;
  readonly title?: string;
  /** In ms. */
  readonly clock?: () => number;
}

/** Time between two updates in place, and between two signs of life where every line stays, in ms. */
const REDRAW_MS = 125;
const SIGN_OF_LIFE_MS = 60_000;
const DEFAULT_WIDTH = 80;

/**
 * Progress for a terminal (a block of lines updated in place) or, where output is a file, one line for each finished step.
 *
 * @example
 * const progress = showProgress({ title: "micro-math/quick", plan });
 * await runExperiment(experiment, { store, results, onActivity: progress.onActivity }).finally(progress.close);
 */
export function showProgress(options: ProgressOptions = {}): ProgressDisplay {
  const { stream = process.stdout as ProgressStream, clock = Date.now } = options;
  const state = progressState(options.title ?? "", options.plan, clock);
  return stream.isTTY ? board(stream, state, clock) : lines(stream, state, clock);
}

/** Progress for a notebook: one line that is replaced. */
export function showProgressLine(
  options: Omit<ProgressOptions, "stream"> & { readonly display?: (text: string) => LiveDisplay } = {},
): ProgressDisplay {
  const { clock = Date.now, display = displayLive } = options;
  const state = progressState(options.title ?? "", options.plan, clock);
  const text = (): string => {
    const progress = state.at(clock());
    const labels = progress.running.map(({ label }) => label).join(", ");
    return summaryLine(progress, 200) + (labels === "" ? "" : `  now: ${labels}`);
  };
  const line = display(text());
  let last = clock();
  const update = (): void => {
    last = clock();
    line.update(text());
  };
  return {
    onActivity: (activity) => {
      state.add(activity);
      if (clock() - last >= REDRAW_MS) update();
    },
    note: () => {},
    close: () => {
      state.end();
      update();
    },
  };
}

/** Cancelled steps end with an error too, but that is no news to who cancelled them. */
function hasFailed(activity: Activity): boolean {
  if (activity.type !== "failed") return false;
  return !(activity.error instanceof LabError && activity.error.code === "cancelled");
}

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR_LINE = "\x1b[2K";
const CLEAR_BELOW = "\x1b[J";

/** A block that is written over in one go, so that nothing flickers. */
function board(stream: ProgressStream, state: ProgressState, clock: () => number): ProgressDisplay {
  let height = 0;
  let closed = false;
  const draw = (above = "", withSteps = true): void => {
    // The last column stays free: a terminal wraps a line that fills it, and the block would be one line higher.
    const all = boardLines(state.at(clock()), (stream.columns ?? DEFAULT_WIDTH) - 1);
    const shown = withSteps ? all : all.slice(0, 1);
    const up = height > 0 ? `\x1b[${height}A\r` : "\r";
    stream.write(`${up}${above}${shown.map((line) => `${CLEAR_LINE}${line}\n`).join("")}${CLEAR_BELOW}`);
    height = shown.length;
  };
  const showCursor = (): void => void stream.write(SHOW_CURSOR);
  stream.write(HIDE_CURSOR);
  process.once("exit", showCursor);
  const timer = setInterval(() => draw(), REDRAW_MS);
  timer.unref();
  draw();
  return {
    onActivity: (activity) => {
      state.add(activity);
      if (hasFailed(activity) && !closed) draw(`${CLEAR_LINE}${activity.label} failed\n`);
    },
    note: (line) => draw(`${CLEAR_LINE}${line}\n`),
    close: () => {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      state.end();
      draw("", false);
      process.removeListener("exit", showCursor);
      showCursor();
    },
  };
}

/** A line for each finished step, and a sign of life in long ones. */
function lines(stream: ProgressStream, state: ProgressState, clock: () => number): ProgressDisplay {
  let last = clock();
  const print = (line: string): void => {
    last = clock();
    stream.write(`${line}\n`);
  };
  const count = (): string => {
    const { executed, cached, total } = state.at(clock());
    return `[${executed + cached}${total === undefined ? "" : `/${total}`}]`;
  };
  return {
    onActivity: (activity) => {
      state.add(activity);
      if (activity.kind !== "step") return;
      if (activity.type === "finished") print(`${count()} ${activity.label}  ${formatSeconds(activity.seconds)}`);
      else if (hasFailed(activity)) print(`${count()} ${activity.label}  failed`);
      else if (clock() - last >= SIGN_OF_LIFE_MS) print(boardLines(state.at(clock()), 120).join("\n"));
    },
    note: print,
    close: () => {
      state.end();
      print(summaryLine(state.at(clock()), 120));
    },
  };
}
