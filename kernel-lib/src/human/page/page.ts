import { script } from "./script.js";
import { style } from "./style.js";

/**
 * The page: one HTML file that asks its own server only.
 *
 * @param nonce lets the page's own style and script through its content security policy.
 */
export function pageOf(title: string, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Which answer is better? ${escaped(title)}</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<header>
<div id="clock" role="timer" aria-label="time left"><div id="left-over"></div></div>
<p><span id="sitting">${escaped(title)}</span><span id="count"></span></p>
</header>
<main>
<section id="gate" hidden>
<h1 id="gate-title"></h1>
<p id="gate-text"></p>
<button id="go" type="button">Begin <kbd>space</kbd></button>
</section>
<section id="item" hidden>
<p id="question"></p>
<div id="answers">
<button id="left" type="button" aria-keyshortcuts="ArrowLeft"><span class="text"></span><kbd>&larr;</kbd></button>
<button id="right" type="button" aria-keyshortcuts="ArrowRight"><span class="text"></span><kbd>&rarr;</kbd></button>
</div>
<button id="unsure" type="button" aria-keyshortcuts="U">I cannot say <kbd>u</kbd></button>
</section>
<section id="finished" hidden>
<h1 id="finished-title"></h1>
<table><tbody id="rows"></tbody></table>
</section>
</main>
<p id="message" role="status"></p>
<noscript>This page needs JavaScript.</noscript>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
