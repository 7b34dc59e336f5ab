/** Large type, few colours; contrast of text is at least 4.5 : 1 in both schemes. */
export const style = `
:root { color-scheme: light; --ground: #fdfdfc; --panel: #f5f6f4; --ink: #1c2126; --soft: #57606a; --line: #cfd4d0; --accent: #0a5a9c; --late: #a4262c; }
@media (prefers-color-scheme: dark) {
  :root { color-scheme: dark; --ground: #14171a; --panel: #1d2125; --ink: #e3e6e8; --soft: #a2abb3; --line: #3d444b; --accent: #85bdf2; --late: #f28b88; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html, body { margin: 0; min-height: 100%; }
body { background: var(--ground); color: var(--ink); overflow-wrap: anywhere; display: flex; flex-direction: column; min-height: 100vh; min-height: 100dvh;
  font: 1.375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; }
header p { display: flex; justify-content: space-between; gap: 1rem; max-width: 64rem; margin: 0.6rem auto 0; padding: 0 1.25rem; color: var(--soft); font-size: 1rem; }
#count { font-variant-numeric: tabular-nums; white-space: nowrap; }
#clock { height: 0.75rem; background: var(--panel); }
#left-over { height: 100%; width: 0; background: var(--accent); }
#left-over.late { background: var(--late); }
main { flex: 1; width: 100%; max-width: 64rem; margin: 0 auto; padding: 1rem 1.25rem; display: flex; flex-direction: column; justify-content: center; }
#question { white-space: pre-wrap; margin: 0 0 1.25rem; max-width: 60ch; font-weight: 600; }
#answers { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
button { font: inherit; color: inherit; background: var(--panel); border: 2px solid var(--line); border-radius: 0.5rem; padding: 0.9rem 1.1rem; cursor: pointer; }
button:hover { border-color: var(--accent); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
#answers button { text-align: left; min-height: 9rem; display: flex; flex-direction: column; justify-content: space-between; gap: 1rem; }
#answers .text { white-space: pre-wrap; }
#answers kbd { align-self: center; }
#unsure { display: block; margin: 1rem auto 0; font-size: 1.125rem; color: var(--soft); }
kbd { font: inherit; font-size: 0.875rem; color: var(--soft); border: 1px solid var(--line); border-radius: 0.3rem; padding: 0.05rem 0.5rem; background: var(--ground); margin-left: 0.3em; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 0.6rem; letter-spacing: -0.01em; }
#gate p { margin: 0 0 1.25rem; max-width: 60ch; white-space: pre-line; }
table { border-collapse: collapse; width: 100%; font-size: 1.125rem; }
td { padding: 0.45rem 0.9rem 0.45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:nth-child(2) { font-variant-numeric: tabular-nums; font-weight: 600; }
td:nth-child(3) { color: var(--soft); font-size: 1rem; }
#message { max-width: 64rem; width: 100%; margin: 0 auto; padding: 0 1.25rem 1rem; color: var(--soft); font-size: 1.0625rem; min-height: 2.6rem; }
@media (max-width: 40rem) {
  body { font-size: 1.125rem; }
  #answers { gap: 0.6rem; }
  #answers button { padding: 0.7rem; min-height: 8rem; }
  td { display: block; border: 0; padding: 0; }
  td:last-child { border-bottom: 1px solid var(--line); padding-bottom: 0.5rem; margin-bottom: 0.5rem; min-height: 0.6rem; }
}`;
