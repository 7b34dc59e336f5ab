import { table } from "arquero";
import fc from "fast-check";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import type { RunRecord } from "../../kernel-lib/src/experiments/index.js";
import {
  answersSideBySide,
  displayedVerdicts,
  labelDiff,
  type Rendered,
  render,
  runCard,
  visibleText,
} from "../../kernel-lib/src/notebook/index.js";
import { html } from "../../kernel-lib/src/notebook/views/html.js";
import { progressView } from "../../kernel-lib/src/notebook/views/progress-view.js";
import { wordDiff } from "../../kernel-lib/src/notebook/views/word-diff.js";
import { readMetadata } from "../../kernel-lib/src/report/metadata.js";
import {
  describeVerdicts,
  points,
  readingNote,
  type Verdict,
  verdictNote,
  verdicts,
} from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "../results/synthetic-run.js";

const parse = (rendered: Rendered): HTMLElement => new JSDOM(String(rendered.data["text/html"])).window.document.body;
const run = syntheticRun({ questions: 200, seeds: [0, 1] });

describe("hostile text", () => {
  const elements = new Set(
    "body div span table thead tbody tr th td br strong em p ins del details summary progress".toUpperCase().split(" "),
  );
  const attributes = new Set(["style", "colspan", "value", "max"]);
  const nasty = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "<script>alert(1)</script>",
      '"><img src=x onerror=alert(1)>',
      "' onmouseover='alert(1)",
      "</td></table><iframe>",
      "</style><style>*{display:none}",
      "<!--",
      "\u001b]0;x\u0007\u001b[2J",
      "&lt;b&gt;",
      "| a | b |",
      "#### 4\u009b31m",
      `${"x".repeat(3000)}<b>`,
      "<svg/onload=alert(1)>",
    ),
  );
  /** Every view with the given text wherever a text goes. */
  const views = (text: string): readonly Rendered[] => [
    render(table({ [`c${text}`]: [text, "b"], l: [[text], { [text]: text }] })),
    render(
      answersSideBySide([
        { question: text, reference: text, answers: { [`m${text}`]: text, [text]: { text, correct: true } } },
      ]),
    ),
    render(
      labelDiff([
        { question: text, before: text, after: `${text} b`, correctBefore: true, correctAfter: false, accepted: true },
      ]),
    ),
    render(displayedVerdicts(renamedVerdicts(text))),
    runCard(renamedRun(text)),
    render(
      progressView({
        ...{ title: text, backend: text, seconds: 1, executed: 1, cached: 1, total: 4 },
        running: [{ label: text, seconds: 1, waiting: false, progress: { done: 1, total: 2, unit: text } }],
      }),
    ),
    render(progressView({ title: text, seconds: 1, executed: 1, cached: 1, running: [], ended: "done" })),
  ];

  it("never becomes an element, an attribute or a style, and is there to be read", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const readable = visibleText(text)
          .replaceAll(/[^\p{L}\p{N}<>"'&]/gu, "")
          .slice(0, 100);
        for (const view of views(text)) {
          const body = parse(view);
          for (const element of [body, ...body.querySelectorAll("*")]) {
            expect(elements).toContain(element.tagName);
            for (const { name, value } of element.attributes) {
              expect(attributes).toContain(name);
              if (name === "style") expect(value).toMatch(/^[\w\s:;.,%()#-]*$/);
            }
          }
          expect(body.textContent?.replaceAll(/[^\p{L}\p{N}<>"'&]/gu, "")).toContain(readable);
        }
      }),
      { numRuns: 25 },
    );
  }, 300_000);

  it("stays inside a quoted attribute", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const view = html`<p title="${text}" lang='${text}'>${[html`<b>${text}</b>`, html``]}${undefined}${false}</p>`;
        const [element] = new JSDOM(view.toString()).window.document.body.children;
        expect([...element!.attributes].map(({ name, value }) => [name, value])).toEqual([
          ["title", visibleText(text)],
          ["lang", visibleText(text)],
        ]);
        expect(element!.innerHTML).toMatch(/^<b>[^<]*<\/b>\n$/);
      }),
      { numRuns: 50 },
    );
  });

  it("never reaches a terminal as an escape code", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        for (const { data } of views(text)) {
          expect(data["text/plain"]).not.toMatch(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]|\p{Cs}/u);
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it("is no markup in Markdown either", () => {
    const hostile = "</td><b>*x*</b> [a](javascript:b) `c` | d $e$ &lt;";
    const markdown = String(runCard(renamedRun(hostile)).data["text/markdown"]);
    const ours = String(runCard(renamedRun("plain")).data["text/markdown"]);
    for (const sign of ["<", "`", "$", "](", "&lt;"]) expect(markdown).not.toContain(sign);
    expect(markdown.split("**")).toHaveLength(ours.split("**").length);
    expect(markdown.split("\n")).toHaveLength(ours.split("\n").length);
  });
});

