import { stripVTControlCharacters } from "node:util";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import type { Activity } from "../../kernel-lib/src/backends/index.js";
import { LabError } from "../../kernel-lib/src/core/index.js";
import type { Plan, PlannedStep } from "../../kernel-lib/src/experiments/plan.js";
import { type Displayable, render, showProgress, showProgressLine } from "../../kernel-lib/src/notebook/index.js";
import {
  boardLines,
  cutText,
  fitText,
  formatBar,
  formatClock,
  formatCount,
  formatSeconds,
  type Progress,
} from "../../kernel-lib/src/notebook/progress-format.js";
import { progressState } from "../../kernel-lib/src/notebook/progress-state.js";

const step = { key: "k1", label: "SFT", verb: "sft", kind: "step" } as const;
const activity = (type: "started" | "cached" | "queued" | "waiting", key = "k1"): Activity => ({ ...step, key, type });
const finished = (seconds: number, key = "k1"): Activity => ({ ...step, key, type: "finished", seconds });
const progressed = (done: number, total: number): Activity => ({
  ...step,
  type: "event",
  event: { type: "progress", done, total, unit: "steps" },
});

/** A plan of some training steps of ten seconds each, two of them cached. */
function planOf(count: number): Plan {
  const planned = (cached: boolean): PlannedStep => ({
    ...{ label: "SFT", verb: "sft", cached, flops: 1, seconds: 10, parameters: 1, rows: 1 },
  });
  const steps = Array.from({ length: count }, (_, i) => planned(i < 2));
  const workSeconds = 10 * (count - 2);
  return { steps, cached: 2, flops: count, workSeconds, wallSeconds: workSeconds / 2, workers: 2 };
}

describe("formats", () => {
  it("write times, counts and bars", () => {
    expect([0, 7.4, 725, 3723].map(formatClock)).toEqual(["0:00", "0:07", "12:05", "1:02:03"]);
    expect([0.42, 12.3, 210, 7560].map(formatSeconds)).toEqual(["0.4 s", "12 s", "3.5 min", "2.1 h"]);
    expect([0, 3.25, 940, 999.6, 9123, 999_600, 2.4e6, 1.3e9, 4e12].map(formatCount)).toEqual(
      "0 3.3 940 1.0k 9.1k 1.0M 2.4M 1.3G 4.0T".split(" "),
    );
    expect([-1, 0.5, 2].map((share) => formatBar(share, 4))).toEqual(["░░░░", "██░░", "████"]);
  });

  it("keep every line within the width", () => {
    expect(cutText("abcdef", 4)).toBe("abc…");
    expect(fitText("ab", 4)).toBe("ab  ");
    const progress: Progress = {
      ...{ title: "micro-math/main", seconds: 75, executed: 10, cached: 2, total: 194, secondsLeft: 300 },
      running: [
        {
          ...{
            label: "DPO (evaluator, as released) round 2: samples for KL",
            seconds: 4,
            waiting: false,
            loss: 0.4123,
          },
          progress: { done: 30, total: 40, unit: "steps" },
        },
        { label: "SFT", seconds: 9, waiting: true },
      ],
    };
    for (const width of [20, 40, 79, 120, 200]) {
      for (const line of boardLines(progress, width)) expect(line.length).toBeLessThanOrEqual(width);
    }
    const [summary, running, waiting] = boardLines(progress, 140);
    expect(summary).toBe("micro-math/main  █░░░░░░░░░░░░░░░  12/194 steps (2 in the store)  1:15  about 5:00 left");
    expect(running).toContain("████████░░   75%  loss 0.412  7.5 steps/s  0:01 left");
    expect(waiting).toContain("waiting for another process");
  });
});

