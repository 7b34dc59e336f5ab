import type { Table1 } from "../../experiments/index.js";
import { textTable } from "../../results/index.js";
import { displayedAs } from "../displayable.js";
import { described } from "../provenance.js";
import { type Html, html, visibleText } from "./html.js";
import { styles } from "./style.js";

/** The paper's Table 1 that `display` shows as its two halves: hyperparameters by task, and by model. */
export function displayedTable1(table: Table1): Table1 {
  return displayedAs(table, () => {
    const halves = [byTask(table), byModel(table)];
    const data = {
      "text/html": html`<div>${halves.map(tableHtml)}</div>`.toString(),
      "text/plain": visibleText(halves.map(textTable).join("\n\n")),
    };
    return described({ data, metadata: {} }, { kind: "table" });
  });
}

/** Header and rows; the first column is text, the others are numbers where they can be. */
type Rows = readonly (readonly string[])[];

function byTask({ tasks }: Table1): Rows {
  return [
    ["task", "epochs", "batch size (examples)", "longest answer (tokens)", "alpha"],
    ...tasks.map(({ task, epochs, batchSize, maxAnswerTokens, alpha }) =>
      [task, epochs, batchSize, maxAnswerTokens, alpha].map(String),
    ),
  ];
}

function byModel({ models }: Table1): Rows {
  return [
    ["model", "learning rate", "optimizer"],
    ...models.map(({ model, lr, optimizer }) => [model, lr.toExponential(), optimizer]),
  ];
}

function tableHtml([head, ...rows]: Rows): Html {
  const cell = (i: number): string => (i === 0 ? styles.left : styles.right);
  return html`<table style="${styles.table}">
<thead><tr>${head!.map((text, i) => html`<th style="${cell(i)}">${text}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr style="${styles.row}">${row.map((text, i) => html`<td style="${cell(i)}">${text}</td>`)}</tr>\n`)}
</tbody>
</table>`;
}
