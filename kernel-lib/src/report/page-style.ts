/** Colours, by what they are for. Contrast of text is at least 4.5 : 1 in both schemes. */
const colours = `
:root { color-scheme: light; --ground: #fdfdfc; --panel: #f5f6f4; --ink: #1c2126; --soft: #57606a; --line: #dcdfdc; --accent: #0a5a9c;
  --good: #18693c; --bad: #a4262c; --open: #76560a; --warn: #fbf3dc;
  --k1: #8a2f6b; --k2: #0a5a9c; --k3: #18693c; --k4: #8a4b08; --k5: #68707a; }
@media screen and (prefers-color-scheme: dark) {
  :root { color-scheme: dark; --ground: #14171a; --panel: #1d2125; --ink: #e3e6e8; --soft: #a2abb3; --line: #353b41; --accent: #85bdf2;
    --good: #6cc491; --bad: #f28b88; --open: #dcb45a; --warn: #2f2917;
    --k1: #e39ac8; --k2: #85bdf2; --k3: #8ccf9f; --k4: #e0ac6c; --k5: #939ca5; }
}
/* Figures and coloured tables were made for white paper, and stay on it. */
.paper { color-scheme: light; --ink: #1c2126; --soft: #57606a; --line: #dcdfdc; --panel: #f5f6f4; --accent: #0a5a9c;
  background: #fff; color: #1c2126; }`;

const frame = `
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: break-word;
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; }
a { color: var(--accent); text-underline-offset: 0.15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 0.5rem; background: var(--ground); padding: 0.3rem 0.6rem; z-index: 1; }
.layout { max-width: 64rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding: 3rem 0 1.5rem; border-bottom: 1px solid var(--line); }
header .kind { margin: 0; color: var(--soft); font-size: 0.8125rem; letter-spacing: 0.08em; text-transform: uppercase; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0.3rem 0 0.6rem; letter-spacing: -0.015em; max-width: 32ch; text-wrap: balance; }
header .facts { margin: 0; color: var(--soft); font-size: 0.9375rem; }
header .facts > * + *::before { content: "·"; padding: 0 0.5em; color: var(--soft); }
nav { padding: 1.25rem 0 0; font-size: 0.9375rem; }
nav summary { font-size: 0.8125rem; letter-spacing: 0.08em; text-transform: uppercase; color: var(--soft); font-weight: 600; margin: 0 0 0.4rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li { margin: 0.35rem 0; }
nav li li { padding-left: 0.9rem; }
nav a { color: inherit; text-decoration: none; overflow-wrap: anywhere; }
nav a:hover { color: var(--accent); text-decoration: underline; }
main { min-width: 0; padding-bottom: 3rem; }
footer { border-top: 1px solid var(--line); padding: 1rem 0 3rem; color: var(--soft); font-size: 0.875rem; }
footer p { margin: 0.3rem 0; max-width: 75ch; }
@media (min-width: 68rem) {
  .layout { max-width: 80rem; display: grid; grid-template-columns: 13rem minmax(0, 1fr); column-gap: 2.75rem; }
  header, footer { grid-column: 1 / -1; }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 2rem 0; }
  /* Beside the text there is room for the contents: the fold is open, whatever its state. Older browsers keep a fold. */
  @supports selector(::details-content) {
    nav details::details-content { content-visibility: visible; block-size: auto; }
    nav summary { list-style: none; pointer-events: none; }
    nav summary::-webkit-details-marker { display: none; }
  }
}
@media (max-width: 40rem) {
  body { font-size: 1rem; }
  .layout { padding: 0 1rem; }
  header { padding-top: 1.75rem; }
  h1 { font-size: 1.6rem; }
}`;

