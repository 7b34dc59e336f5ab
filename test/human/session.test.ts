import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../kernel-lib/src/core/index.js";
import {
  type Judgement,
  openSession,
  pairDigest,
  readSession,
  scoreOf,
  VERDICTS,
} from "../../kernel-lib/src/human/index.js";
import { judgement } from "./items.js";

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ilr-session-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const newPath = (): string => join(folder, "deep", `${files++}.jsonl`);

const judgements = fc.array(
  fc.record({
    i: fc.nat(30),
    verdict: fc.constantFrom(...VERDICTS),
    left: fc.constantFrom("a" as const, "b" as const),
    responseMs: fc.nat(10_000),
    questionId: fc.string(),
    sitting: fc.string({ unit: "binary" }),
    gold: fc.option(fc.record({ better: fc.constantFrom("a" as const, "b" as const), evaluator: fc.constant(0.25) })),
  }),
  { maxLength: 12 },
);

describe("a session file", () => {
  it("gives back what was put in, the first judgement of each pair, in order", async () => {
    await fc.assert(
      fc.asyncProperty(judgements, async (given) => {
        const path = newPath();
        const session = await openSession(path, { person: "ann" });
        const all = given.map(({ i, ...fields }) => judgement(i, fields));
        for (const one of all) await session.add(one);
        const firsts = all.filter(({ pair }, i) => all.findIndex((other) => other.pair === pair) === i);
        expect(session.judgements()).toEqual(firsts);
        expect((await openSession(path)).judgements()).toEqual(firsts);
        for (const one of firsts) expect(session.find(one.pair)).toEqual(one);
      }),
      { numRuns: 25 },
    );
  });

  it("keeps the order of judgements that are added at once", async () => {
    const path = newPath();
    const session = await openSession(path, { person: "ann" });
    await Promise.all(Array.from({ length: 20 }, (_, i) => session.add(judgement(i))));
    const lines = (await readFile(path, "utf8")).trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as Judgement).questionId)).toEqual(
      Array.from({ length: 20 }, (_, i) => `q${i}`),
    );
  });

  it("goes on behind the last whole line after a crash, byte for byte", async () => {
    const path = newPath();
    const session = await openSession(path, { person: "ann" });
    await session.add(judgement(0, { sitting: "Ünïcode" }));
    await session.add(judgement(1));
    const whole = await readFile(path, "utf8");
    await appendFile(path, JSON.stringify(judgement(2)).slice(0, 50));
    const again = await openSession(path);
    expect(again.judgements()).toHaveLength(2);
    await again.add(judgement(3));
    expect(await readFile(path, "utf8")).toBe(`${whole}${JSON.stringify(judgement(3))}\n`);
  });

  it("names the line that it cannot read", async () => {
    for (const [line, field] of [
      ["{", "the line"],
      [JSON.stringify({ ...judgement(1), verdict: "maybe" }), "verdict"],
      [JSON.stringify({ ...judgement(1), more: 1 }), "the line"],
    ]) {
      const path = join(folder, `${files++}.jsonl`);
      await writeFile(path, `${JSON.stringify(judgement(0))}\n${line}\n${JSON.stringify(judgement(2))}\n`);
      await expect(openSession(path)).rejects.toMatchObject({
        code: "input-damaged",
        message: expect.stringContaining(`line 2: ${field}`),
      });
    }
  });

  it("is one person's", async () => {
    const path = newPath();
    await (await openSession(path, { person: "ann" })).add(judgement(0));
    expect((await openSession(path)).person).toBe("ann");
    await expect(openSession(path, { person: "bob" })).rejects.toMatchObject({ code: "config-invalid" });
    await appendFile(path, `${JSON.stringify(judgement(1, { person: "bob" }))}\n`);
    await expect(openSession(path)).rejects.toMatchObject({ code: "input-damaged" });
  });

  it("must be there to be read", async () => {
    await expect(readSession(newPath())).rejects.toMatchObject({ code: "input-missing" });
  });
});

describe("a judgement", () => {
  const pair = { question: "q", a: "x", b: "y" };
  const turned = { question: "q", a: "y", b: "x" };

  it("is found by question and answers, whichever way round", () => {
    expect(pairDigest(turned)).toBe(pairDigest(pair));
    for (const other of [
      { ...pair, question: "p" },
      { ...pair, a: "z" },
    ])
      expect(pairDigest(other)).not.toBe(pairDigest(pair));
  });

  it.each([
    ["accept", 1],
    ["reject", 0],
    ["unsure", 0.5],
    ["timeout", 0.5],
  ] as const)("%s is %d for b, and the rest for a", (verdict, score) => {
    const said = { verdict, b: sha256("y") };
    expect(scoreOf(said, pair)).toBe(score);
    expect(scoreOf(said, turned)).toBe(1 - score);
  });
});
