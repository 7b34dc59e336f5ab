import { type Html, html } from "./html.js";

/** Lines shown at once, lines more in a fold, and what a page can bear of one output. */
const SHOWN = 40;
const FOLDED = 5000;
const LONGEST_LINE = 20_000;

const colours = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

const ESC = "\u001b";
const colourCodes = new RegExp(`${ESC}\\[([\\d;]*)m`);
const titles = new RegExp(`${ESC}\\][^\\u0007${ESC}]*(?:\\u0007|${ESC}\\\\)?`, "g");
const movements = new RegExp(`${ESC}\\[[0-?]*[ -/]*(?:[@-ln-~]|$)`, "g");
const otherEscapes = new RegExp(`${ESC}(?!\\[).`, "g");

interface Style {
  readonly colour?: string;
  readonly bold?: boolean;
}

/**
 * Text as a terminal would show it: colours of ANSI escapes, lines rewritten by carriage returns once; other escapes are dropped. Long
 * text is cut, and its rest folded.
 *
 * @example
 * terminalText("\u001b[31mred\u001b[0m", "stream").markup; // '<pre class="stream" ...><span class="ansi-red">red</span></pre>'
 */
export function terminalText(text: string, kind: string): Html {
  const lines = styledLines(text.replace(/\n$/, ""));
  const shown = lines.length > SHOWN + 5 ? SHOWN : lines.length;
  const more = lines.slice(shown, shown + FOLDED);
  const lost = lines.length - shown - more.length;
  // HTML drops a line end right after the tag, so that the first line, if it is empty, needs one to be dropped.
  const block = (part: readonly Html[]): Html =>
    html`<pre class="${kind}" tabindex="0">\n${part.flatMap((line, i) => (i === 0 ? [line] : ["\n", line]))}</pre>`;
  if (more.length === 0) return block(lines);
  const rest = lost > 0 ? html`<p class="note">${lost} more lines are in the notebook.</p>` : undefined;
  const summary = `${more.length + lost} more ${more.length + lost === 1 ? "line" : "lines"}`;
  return html`${block(lines.slice(0, shown))}<details class="more"><summary>${summary}</summary>${block(more)}${rest}</details>`;
}

/** Lines of markup; a colour that goes on over lines is begun again in each, so that they can be parted. */
function styledLines(text: string): readonly Html[] {
  let style: Style = {};
  return printable(text)
    .split("\n")
    .map((raw) => {
      const line = raw.replace(/\r+$/, "").split("\r").at(-1)!;
      const cut = line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} … (line cut)` : line;
      // Splitting by a pattern with a group gives text, codes, text, ...
      const parts = cut.split(colourCodes).map((part, i) => {
        if (i % 2 === 0) return part === "" ? undefined : styled(part, style);
        style = restyle(style, part);
        return undefined;
      });
      return html`${parts}`;
    });
}

/** Drops escapes that are no colours (cursor movements, titles, links) and control characters. */
function printable(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(titles, "")
    .replaceAll(movements, "")
    .replaceAll(otherEscapes, "")
    .replaceAll(/\p{Cc}/gu, (character) => ("\n\r\t\u001b".includes(character) ? character : ""));
}

function styled(text: string, { colour, bold }: Style): Html {
  const plain = text.replaceAll(ESC, "");
  const classes = [colour && `ansi-${colour}`, bold && "ansi-bold"].filter(Boolean).join(" ");
  return classes === "" ? html`${plain}` : html`<span class="${classes}">${plain}</span>`;
}

/** Colours of text and bold; backgrounds and palettes of 256 colours do not survive a change of theme and are left out. */
function restyle(style: Style, codes: string): Style {
  const numbers = codes.split(";").map(Number);
  let next = style;
  for (let i = 0; i < numbers.length; i++) {
    const code = numbers[i]!;
    if (code === 38 || code === 48) i += numbers[i + 1] === 5 ? 2 : 4;
    else if (code === 0) next = {};
    else if (code === 1) next = { ...next, bold: true };
    else if (code === 22) next = { ...next, bold: false };
    else if (code === 39) next = { bold: next.bold ?? false };
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) next = { ...next, colour: colours[code % 10]! };
  }
  return next;
}