const text = `
h2, h3, h4, h5, h6 { line-height: 1.3; margin: 2.4rem 0 0.7rem; text-wrap: balance; }
h2 { font-size: 1.45rem; letter-spacing: -0.01em; }
h3 { font-size: 1.18rem; } h4, h5, h6 { font-size: 1.03rem; }
.notebook > h2 { font-size: 1.75rem; padding-top: 1.5rem; border-top: 1px solid var(--line); margin-top: 3rem; }
.anchor { color: var(--soft); text-decoration: none; font-weight: 400; opacity: 0; padding: 0 0.2em; }
:is(h1, h2, h3, h4, h5, h6):hover .anchor, .anchor:focus { opacity: 1; }
.text > *, .rich > p, .rich > ul, .rich > ol, .note { max-width: 75ch; }
.text > .scroll, .text > .block { max-width: none; }
p, ul, ol, dl { margin: 0.8rem 0; }
ul, ol { padding-left: 1.5rem; }
li { margin: 0.25rem 0; }
blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--soft); }
hr { border: 0; border-top: 1px solid var(--line); margin: 2rem 0; }
img { max-width: 100%; height: auto; }
code, pre, kbd, samp { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.875em; }
:not(pre) > code { background: var(--panel); padding: 0.1em 0.3em; border-radius: 3px; }
pre { margin: 0; overflow-x: auto; line-height: 1.5; tab-size: 2; font-size: 0.84375rem; }
pre code { font-size: inherit; }
pre.block { background: var(--panel); padding: 0.8rem 1rem; border-radius: 6px; margin: 1rem 0; }
.scroll { overflow-x: auto; margin: 1rem 0; max-width: 100%; }
table { border-collapse: collapse; font-size: 0.875rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
th, td { padding: 0.35rem 0.65rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th, thead td { border-bottom: 2px solid var(--line); font-weight: 600; vertical-align: bottom; white-space: nowrap; }
thead th:has(br) { line-height: 1.25; }
th:first-child, td:first-child { padding-left: 0.25rem; }
.short { white-space: nowrap; } .even :is(td, th) { white-space: normal; }
@media print { .even { min-width: 0 !important; } }
.rich td, .rich th { overflow-wrap: normal; }
.formula { display: block; overflow-x: auto; overflow-y: hidden; padding: 0.25rem 0; }
.katex { font-size: 1.1em; }
.katex-error { color: var(--bad); text-decoration: underline wavy; }
.absent, .note { color: var(--soft); font-size: 0.9rem; }
.warn { background: var(--warn); color: var(--ink); border-left: 3px solid var(--open); padding: 0.5rem 0.8rem; margin: 0.6rem 0; }
.badge { display: inline-block; border: 1px solid currentColor; color: var(--open); border-radius: 1em; padding: 0 0.6em; font-size: 0.75rem;
  line-height: 1.5; white-space: nowrap; vertical-align: 0.1em; }`;

