import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { LabError } from "../core/index.js";

/** Fonts that only some formulas need, by the classes that KaTeX gives to what is set in them. All others always come along. */
const rareFonts: readonly (readonly [RegExp, RegExp])[] = [
  [/^AMS-/, /\b(amsrm|mathbb|textbb)\b/],
  [/^Caligraphic-/, /\b(mathcal|textcal|mathbfcal)\b/],
  [/^Fraktur-/, /\b(mathfrak|textfrak|mathboldfrak|textboldfrak)\b/],
  [/^Main-(Bold|BoldItalic)$/, /\b(mathbf|textbf|boldsymbol|mathboldsymbol)\b/],
  [/^Main-Italic$/, /\b(mathit|textit)\b/],
  [/^Math-BoldItalic$/, /\bboldsymbol\b/],
  [/^SansSerif-/, /\b(mathsf|textsf|mathboldsf|textboldsf|mathsfit|mathitsf|textitsf)\b/],
  [/^Script-/, /\b(mathscr|textscr)\b/],
  [/^Typewriter-/, /\b(mathtt|texttt)\b/],
];

/**
 * KaTeX's styles for a page, with the fonts that its formulas need inside as data URIs; nothing when the page has no formula.
 *
 * @throws LabError `input-missing` when KaTeX is not installed.
 */
export function katexStyle(page: string): string {
  if (!/class="katex[" ]/.test(page)) return "";
  const file = styleFile();
  return read(file)
    .toString("utf8")
    .replaceAll(/@font-face\{[^}]*\}/g, (face) => {
      const name = /fonts\/KaTeX_([\w-]+)\.woff2/.exec(face)?.[1];
      if (name === undefined || !isNeeded(name, page)) return "";
      const font = read(join(dirname(file), "fonts", `KaTeX_${name}.woff2`)).toString("base64");
      return face.replace(/src:[^;}]*/, `src:url(data:font/woff2;base64,${font}) format("woff2")`);
    });
}

function isNeeded(font: string, page: string): boolean {
  const rare = rareFonts.find(([fonts]) => fonts.test(font));
  return rare === undefined || rare[1].test(page);
}

function styleFile(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("katex/package.json")), "dist", "katex.min.css");
  } catch (cause) {
    throw new LabError("input-missing", "KaTeX is not installed", { hint: "run `npm ci` again", cause });
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new LabError("input-missing", `KaTeX's file ${path} is missing`, { hint: "run `npm ci` again", cause });
  }
}
