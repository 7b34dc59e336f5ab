import { describe, expect, it } from "vitest";
import { failureOf } from "../../kernel-lib/src/backends/contract/ending.js";
import { eventStream } from "../../kernel-lib/src/backends/contract/event-stream.js";
import { logReader } from "../../kernel-lib/src/backends/docker/log-frames.js";
import type { StepEvent } from "../../kernel-lib/src/core/index.js";

function reader(secrets: readonly string[] = []) {
  const events: StepEvent[] = [];
  return { events, stream: eventStream({ emit: (event) => events.push(event), secrets }) };
}

const note = (text: string): string => `${JSON.stringify({ type: "note", text })}\n`;

describe("the event stream", () => {
  it("puts characters and lines together that were split anywhere", () => {
    const bytes = Buffer.from(`${note("ünïcödé ✓ 🦙")}noise\r\n${note("second")}`);
    for (const size of [1, 2, 3, 7]) {
      const { events, stream } = reader();
      for (let at = 0; at < bytes.length; at += size) stream.write(bytes.subarray(at, at + size));
      expect(events).toEqual([
        { type: "note", text: "ünïcödé ✓ 🦙" },
        { type: "note", text: "second" },
      ]);
      expect(stream.tail).toBe("noise");
    }
  });

  it("takes a last line without newline, and events on standard error for log", () => {
    const { events, stream } = reader();
    stream.write(Buffer.from(note("not an event")), "stderr");
    stream.write(Buffer.from(note("last").trimEnd()));
    stream.end();
    expect(events).toEqual([{ type: "note", text: "last" }]);
    expect(stream.tail).toContain("not an event");
  });

  it("gives up a line that does not end, and reads on after it", () => {
    const { events, stream } = reader();
    stream.write(Buffer.from('{"type":"note","text":"'));
    for (let k = 0; k < 100; k++) stream.write(Buffer.alloc(100_000, "x"));
    stream.write(Buffer.from(`"}\n${note("after")}`));
    expect(events).toEqual([{ type: "note", text: "after" }]);
    expect(stream.tail.length).toBeLessThan(1000);
  });

  it("keeps the first error, and no more than the last lines of the log", () => {
    const { stream } = reader();
    for (let k = 0; k < 1000; k++) stream.write(Buffer.from(`line ${k}\n`));
    stream.write(
      Buffer.from(
        '{"type":"error","code":"a","message":"first","hint":null}\n{"type":"error","code":"b","message":"second"}\n',
      ),
    );
    expect(stream.error).toEqual({ type: "error", code: "a", message: "first" });
    expect(stream.tail.split("\n")).toEqual(Array.from({ length: 40 }, (_, k) => `line ${960 + k}`));
  });

  it("hides tokens in events, errors and log", () => {
    const { events, stream } = reader(["s3cret", ""]);
    stream.write(Buffer.from(`${note("my s3cret")}say s3cret\n{"type":"error","code":"x","message":"no s3cret"}\n`));
    expect(JSON.stringify([events, stream.error, stream.tail])).not.toContain("s3cret");
    expect(events).toEqual([{ type: "note", text: "my ***" }]);
  });
});

describe("how a trainer ended", () => {
  const said = { error: undefined, tail: "last words" };
  it("is told by what it said before its exit code", () => {
    const error = { type: "error", code: "store-full", message: "disk" } as const;
    expect(failureOf("sft", { exitCode: 0 }, said)).toBeUndefined();
    expect(failureOf("sft", { exitCode: 0 }, { ...said, error })).toMatchObject({ code: "store-full" });
    expect(failureOf("sft", { exitCode: 1 }, { ...said, error: { ...error, code: "cancelled" } })).toMatchObject({
      code: "step-failed",
    });
    expect(failureOf("sft", { exitCode: 1 }, { ...said, error: { ...error, code: "unheard-of" } })).toMatchObject({
      code: "step-failed",
    });
    expect(failureOf("sft", { exitCode: 0, isOutOfMemory: true }, said)?.message).toContain("out of memory");
    expect(failureOf("sft", { exitCode: 1 }, { ...said, tail: "OSError: No space left on device" })?.code).toBe(
      "store-full",
    );
    expect(failureOf("sft", { exitCode: undefined, signal: "SIGKILL" }, said)?.hint).toContain("memory");
  });
});

describe("the engine's log", () => {
  const at = (nanoseconds: number): string => `2026-01-01T00:00:00.${String(nanoseconds).padStart(9, "0")}Z`;
  const frame = (time: string, text: string, source = 1): Buffer => {
    const payload = Buffer.from(`${time} ${text}`);
    const header = Buffer.from([source, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(payload.length, 4);
    return Buffer.concat([header, payload]);
  };
  const open = () => {
    let text = "";
    return { read: logReader((payload) => (text += payload.toString())), text: () => text };
  };

  it("is read once, however often its stream breaks", () => {
    const log = [at(1), at(2), at(2), at(2), at(3)].map((time, k) => frame(time, `${k}\n`));
    for (let cut = 0; cut <= Buffer.concat(log).length; cut++) {
      const { read, text } = open();
      read.write(Buffer.concat(log).subarray(0, cut));
      const since = read.since();
      read.restart();
      // The engine tells everything from that time on, the time itself included.
      const from =
        since === undefined ? 0 : log.findIndex((_, k) => Number(since.split(".")[1]) <= [1, 2, 2, 2, 3][k]!);
      read.write(Buffer.concat(log.slice(from)));
      expect(text()).toBe("0\n1\n2\n3\n4\n");
    }
  });

  it("asks for the time after the last frame in whole seconds and nanoseconds", () => {
    const { read } = open();
    expect(read.since()).toBeUndefined();
    read.write(frame("2026-01-01T00:00:05.000000042Z", "x\n"));
    expect(read.since()).toBe("1767225605.000000042");
  });

  it("ends a long line whose newline the engine lost, and joins its parts", () => {
    const { read, text } = open();
    read.write(Buffer.concat([frame(at(1), "aaa"), frame(at(1), "bbb"), frame(at(2), "next\n"), frame(at(3), "c\n")]));
    expect(text()).toBe("aaabbb\nnext\nc\n");
  });
});