describe("the state of progress", () => {
  it("counts every step once, and derivations not at all", () => {
    const state = progressState({ title: "" }, planOf(4), () => 0);
    state.add(activity("cached", "a"));
    state.add(activity("cached", "a"));
    state.add({ ...activity("cached", "b"), kind: "derive" });
    state.add(activity("started", "c"));
    state.add(finished(1, "c"));
    state.add(activity("cached", "c"));
    expect(state.at(0)).toMatchObject({ executed: 1, cached: 1, total: 4, running: [] });
  });

  it("at the end counts the steps that there were", () => {
    const state = progressState({ title: "" }, planOf(4), () => 0);
    state.add(activity("started"));
    state.end();
    expect(state.at(0).total).toBe(4);
    state.add(finished(1));
    state.end();
    expect(state.at(0)).toMatchObject({ executed: 1, total: 1 });
    expect(state.at(0)).not.toHaveProperty("secondsLeft");
  });

  it("estimates the time left by the plan at first, then by how fast it went", () => {
    const state = progressState({ title: "" }, planOf(12), () => 0);
    expect(state.at(0).secondsLeft).toBe(50);
    state.add(activity("started"));
    state.add(progressed(1, 2));
    // Half a step of ten planned ones.
    expect(state.at(5000).secondsLeft).toBeCloseTo((50 * 95) / 100);
    state.add(finished(20));
    // A tenth of the work took 20 s.
    expect(state.at(20_000).secondsLeft).toBeCloseTo(180);
  });
});

/** A stream that keeps what is written, and a clock that stands still until told. */
function terminal(isTTY: boolean): { isTTY: boolean; columns: number; text: () => string; write(text: string): void } {
  let text = "";
  const write = (more: string): void => {
    text += more;
  };
  return { isTTY, columns: 60, text: () => text, write };
}

