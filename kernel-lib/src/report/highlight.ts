import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import diff from "highlight.js/lib/languages/diff";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { escapeHtml, type Html, trusted } from "./html.js";

for (const [name, grammar] of Object.entries({ bash, diff, javascript, json, python, typescript, xml, yaml })) {
  hljs.registerLanguage(name, grammar);
}

/**
 * Code with its words in coloured spans; as it is where the language is not known.
 *
 * @example
 * highlight("const n = 1;", "ts").markup; // '<span class="hljs-keyword">const</span> n = ...'
 */
export function highlight(code: string, language: string | undefined): Html {
  if (language === undefined || hljs.getLanguage(language) === undefined) return trusted(escapeHtml(code));
  return trusted(hljs.highlight(code, { language, ignoreIllegals: true }).value);
}
