import type { Draft } from "./draft.js";
import { counted, readableTime, utc } from "./format.js";
import { type Html, html } from "./html.js";
import type { Provenance } from "./metadata.js";

/** Digits of a step's key that are shown: as many as `ilr plan` prints and `ilr explain` takes. */
const SHOWN_DIGITS = 12;

/**
 * The fold that says how an output was made.
 *
 * @param where address and name of the output, for later outputs with the same steps to point to.
 */
export function provenanceFold(provenance: Provenance, where: Shown, draft: Draft): Html {
  const { experiment, title, seeds, machine, backend, counts, versions, recorded, started, ended } = provenance;
  const rows: readonly (readonly [string, Html | string])[] = [
    ["Experiment", html`<code>${experiment}</code>${title === "" || title === experiment ? "" : ` ${title}`}`],
    [seeds.length === 1 ? "Seed" : "Seeds", seeds.join(", ")],
    ["Run", timesOf(started, ended)],
    ["Machine", `${machine} (backend: ${backend})`],
    ["Steps", `${counts.executed} executed, ${counts.cached} from the store`],
    ["Versions", html`${Object.entries(versions).map(([name, version], i) => versionOf(name, version, i))}`],
    ["Keys", keyList(provenance.keys, where, draft)],
  ];
  return html`<details class="made"><summary>How this was made${recorded ? html` ${recordedBadge}` : ""}</summary>
${recorded ? recordedNote : undefined}<dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></details>`;
}

/** An output on the page: its address, and what to call it. */
export interface Shown {
  readonly anchor: string;
  readonly label: string;
}

/** Stands wherever numbers come from a run that was made elsewhere. */
export const recordedBadge: Html = html`<span class="badge">recorded run</span>`;

const recordedNote = html`<p class="note warn"><strong>Drawn from a recorded run.</strong> The notebook read these numbers from a results
folder; it did not compute them when it was executed.</p>`;

/** A moment, readable by people and programs. */
export function timeOf(time: string): Html {
  return html`<time datetime="${utc(time)}">${readableTime(time)}</time>`;
}

function timesOf(started: string, ended: string): Html {
  return readableTime(started) === readableTime(ended) ? timeOf(ended) : html`${timeOf(started)} to ${timeOf(ended)}`;
}

function versionOf(name: string, version: string, i: number): Html {
  const digest = /^(?:sha256:)?([0-9a-f]{64})$/.exec(version)?.[1];
  return html`${i === 0 ? "" : ", "}${name} ${digest ? html`<code>${digest.slice(0, SHOWN_DIGITS)}</code>` : version}`;
}

/** One click selects a key. A list that was shown before is pointed to: a page with many figures of one run has it once. */
function keyList(keys: readonly string[], where: Shown, draft: Draft): Html {
  if (keys.length === 0) return html`none`;
  const all = keys.map((key) => key.replace(/^sha256:/, "").slice(0, SHOWN_DIGITS)).join(" ");
  const before = draft.keyLists.get(all);
  if (before)
    return html`${counted(keys.length, "step")}, the same as of <a href="#${before.anchor}">${before.label}</a>`;
  draft.keyLists.set(all, where);
  const items = all.split(" ").map((key) => html`<li><code>${key}</code></li>`);
  return html`${counted(keys.length, "step")}; <code>ilr explain</code> takes a key
<ul class="keys" tabindex="0" aria-label="Keys of the steps">${items}</ul>`;
}