/** The run with every name in it replaced. */
function renamedRun(text: string): RunRecord {
  const { experiment } = run.provenance;
  const arms = experiment.arms.map((arm) => ({ ...arm, name: `${arm.name}${text}` }));
  return {
    ...run,
    points: run.points.map((point) => ({ ...point, arm: `${point.arm}${text}` })),
    provenance: {
      ...{ ...run.provenance, machine: text, backend: text },
      experiment: { ...experiment, name: text, title: text, arms },
    },
  };
}

function renamedVerdicts(text: string): readonly Verdict[] {
  const renamed = (reading: Verdict["readings"][number]) => ({ ...reading, compares: text });
  return verdicts(run).map((row) => ({ ...row, claim: text, statement: text, readings: row.readings.map(renamed) }));
}

describe("the card of a run", () => {
  it("has one row an arm with accuracy and gain, and every claim's outcome", () => {
    const rendered = runCard(run);
    const rows = [...parse(rendered).querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    );
    expect(rows.map(([arm]) => arm)).toEqual([...new Set(run.points.map(({ arm }) => arm))]);
    const oracle = rows.find(([arm]) => arm === "ILR (oracle)")!;
    const measured = run.points.filter(({ arm, round }) => arm === "ILR (oracle)" && round === 3);
    const mean = measured.reduce((sum, { testAccuracy }) => sum + testAccuracy, 0) / measured.length;
    expect(oracle[2]).toMatch(new RegExp(`^${(100 * mean).toFixed(1)} ± \\d+\\.\\d$`));
    expect(rows.filter(([, , , gain]) => gain === "").map(([arm]) => arm)).toEqual(["SFT"]);
    for (const form of [
      parse(rendered).textContent!,
      rendered.data["text/plain"],
      String(rendered.data["text/markdown"]),
    ]) {
      for (const { claim, outcome } of verdicts(run))
        expect(form).toMatch(new RegExp(`${claim}(\\*\\*)? . ${outcome}`));
      for (const fact of ["micro-math/main", "seeds 0, 1", "8.0 min", "90 steps executed, 0 from the store"]) {
        expect(form).toContain(fact);
      }
    }
  });
});

