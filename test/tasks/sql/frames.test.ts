import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameOf, frameReader } from "../../../kernel-lib/src/tasks/sql/execute/frames.js";
import { hasSecondStatement } from "../../../kernel-lib/src/tasks/sql/execute/statement.js";

describe("frames", () => {
  it("arrive whole and in order, however the pipe cuts them", () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (messages, cuts) => {
        const got: string[] = [];
        const read = frameReader(
          (body) => got.push(JSON.parse(body.toString())),
          () => expect.unreachable(),
        );
        const stream = Buffer.concat(messages.map(frameOf));
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length]!;
          read(stream.subarray(at, at + size));
          at += size;
        }
        expect(got).toEqual(messages);
      }),
    );
  });

  it("are refused when too long, once, and nothing is read after that", () => {
    let excess = 0;
    const got: unknown[] = [];
    const read = frameReader(
      (body) => got.push(body),
      () => excess++,
      100,
    );
    read(Buffer.from([0, 0, 0, 101]));
    for (let i = 0; i < 1000; i++) read(Buffer.alloc(1000));
    read(frameOf("x"));
    expect([excess, got]).toEqual([1, []]);
  });
});

describe("hasSecondStatement", () => {
  it.each([
    ["", false],
    [" \t\f\r\n", false],
    ["-- x", false],
    ["-- x\n/* ; */ ", false],
    ["/* no end", false],
    [";", true],
    ["\v", true],
    ["/", true],
    ["-", true],
    ["-- x\nSELECT", true],
    ["/* */ x", true],
    ["/*/ x */", false],
  ])("%j: %s", (rest, expected) => {
    expect(hasSecondStatement(Buffer.from(rest))).toBe(expected);
  });
});
