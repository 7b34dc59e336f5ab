/** What models and trainers write, on the terminal and in the environment of trainers: shown, never obeyed; no secret is passed on. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventStream } from "../../kernel-lib/src/backends/contract/event-stream.js";
import { hiddenTexts, secretsOf, withoutSecrets } from "../../kernel-lib/src/backends/secrets.js";
import { reportFailure } from "../../kernel-lib/src/cli/failure.js";
import { LabError } from "../../kernel-lib/src/core/index.js";
import { boardLines } from "../../kernel-lib/src/notebook/progress-format.js";
import { count, faultSeed, tries } from "./tally.js";

/** Titles, cleared screens, links, colours, the clipboard (OSC 52), 8-bit controls, carriage returns, reversed text. */
const attack = fc.constantFrom(
  ...[
    "\u001b]0;title\u0007",
    "\u001b[2J\u001b[H",
    "\u001b]8;;javascript:x\u0007y",
    "\u001b]52;c;AAAA\u0007",
    "\u009b31m",
  ],
  ...["\rerased", "\b\b\b", "\u001b[6n", "\u001bc", "\u202egpj.exe", "\u0000", "\u0085", "\ud800", "\u2066x"],
);
const hostile = fc.array(fc.oneof(attack, fc.string({ maxLength: 20, unit: "binary" })), {
  minLength: 1,
  maxLength: 5,
});
/** What acts on a terminal or on the order of reading; line ends and tabs do not. */
const ACTS = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]|\p{Cs}/u;

function runsOf(property: (text: string) => void, short: number, long: number): number {
  const numRuns = tries(short, long);
  fc.assert(
    fc.property(hostile, (parts) => property(parts.join(""))),
    { numRuns, seed: faultSeed },
  );
  return numRuns;
}

describe("escape codes", () => {
  it("in errors do not reach the terminal", ({ task }) => {
    const runs = runsOf(
      (text) => {
        let said = "";
        const stderr = {
          write: (line: string) => {
            said += line;
          },
        };
        const context = { stdout: stderr, stderr, cwd: "/", env: {}, openBackend: () => undefined as never };
        reportFailure(context, new LabError("step-failed", `the trainer said ${text}`, { hint: text }));
        reportFailure(context, new Error(text));
        expect(said).toContain("error [step-failed]: the trainer said ");
        expect(said).not.toMatch(ACTS);
      },
      200,
      20_000,
    );
    count(task, { fault: "escape codes in errors on the terminal", tries: runs, lost: 0, wrong: 0, mended: ["I9"] });
  });

  it("in labels and units of progress do not reach the terminal, and take one line", ({ task }) => {
    const runs = runsOf(
      (text) => {
        const step = { label: text, seconds: 3, waiting: false, progress: { done: 1, total: 2, unit: text } };
        const all = boardLines({ title: text, seconds: 1, executed: 0, cached: 0, running: [step] }, 120).join("");
        expect(all).not.toMatch(ACTS);
        expect(all).not.toMatch(/[\n\t]/);
      },
      200,
      20_000,
    );
    count(task, { fault: "escape codes in labels of progress", tries: runs, lost: 0, wrong: 0, mended: ["I9", "I11"] });
  });
});

it("a line of 100 MB of a trainer is not kept, and what follows it is read", ({ task }) => {
  const events: string[] = [];
  const stream = eventStream({ emit: (event) => events.push(event.type) });
  const chunk = Buffer.alloc(1 << 20, "x");
  stream.write(Buffer.from('{"type":"note","text":"'));
  for (let k = 0; k < 100; k++) stream.write(chunk);
  stream.write(Buffer.from('"}\n{"type":"note","text":"after"}\n'));
  expect(events).toEqual(["note"]);
  expect(stream.tail.length).toBeLessThan(1000);
  count(task, { fault: "a line of 100 MB in a trainer's events", tries: 1, lost: 0, wrong: 0 });
});

describe("secrets", () => {
  const name = fc.constantFrom(
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GITHUB_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "HF_TOKEN",
  );
  it("of the environment reach no trainer that does not need them, nor what it says", ({ task }) => {
    const numRuns = tries(100, 5000);
    const canary = fc.uuid().map((id) => `canary-${id}`);
    fc.assert(
      fc.property(name, canary, (variable, value) => {
        const env = { PATH: "/bin", TOKENIZERS_PARALLELISM: "false", [variable]: value };
        expect(withoutSecrets(env)).toEqual({ PATH: "/bin", TOKENIZERS_PARALLELISM: "false" });
        expect(Object.keys(secretsOf(env))).toEqual(variable === "HF_TOKEN" ? [variable] : []);
        const events: unknown[] = [];
        const stream = eventStream({ emit: (event) => events.push(event), secrets: hiddenTexts(env) });
        stream.write(Buffer.from(`${value}\n${JSON.stringify({ type: "note", text: `env ${value}` })}\n`));
        stream.write(Buffer.from(`${JSON.stringify({ type: "error", code: "x", message: value })}\n`));
        stream.end();
        expect(JSON.stringify([events, stream.tail, stream.error])).not.toContain(value);
      }),
      { numRuns, seed: faultSeed },
    );
    count(task, { fault: "canary secrets in trainers", tries: numRuns, lost: 0, wrong: 0, mended: ["I10"] });
  });
});