describe("the table of claims", () => {
  it("says what the Markdown says: outcomes, effects with intervals, further readings", () => {
    const all = displayedVerdicts(verdicts(run));
    const { data, metadata } = render(all);
    const shown = parse({ data, metadata }).textContent!;
    for (const { readings } of all) {
      for (const { compares, difference } of readings) {
        const effect = `${points(difference.value)} [${points(difference.low)}, ${points(difference.high)}]`;
        for (const form of [shown, data["text/plain"], describeVerdicts(all).replaceAll(" points [", " [")]) {
          expect(form).toContain(effect);
          expect(form).toContain(compares);
        }
      }
    }
    const forms = [shown, String(data["text/plain"]), describeVerdicts(all)];
    for (const form of forms) {
      for (const reading of all.flatMap(({ readings }) => readings)) expect(form).toContain(readingNote(reading));
      expect(form).toContain(all.at(-1)!.missing!);
      expect(form).toContain(verdictNote(all));
    }
    expect(all.map(({ claim }) => claim)).toEqual(["C1", "C2", "C3", "C4", "C5a", "C5b"]);
  });

  it("gives the claims as plain JSON in the metadata", () => {
    const described = render(displayedVerdicts(verdicts(run))).metadata["ilr-lab"] as { claims: Verdict[] };
    expect(described).toMatchObject({ kind: "claims" });
    expect(JSON.parse(JSON.stringify(described.claims))).toEqual(described.claims);
    expect(described.claims).toMatchObject(
      verdicts(run).map(({ claim, statement, outcome, readings }) => ({
        ...{ claim, statement, outcome },
        readings: readings.map(({ compares, difference: { value, low, high }, p, adjusted }) => ({
          ...{ compares, difference: { value, low, high }, p, adjusted },
        })),
      })),
    );
  });

  it("gives metadata that the report's own reader understands", () => {
    const { metadata } = render(displayedVerdicts(verdicts(run)));
    const { claims, problems } = readMetadata(metadata);
    expect(problems).toEqual([]);
    expect(claims!.flatMap(({ readings }) => readings).map(({ adjusted }) => adjusted)).toContain(null);
    expect(claims!.at(-1)!.missing).toContain("micro-math/beta-sweep");
  });
});

describe("answers side by side", () => {
  const rows = [
    { question: "1+1?", reference: "#### 2", answers: { weak: "#### 3", SFT: "1 + 1 = 2 #### 2", ILR: "two" } },
    { question: "2+2?", reference: "#### 4", answers: { ILR: { text: "#### 5", correct: true } } },
    { question: "why?", reference: "because", answers: { weak: "so", SFT: { text: "so", correct: false } } },
  ];

  it("marks who is right, and says how far the others are from the reference", () => {
    const { data } = render(answersSideBySide(rows));
    expect(data["text/plain"].split("\n")).toEqual([
      "3 questions, right: weak 0/1, SFT 1/2, ILR 1/2",
      ...["1. 1+1?", "   reference  #### 2", "   weak       ✗ wrong (3, not 2): #### 3"],
      ...["   SFT        ✓ right (2): 1 + 1 = 2 #### 2", "   ILR        ✗ wrong (no final answer, not 2): two"],
      ...["2. 2+2?", "   reference  #### 4", "   ILR        ✓ right (5): #### 5"],
      ...["3. why?", "   reference  because", "   weak       so", "   SFT        ✗ wrong: so"],
    ]);
    const page = parse({ data, metadata: {} });
    expect([...page.querySelectorAll("th")].map((head) => head.textContent)).toEqual([
      "reference",
      "weak",
      "SFT",
      "ILR",
    ]);
    const second = [...page.querySelectorAll("tbody tr")][3]!;
    expect([...second.children].map((cell) => cell.textContent)).toEqual([
      "4#### 4",
      "no answer",
      "no answer",
      "✓ right 5#### 5",
    ]);
  });

  it("folds what is long, whole up to a limit, and shows a limited number of questions", () => {
    const long = "word ".repeat(2000);
    const [answer] = [{ question: "q", reference: "#### 1", answers: { a: long, b: "x".repeat(30_000) } }];
    const page = parse(render(answersSideBySide([answer])));
    const [first, second] = [...page.querySelectorAll("details")];
    expect(first!.hasAttribute("open")).toBe(false);
    expect(first!.querySelector("div")!.textContent).toBe(long);
    expect(first!.querySelector("summary")!.textContent!.length).toBeLessThan(300);
    expect(second!.textContent).toContain("… and 10,000 more characters");
    const { data } = render(answersSideBySide(rows), { rows: 2 });
    expect(data["text/plain"]).toContain("2 of 3 questions; display(answers, { rows: 3 }) shows all");
    expect(data["text/plain"]).not.toContain("why?");
  });

  it("are the rows that were given", () => {
    expect(answersSideBySide(rows)).toEqual(rows);
  });
});

