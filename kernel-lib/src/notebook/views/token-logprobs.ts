import type { WrittenToken } from "../../engine/index.js";
import { type Displayable, displayedAs } from "../displayable.js";
import { described } from "../provenance.js";
import { oneLine } from "./fold.js";
import { type Html, html, visibleText } from "./html.js";
import { styles } from "./style.js";

/** An answer with what a model thought of each of its tokens. */
export interface TokenLogprobs {
  /** Such as "ILR (oracle), round 3, seed 0, greedy". */
  readonly title: string;
  readonly question: string;
  readonly tokens: readonly WrittenToken[];
  /** Said of the answer as a whole, such as "right" or "not finished". */
  readonly remark?: string | undefined;
}

/** Longer answers are shown up to here. */
const mostTokens = 400;

/**
 * An answer, token by token, for `display` to show: under each token its log-probability in nats, and the stronger the ground the less the model
 * expected it. The numbers and a line under unlikely tokens say the same without colour.
 *
 * @returns the same value, with a way to be shown.
 * @example
 * display(tokenLogProbabilities({ title: "SFT", question, tokens: answer.tokens }));
 */
export function tokenLogProbabilities<T extends object>(value: T, shown: TokenLogprobs): T {
  return displayedAs(value, () => {
    const data = { "text/html": tokensHtml(shown).toString(), "text/plain": tokensText(shown) };
    return described({ data, metadata: {} }, { kind: "answers" });
  });
}

/** What an answer looks like while it is written. */
export function writtenSoFar(title: string, text: string): Displayable {
  const markup = html`<div style="line-height:1.4"><div style="${styles.quiet}">${title}</div><div style="${styles.written}">${text}▏</div></div>`;
  return displayedAs({}, () => ({
    data: { "text/html": markup.toString(), "text/plain": visibleText(`${title}: ${text}`) },
    metadata: {},
  })) as Displayable;
}

function tokensHtml({ title, question, tokens, remark }: TokenLogprobs): Html {
  const shown = tokens.slice(0, mostTokens);
  return html`<div style="line-height:1.4;max-width:1000px">
<div><strong>${title}</strong> <span style="${styles.quiet}">${summaryOf(tokens, remark)}</span></div>
<div style="${styles.asked};${styles.quiet};margin:2px 0 8px">${question}</div>
<div>${shown.map(tokenHtml)}${shown.length < tokens.length && html`<span style="${styles.small}">and ${tokens.length - shown.length} more tokens</span>`}</div>
<div style="${styles.small};margin-top:6px">Under each token: its log-probability in nats (0 is certain). The stronger the colour and the heavier the line, the less expected.</div>
</div>`;
}

function tokenHtml({ token, logprob, top }: WrittenToken): Html {
  const doubt = doubtOf(logprob);
  const border = doubt > 0.5 ? "3px" : "1px";
  const box = `display:inline-block;text-align:center;margin:0 3px 6px 0;padding:1px 5px;border-radius:3px;background:rgba(210,84,27,${(0.55 * doubt).toFixed(2)});border-bottom:${border} solid rgba(128,128,128,.6)`;
  return html`<span style="${box}" title="${alternatives(top)}"><span style="font-family:monospace;white-space:pre">${token}</span><br><span style="font-size:.75em">${nats(logprob)}</span></span>`;
}

/** 0 for a certain token, 1 for one of probability 0. */
function doubtOf(logprob: number): number {
  return 1 - Math.exp(logprob);
}

function tokensText({ title, question, tokens, remark }: TokenLogprobs): string {
  const shown = tokens.slice(0, mostTokens).map(({ token, logprob }) => `${token} (${nats(logprob)})`);
  return visibleText(
    [`${title}: ${summaryOf(tokens, remark)}`, `  ${oneLine(question)}`, `  ${shown.join(" ")}`].join("\n"),
  );
}

function summaryOf(tokens: readonly WrittenToken[], remark: string | undefined): string {
  const sum = tokens.reduce((total, { logprob }) => total + logprob, 0);
  const count = `${tokens.length} ${tokens.length === 1 ? "token" : "tokens"}`;
  return [`${count}, log-probability ${nats(sum)} nats`, ...(remark === undefined ? [] : [remark])].join("; ");
}

function alternatives(top: WrittenToken["top"]): string {
  return top.map(({ token, logprob }) => `${token} ${percent(logprob)}`).join(", ");
}

/** Two digits, with a true minus; what rounds to zero has no sign. */
export function nats(value: number): string {
  return value
    .toFixed(2)
    .replace(/^-0\.00$/, "0.00")
    .replace("-", "−");
}

/** A probability in percent. */
export function percent(logprob: number): string {
  const share = 100 * Math.exp(logprob);
  return `${share >= 0.1 ? share.toFixed(1) : "< 0.1"} %`;
}
