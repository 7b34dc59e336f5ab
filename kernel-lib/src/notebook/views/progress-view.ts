import { type Displayable, displaySymbol } from "../displayable.js";
import { finalLine, formatClock, type Progress, type RunningStep, stepFacts, summaryLine } from "../progress-format.js";
import { withCommas } from "./fold.js";
import { type Html, html, visibleText } from "./html.js";
import { styles } from "./style.js";

/** More running steps than this are only counted. */
const mostSteps = 4;

/** Progress in a notebook: a bar for all steps and one for each that runs, and one calm line when all is over. */
export function progressView(progress: Progress): Displayable {
  return {
    [displaySymbol]: () => ({
      data: { "text/html": progressHtml(progress).toString(), "text/plain": visibleText(progressText(progress)) },
      metadata: {},
    }),
  };
}

/** The same facts as the bars, on one line. */
export function progressText(progress: Progress): string {
  if (progress.ended !== undefined) return finalLine(progress);
  const steps = progress.running.slice(0, mostSteps).map((step) => `${step.label} (${stepFacts(step).join(", ")})`);
  return summaryLine(progress, 200) + (steps.length === 0 ? "" : `  now: ${steps.join("; ")}${moreThan(progress)}`);
}

function progressHtml(progress: Progress): Html {
  if (progress.ended !== undefined) return html`<div style="${styles.quiet}">${finalLine(progress)}</div>`;
  const { title, executed, cached, total, seconds, secondsLeft, backend, running } = progress;
  const done = executed + cached;
  const facts = [
    `${withCommas(done)}${total ? `/${withCommas(total)}` : ""} steps${cached > 0 ? ` (${withCommas(cached)} from the store)` : ""}`,
    formatClock(seconds),
    ...(secondsLeft === undefined ? [] : [`about ${formatClock(secondsLeft)} left`]),
    ...(backend === undefined ? [] : [`on ${backend}`]),
  ];
  return html`<div style="line-height:1.5">
<div><strong>${title}</strong> ${total !== undefined && bar(done, total)} ${facts.join(" · ")}</div>
${running.slice(0, mostSteps).map(stepHtml)}${moreThan(progress) !== "" && html`<div style="${styles.small}">${moreThan(progress).trim()}</div>`}
</div>`;
}

function stepHtml(step: RunningStep): Html {
  const { progress, label } = step;
  return html`<div style="${styles.small}">${label} ${progress && bar(progress.done, progress.total)} ${stepFacts(step).join(" · ")}</div>`;
}

function bar(done: number, total: number): Html {
  return html`<progress value="${done}" max="${Math.max(1, total)}" style="width:9em;vertical-align:middle">${Math.floor((100 * done) / Math.max(1, total))} %</progress>`;
}

function moreThan({ running }: Progress): string {
  return running.length > mostSteps ? ` and ${running.length - mostSteps} more` : "";
}