describe("labels before and after", () => {
  const change = (correctBefore: boolean, correctAfter: boolean, accepted = true) => ({
    ...{ question: "q?", before: "2 + 3 = 6 #### 6", after: "2 + 3 = 5 #### 5", correctBefore, correctAfter, accepted },
  });
  const rows = [
    change(false, true),
    change(true, false),
    change(true, true),
    change(false, false),
    change(false, true, false),
  ];

  it("are counted, and shown word by word where they were replaced", () => {
    const { data } = render(labelDiff(rows));
    const counts = "4 of 5 labels replaced:  ✓ 1 fixed  ✗ 1 broken  = 1 still right  = 1 still wrong";
    expect(data["text/plain"].split("\n")[0]).toBe(counts);
    const shown = [...parse({ data, metadata: {} }).querySelectorAll("tbody tr")];
    expect(shown.map((row) => row.firstChild?.textContent)).toEqual([
      "✓ fixed",
      "✗ broken",
      "= still right",
      "= still wrong",
    ]);
    const words = (tag: string): (string | null)[] =>
      [...shown[0]!.querySelectorAll(tag)].map((word) => word.textContent);
    expect([words("del"), words("ins")]).toEqual([
      ["6", "6"],
      ["5", "5"],
    ]);
    for (const word of shown[0]!.querySelectorAll<HTMLElement>("del, ins"))
      expect(word.style.textDecoration).not.toBe("");
  });

  it("say so where none was replaced, and how many are not shown", () => {
    const none = render(labelDiff([change(true, true, false)]));
    expect(none.data["text/plain"]).toMatch(/^0 of 1 labels replaced/);
    expect(none.data["text/html"]).not.toContain("<table");
    expect(render(labelDiff(rows), { rows: 1 }).data["text/plain"]).toContain("1 of 4 replaced labels");
  });
});

describe("a diff of words", () => {
  const sentence = fc
    .array(fc.constantFrom("a", "b", "c", " ", "  ", "\n"), { maxLength: 12 })
    .map((words) => words.join(""));

  it("loses nothing of either text, and merges what belongs together", () => {
    fc.assert(
      fc.property(sentence, sentence, (before, after) => {
        const parts = wordDiff(before, after);
        const without = (kind: string): string =>
          parts.flatMap((part) => (part.kind === kind ? [] : part.text)).join("");
        expect([without("inserted"), without("deleted")]).toEqual([before, after]);
        for (const [i, { kind, text }] of parts.entries()) {
          expect(text).not.toBe("");
          expect(parts[i + 1]?.kind).not.toBe(kind);
        }
      }),
    );
  });

  it("keeps as much as any diff can", () => {
    fc.assert(
      fc.property(sentence, sentence, (before, after) => {
        const kept = wordDiff(before, after).filter(({ kind }) => kind === "same");
        const count = kept.reduce((sum, { text }) => sum + (text.match(/\s+|\S+/g) ?? []).length, 0);
        expect(count).toBe(longestCommon(before.match(/\s+|\S+/g) ?? [], after.match(/\s+|\S+/g) ?? []));
      }),
    );
  });

  it("gives up on huge texts instead of never ending", () => {
    const words = (offset: number): string =>
      Array.from({ length: 5000 }, (_, i) => `w${(i * 7919 + offset) % 5003}`).join(" ");
    const parts = wordDiff(`same ${words(1)} end`, `same ${words(2)} end`);
    expect(parts.map(({ kind }) => kind)).toEqual(["same", "deleted", "inserted", "same"]);
  });
});

/** By its definition, for a comparison. */
function longestCommon([a, ...as]: readonly string[], [b, ...bs]: readonly string[]): number {
  if (a === undefined || b === undefined) return 0;
  if (a === b) return 1 + longestCommon(as, bs);
  return Math.max(longestCommon([a, ...as], bs), longestCommon(as, [b, ...bs]));
}