const cells = `
.cell { margin: 1.1rem 0; }
/* Nothing that an output holds can leave its box. */
.output { margin: 0.7rem 0; contain: paint; }
summary { cursor: pointer; }
details.code { border-left: 2px solid var(--line); padding-left: 0.8rem; color: var(--soft); font-size: 0.875rem; }
details.code > summary { display: flex; gap: 0.6em; align-items: baseline; list-style: none; }
details.code > summary::-webkit-details-marker { display: none; }
details.code .word { flex: none; }
details.code .word::before { content: "▸"; display: inline-block; width: 1.1em; }
details.code[open] .word::before { content: "▾"; }
details.code > summary > code { background: none; padding: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
details.code[open] > summary > code { visibility: hidden; }
details.code > pre { color: var(--ink); background: var(--panel); padding: 0.8rem 1rem; border-radius: 6px; margin: 0.5rem 0; }
.stream, .result-text { padding: 0.2rem 0; }
.stderr, .error { border-left: 3px solid var(--open); padding-left: 0.8rem; }
.error { border-color: var(--bad); }
.tag { margin: 0; font-size: 0.8125rem; color: var(--open); }
.error .tag { color: var(--bad); font-size: 0.9375rem; }
.error .message { margin: 0.2rem 0 0.5rem; white-space: pre-wrap; font-weight: 600; }
.more > summary { color: var(--accent); font-size: 0.875rem; padding: 0.3rem 0; }
.rich.paper { padding: 0.5rem 0.75rem; border-radius: 6px; }
figure { margin: 0.6rem 0 1rem; }
figure .paper { border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem; max-width: 58rem; }
figure .still { display: block; margin: 0 auto; }
figure .plot { width: 100%; }
figure:not(.live) .plot { position: absolute; visibility: hidden; }
figure.live .still { display: none; }
figcaption { max-width: 75ch; font-size: 0.9rem; color: var(--soft); }
figcaption > p { margin: 0.5rem 0 0; }
figcaption > p > a { color: inherit; text-decoration: none; }
.made { margin: 0.25rem 0; font-size: 0.84375rem; color: var(--soft); }
.made dl { margin: 0.5rem 0; border-top: 1px solid var(--line); }
.made dl > div { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); border-bottom: 1px solid var(--line); padding: 0.25rem 0; }
.made dt { font-weight: 600; } .made dd { margin: 0; }
.keys { list-style: none; margin: 0.3rem 0; padding: 0; max-height: 8.5rem; overflow-y: auto; display: flex; flex-wrap: wrap; gap: 0.1rem 0.6rem; }
.keys li { margin: 0; } .keys code { user-select: all; -webkit-user-select: all; }
.claims { width: 100%; }
.claims tbody th { padding-top: 1rem; font-weight: 400; border-bottom: 0; font-size: 0.96875rem; }
.claims tbody tr + tr td { border-bottom: 0; padding-top: 0.15rem; padding-bottom: 0.15rem; }
.claims tbody tr:last-child td { border-bottom: 1px solid var(--line); padding-bottom: 0.7rem; }
.claims .effect { white-space: nowrap; }
.claims tbody tr + tr td:nth-child(-n + 3) { width: 1%; }
.claims .also { font-size: 0.84375rem; color: var(--soft); }
.claims .also ul { margin: 0.3rem 0; padding-left: 1.1rem; }
.outcome { font-weight: 600; white-space: nowrap; color: var(--soft); }
.holds { color: var(--good); } .contradicted { color: var(--bad); } .inconclusive { color: var(--open); } .untested { color: var(--soft); }
.interval { display: block; margin-top: 0.15rem; } .interval line { stroke: currentColor; stroke-width: 2; } .interval circle { fill: currentColor; }
.interval .zero { stroke: var(--soft); opacity: 0.6; stroke-width: 1.5; }
/* On a phone each run is a small block instead of a row. */
@media screen and (max-width: 40rem) {
  .claims, .claims tbody, .claims tbody tr, .claims tbody th { display: block; }
  .claims thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .claims tbody th { padding: 0.9rem 0 0.3rem; }
  .claims tbody tr + tr { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); padding: 0.35rem 0 0.6rem; border-bottom: 1px solid var(--line); }
  .claims tbody tr + tr > td:nth-child(n) { padding: 0.1rem 0; border: 0; width: auto; }
  .claims tbody tr + tr > td:nth-child(n + 3) { grid-column: 1 / -1; }
  .claims tbody tr + tr > td.picture { grid-column: 2; }
}`;

const words = `
.hljs-keyword, .hljs-built_in, .hljs-meta { color: var(--k1); } .hljs-title, .hljs-attr, .hljs-property, .hljs-section { color: var(--k2); }
.hljs-string, .hljs-regexp, .hljs-addition { color: var(--k3); } .hljs-number, .hljs-literal, .hljs-type, .hljs-class { color: var(--k4); }
.hljs-comment, .hljs-quote { color: var(--k5); font-style: italic; } .hljs-deletion { color: var(--bad); }
.ansi-bold { font-weight: 700; } .ansi-red { color: var(--bad); } .ansi-green { color: var(--good); } .ansi-yellow { color: var(--open); }
.ansi-blue { color: var(--k2); } .ansi-magenta { color: var(--k1); } .ansi-cyan { color: var(--k3); } .ansi-white, .ansi-black { color: inherit; }`;

/** Paper shows text, results and static pictures; what is folded stays folded, and code stays away. */
const print = `
@media print {
  @page { margin: 18mm 16mm; }
  html { font-size: 9.5pt; }
  body { font-size: 1rem; background: #fff; }
  .layout { display: block; max-width: none; padding: 0; }
  header { padding-top: 0; }
  nav, .skip, .anchor, details.code, .more, .made, .also, .jump { display: none; }
  figure.live .still { display: block; }
  figure.live .plot { display: none; }
  figure, tr, pre, .formula, .warn { break-inside: avoid; }
  h1, h2, h3, h4, h5, h6 { break-after: avoid; }
  figure .paper { border: 0; padding: 0; }
  pre { white-space: pre-wrap; }
  .scroll { overflow: visible; }
  th, td { padding: 0.2rem 0.4rem; }
  a { color: inherit; text-decoration: none; }
  .badge { color: inherit; }
}`;

/** The styles of a report. */
export const pageStyle: string = [colours, frame, text, cells, words, print].join("\n").trim();