describe("displays", () => {
  it("print one plain line for each finished step where output is a file", () => {
    const stream = terminal(false);
    let now = 0;
    const progress = showProgress({ stream, title: "t", plan: planOf(4), clock: () => now });
    for (const key of ["a", "b"]) progress.onActivity(activity("cached", key));
    progress.onActivity(activity("started"));
    progress.onActivity(progressed(1, 2));
    now = 3000;
    progress.onActivity(finished(3));
    expect(stream.text()).toBe("[3/4] SFT  3.0 s\n");
    progress.onActivity(activity("started", "k2"));
    now = 64_000;
    progress.onActivity({ ...progressed(1, 2), key: "k2" });
    expect(stream.text()).toContain("50%");
    expect(stream.text()).not.toContain("\x1b");
    progress.close();
  });

  it("rewrite a block on a terminal, never wider than it, and give the cursor back", () => {
    const stream = terminal(true);
    const progress = showProgress({ stream, title: "t".repeat(100), clock: () => 0 });
    expect(stream.text().startsWith("\x1b[?25l")).toBe(true);
    progress.onActivity(activity("started"));
    progress.note("a note");
    progress.note("another");
    // From the second drawing on, the cursor goes up by as many lines as were drawn.
    expect(stream.text()).toContain("\x1b[2A\r\x1b[2Kanother\n");
    progress.close();
    progress.close();
    expect(stream.text().split("\x1b[?25h")).toHaveLength(2);
    const lines = stripVTControlCharacters(stream.text()).replaceAll("\r", "").split("\n");
    for (const line of lines) expect(line.length).toBeLessThan(60);
  });

  it("say which step failed, but not which were cancelled, and nothing after the end", () => {
    const failed = (code: "step-failed" | "cancelled"): Activity => ({
      ...step,
      type: "failed",
      error: new LabError(code, "it ended"),
    });
    for (const isTTY of [true, false]) {
      const stream = terminal(isTTY);
      const progress = showProgress({ stream, clock: () => 0 });
      progress.onActivity(failed("cancelled"));
      expect(stream.text()).not.toContain("SFT");
      progress.onActivity(failed("step-failed"));
      expect(stream.text()).toContain("SFT");
      progress.close();
      const before = stream.text();
      if (isTTY) progress.onActivity(failed("step-failed"));
      expect(stream.text()).toBe(before);
    }
  });

  it("replace one display in a notebook: bars and facts of what runs, one calm line at the end", () => {
    const shown: Displayable[] = [];
    const display = (first: Displayable) => ({
      first,
      update: (next: unknown) => void shown.push(next as Displayable),
    });
    let now = 0;
    const progress = showProgressLine({ title: "t", backend: "slurm", plan: planOf(4), display, clock: () => now });
    progress.onActivity(activity("cached", "k0"));
    progress.onActivity(activity("started"));
    expect(shown).toEqual([]);
    progress.onActivity({ ...step, type: "event", event: { type: "metric", name: "loss", value: 0.5, step: 1 } });
    now = 2000;
    progress.onActivity(progressed(1, 4));
    const { text, page } = formsOf(shown.at(-1));
    expect(text).toContain("1/4 steps (1 in the store)  0:02");
    expect(text).toContain("on slurm  now: SFT (1/4 steps, loss 0.500, 0.5 steps/s, 0:06 left)");
    const bars = [...page.querySelectorAll("progress")].map((bar) => bar.value / bar.max);
    expect(bars).toEqual([0.25, 0.25]);
    expect(page.textContent).toMatch(/1\/4 steps \(1 from the store\).*about 0:\d\d left · on slurm/);
    expect(page.textContent).toContain("1/4 steps · loss 0.500 · 0.5 steps/s · 0:06 left");
    progress.onActivity(finished(2));
    progress.close();
    progress.close();
    expect(shown).toHaveLength(2);
    const last = formsOf(shown.at(-1));
    expect(last.text).toBe("t: 2 steps, 1 from the store, 2.0 s");
    expect(last.page.textContent).toBe(last.text);
  });

  it("say where a run stopped that did not come to its end", () => {
    const shown: Displayable[] = [];
    const display = () => ({ update: (next: unknown) => void shown.push(next as Displayable) });
    const progress = showProgressLine({ title: "t", plan: planOf(4), display, clock: () => 0 });
    progress.onActivity(activity("started"));
    progress.close();
    expect(formsOf(shown.at(-1)).text).toBe("t: stopped after 0 of 4 steps, 0.0 s");
    const told = showProgressLine({ title: "t", plan: planOf(4), display, clock: () => 0 });
    told.onActivity(activity("cached"));
    told.close("stopped");
    told.close();
    expect(formsOf(shown.at(-1)).text).toBe("t: stopped after 1 of 4 steps, 1 from the store, 0.0 s");
  });

  it("ask for a plan only when a step runs, once, and do without where there is none", async () => {
    let asked = 0;
    const stream = terminal(false);
    const plan = async (): Promise<Plan> => {
      if (asked++ === 0) return planOf(7);
      throw new Error("no plan");
    };
    for (const count of ["[2/7]", "[2]"]) {
      const progress = showProgress({ stream, plan, clock: () => 0 });
      const before = asked;
      progress.onActivity(activity("cached", "k0"));
      expect(asked).toBe(before);
      progress.onActivity(activity("started"));
      progress.onActivity(activity("started", "k2"));
      await new Promise(setImmediate);
      expect(asked).toBe(before + 1);
      progress.onActivity(finished(1));
      expect(stream.text().endsWith(`${count} SFT  1.0 s\n`)).toBe(true);
    }
  });

  it("name the backend where there is room for all of it", () => {
    const progress: Progress = { title: "t", backend: "embedded", seconds: 1, executed: 1, cached: 0, running: [] };
    expect(boardLines(progress, 79)[0]).toBe("t  1 steps  0:01  on embedded");
    expect(boardLines(progress, 24)[0]).toBe("t  1 steps  0:01");
  });
});

function formsOf(value: Displayable | undefined): { text: string; page: HTMLElement } {
  const { data } = render(value);
  return { text: data["text/plain"], page: new JSDOM(String(data["text/html"])).window.document.body };
}
