import { describe, expect, it } from "vitest";
import { microMath, taskByName, tasks } from "../../kernel-lib/src/tasks/index.js";

describe("taskByName", () => {
  it("finds every registered task", () => {
    expect(tasks).toContain(microMath);
    for (const task of tasks) expect(taskByName(task.name)).toBe(task);
    expect(new Set(tasks.map(({ name }) => name)).size).toBe(tasks.length);
  });

  it("names the nearest task when there is none of that name", () => {
    expect(() => taskByName("micromath")).toThrow(
      expect.objectContaining({ code: "name-unknown", hint: expect.stringContaining('"micro-math"') }),
    );
    expect(() => taskByName("zzz")).toThrow(
      expect.objectContaining({ code: "name-unknown", hint: expect.stringContaining("micro-math") }),
    );
  });
});
