import type { Candidate } from "../../engine/index.js";
import { displayedAs } from "../displayable.js";
import { described } from "../provenance.js";
import { oneLine } from "./fold.js";
import { type Html, html, visibleText } from "./html.js";
import { styles } from "./style.js";
import { percent } from "./token-logprobs.js";

/** What one of two models says where they part. */
export interface Side {
  readonly model: string;
  /** Its whole answer. */
  readonly answer: string;
  /** The likeliest tokens at the place, best first; empty where the answers are the same. */
  readonly top: readonly Candidate[];
}

/** The place at which two models' answers to a question part. */
export interface Parting {
  readonly question: string;
  /** Number of tokens that they have in common; null when the answers are the same to the end. */
  readonly at: number | null;
  /** Those tokens as text. */
  readonly shared: string;
  readonly sides: readonly [Side, Side];
}

/**
 * Where two models part, for `display` to show: what they have in common, and what each would say next.
 *
 * @returns the same value, with a way to be shown.
 */
export function displayedParting(parting: Parting): Parting {
  return displayedAs(parting, () => {
    const data = { "text/html": partingHtml(parting).toString(), "text/plain": partingText(parting) };
    return described({ data, metadata: {} }, { kind: "answers" });
  });
}

function partingHtml({ question, at, shared, sides }: Parting): Html {
  const head = html`<div style="${styles.asked};${styles.quiet}">${question}</div>`;
  if (at === null) {
    return html`<div style="line-height:1.4">${head}<div>${sides[0].model} and ${sides[1].model} give the same answer:</div><div style="${styles.written}">${sides[0].answer}</div></div>`;
  }
  return html`<div style="line-height:1.4;max-width:1000px">${head}
<div>After ${at} ${at === 1 ? "token" : "tokens"} in common: <span style="${styles.written}">${shared === "" ? "(nothing)" : `${shared} …`}</span></div>
<table style="${styles.wideTable}"><thead><tr>${sides.map(({ model }) => html`<th style="${styles.left}">${model}</th>`)}</tr></thead>
<tbody><tr>${sides.map((side) => html`<td style="${styles.left}">${side.top.map(candidateHtml)}</td>`)}</tr>
<tr style="${styles.row}">${sides.map(({ answer }) => html`<td style="${styles.left}"><div style="${styles.written}">${answer}</div></td>`)}</tr></tbody></table></div>`;
}

function candidateHtml({ token, logprob }: Candidate, rank: number): Html {
  const width = (160 * Math.exp(logprob)).toFixed(0);
  const name = html`<span style="display:inline-block;min-width:72px;font-family:monospace">${token}</span>`;
  return html`<div>${rank === 0 ? html`<strong>${name}</strong>` : name}<span style="display:inline-block;height:.7em;width:${width}px;background:rgba(128,128,128,.55)"></span> <span style="${styles.small}">${percent(logprob)}</span></div>`;
}

function partingText({ question, at, shared, sides }: Parting): string {
  if (at === null) return visibleText(`${oneLine(question)}\n  both: ${oneLine(sides[0].answer)}`);
  const lines = sides.map(
    ({ model, top }) => `  ${model}: ${top.map(({ token, logprob }) => `${token} ${percent(logprob)}`).join(", ")}`,
  );
  return visibleText([oneLine(question), `  after ${at} tokens in common: ${oneLine(shared)}`, ...lines].join("\n"));
}
