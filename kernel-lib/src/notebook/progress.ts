import type { Activity } from "../backends/index.js";
import { LabError, visibleText } from "../core/index.js";
import type { Plan } from "../experiments/index.js";
import { displayLive, type LiveDisplay } from "./display.js";
import type { Displayable } from "./displayable.js";
import { boardLines, formatSeconds, summaryLine } from "./progress-format.js";
import { type ProgressState, progressState } from "./progress-state.js";
import { progressView } from "./views/progress-view.js";

/** Shows what a runner does. */
export interface ProgressDisplay {
  /** Give this to the run. */
  onActivity(activity: Activity): void;
  /** Prints a line that stays, above what is updated in place. */
  note(line: string): void;
  /** Shows the last state and gives the terminal back; says that the work stopped, where no step failed that would show it. */
  close(how?: "stopped"): void;
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
  /**
   * For the number of steps and the time left. A function is asked when the first step runs, and not waited for: where all is in the
   * store there is nothing to foresee.
   */
  readonly plan?: Plan | (() => Promise<Plan>);
  readonly title?: string;
  /** Who runs the steps. */
  readonly backend?: string;
  /** In ms. */
  readonly clock?: () => number;
}

/** Time between two updates in place, and between two signs of life where every line stays, in ms. */
const REDRAW_MS = 125;
const NOTEBOOK_REDRAW_MS = 250;
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
  const state = stateOf(options, clock);
  return stream.isTTY ? board(stream, state, clock) : lines(stream, state, clock);
}

/** Progress for a notebook: one display that is replaced, with a bar for each running step; at the end one line. */
export function showProgressLine(
  options: Omit<ProgressOptions, "stream"> & { readonly display?: (first: Displayable) => LiveDisplay } = {},
): ProgressDisplay {
  const { clock = Date.now, display = displayLive } = options;
  const state = stateOf(options, clock);
  const view = (): Displayable => progressView(state.at(clock()));
  const shown = display(view());
  let last = clock();
  let closed = false;
  const update = (): void => {
    last = clock();
    shown.update(view());
  };
  return {
    onActivity: (activity) => {
      state.add(activity);
      if (!closed && clock() - last >= NOTEBOOK_REDRAW_MS) update();
    },
    note: () => {},
    close: (how) => {
      if (closed) return;
      closed = true;
      state.end(how);
      update();
    },
  };
}

function stateOf({ title = "", backend, plan }: ProgressOptions, clock: () => number): ProgressState {
  const about = { title, ...(backend !== undefined && { backend }) };
  if (typeof plan !== "function") return progressState(about, plan, clock);
  const state = progressState(about, undefined, clock);
  let asked = false;
  const add = (activity: Activity): void => {
    state.add(activity);
    if (asked || activity.kind !== "step" || activity.type !== "started") return;
    asked = true;
    // A plan that cannot be made leaves the display without one; what is wrong, the run itself says.
    plan().then(state.plan, () => {});
  };
  return { ...state, add };
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
      if (hasFailed(activity) && !closed) draw(`${CLEAR_LINE}${visibleText(activity.label)} failed\n`);
    },
    note: (line) => draw(`${CLEAR_LINE}${visibleText(line)}\n`),
    close: (how) => {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      state.end(how);
      draw("", false);
      process.removeListener("exit", showCursor);
      showCursor();
    },
  };
}

/** A line for each finished step, and a sign of life in long ones. */
function lines(stream: ProgressStream, state: ProgressState, clock: () => number): ProgressDisplay {
  let last = clock();
  let closed = false;
  const print = (line: string): void => {
    last = clock();
    stream.write(`${visibleText(line)}\n`);
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
    close: (how) => {
      if (closed) return;
      closed = true;
      state.end(how);
      print(summaryLine(state.at(clock()), 120));
    },
  };
}
