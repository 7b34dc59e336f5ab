import { katex } from "@mdit/plugin-katex";
import markdownIt from "markdown-it";
import { highlight } from "./highlight.js";
import { html, trusted } from "./html.js";

/** Markdown as foreign HTML that has yet to be sanitised, and the trusted pieces that belong into it. */
export interface RenderedMarkdown {
  /** Not safe yet. Where `pieces[i]` belongs, its text has a mark that `piecePattern` finds. */
  readonly markup: string;
  readonly pieces: readonly string[];
}

/** Marks the place of a piece. These characters are taken out of the source, so no text can forge a mark. */
export const piecePattern = /\uE000(\d+)\uE001/;

/**
 * Renders Markdown with tables, maths (`$...$`, `$$...$$`) and highlighted code; raw HTML in it is shown as text.
 *
 * Maths and code are set aside as pieces: sanitising would take away the very styles and classes that they consist of.
 *
 * @example
 * renderMarkdown("**bold**").markup; // "<p><strong>bold</strong></p>\n"
 */
export function renderMarkdown(source: string): RenderedMarkdown {
  const pieces: string[] = [];
  const setAside = (markup: string): string => `\uE000${pieces.push(markup) - 1}\uE001`;
  const markup = createRenderer(setAside).render(source.replaceAll(/[\uE000\uE001]/g, ""));
  return { markup, pieces };
}

/** A formula on its own, as outputs of type text/latex hold it. */
export function renderLatex(source: string): RenderedMarkdown {
  const formula = source.trim().replaceAll(/^(\$\$?|\\\[|\\\()|(\$\$?|\\\]|\\\))$/g, "");
  return renderMarkdown(`$$\n${formula.replaceAll(/\n\s*\n/g, "\n")}\n$$`);
}

function createRenderer(setAside: (markup: string) => string): markdownIt {
  const markdown = markdownIt({ html: false, linkify: true });
  // `run.sh` and `ilr.ts` are files, not sites.
  markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
  markdown.use(katex, {
    // Links, classes and pictures in formulas stay off, and no formula grows without bounds.
    trust: false,
    throwOnError: false,
    maxSize: 20,
    maxExpand: 500,
    errorColor: "currentColor",
    logger: () => "ignore",
    transformer: (markup: string, display: boolean) => setAside(display ? displayed(markup) : markup),
  });
  const codeBlock = (code: string, language?: string): string =>
    `${setAside(html`<pre class="block" tabindex="0"><code>${highlight(code, language)}</code></pre>`.markup)}\n`;
  markdown.renderer.rules.code_block = (tokens, i) => codeBlock(tokens[i]!.content);
  markdown.renderer.rules.fence = (tokens, i) =>
    codeBlock(tokens[i]!.content, tokens[i]!.info.trim().split(/\s+/)[0]?.toLowerCase());
  return markdown;
}

/** A formula on its own line may stand inside a paragraph, where the plugin's own `<p>` may not. */
function displayed(markup: string): string {
  const inner = markup.trim().replaceAll(/^<p[^>]*>|<\/p>$/g, "");
  return html`<span class="formula" tabindex="0">${trusted(inner)}</span>`.markup;
}
