import { describe, expect, it } from "vitest";
import { about } from "../../kernel-lib/src/cli/about.js";
import { createProgram } from "../../kernel-lib/src/cli/program.js";
import { processContext } from "../../kernel-lib/src/cli/surroundings.js";

async function commandsOf(argv: readonly string[]) {
  const { commands } = await createProgram(processContext(), argv);
  return commands;
}

describe("createProgram", () => {
  it("makes every command that it tells of, with that text, when it is called", async () => {
    for (const [name, text] of Object.entries(about)) {
      const commands = await commandsOf([name]);
      const called = commands.find((command) => command.name() === name)!;
      expect(called.description()).toBe(text);
      // Commander keeps what a command does to itself.
      const acts = (called as unknown as { _actionHandler: unknown })._actionHandler !== null;
      expect(acts || called.commands.length > 0, name).toBe(true);
    }
  });

  it("has each command once, in the same order, whatever is called", async () => {
    const names = async (argv: readonly string[]) => (await commandsOf(argv)).map((command) => command.name());
    expect(await names([])).toEqual(Object.keys(about));
    expect(await names(Object.keys(about))).toEqual(Object.keys(about));
    expect(await names(["help", "experiments"])).toEqual(Object.keys(about));
  });
});
