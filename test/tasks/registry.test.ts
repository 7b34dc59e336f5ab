import { describe, expect, it } from "vitest";
import { microMath, taskByName, taskNames } from "../../kernel-lib/src/tasks/index.js";

describe("taskByName", () => {
  it("finds every registered task", () => {
    expect(taskByName("micro-math")).toBe(microMath);
    for (const name of taskNames) expect(taskByName(name, { data: "nowhere" }).name).toBe(name);
    expect(taskNames).toEqual(["micro-math", "micro-sql", "micro-safety", "gsm8k", "bird", "saferpaca"]);
  });

  it("says where data that is not there comes from, when it is asked for", async () => {
    for (const name of ["gsm8k", "bird", "saferpaca"]) {
      const splits = async (): Promise<unknown> => taskByName(name, { data: "nowhere" }).splits(0);
      await expect(splits()).rejects.toMatchObject({
        code: "input-missing",
        hint: expect.stringContaining(`ilr data get ${name}`),
      });
    }
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
