import { CommanderError } from "commander";
import { LabError, visibleText } from "../core/index.js";
import type { CliContext } from "./surroundings.js";

/** Exit codes: what a shell gives a process that Ctrl-C ended, and one for everything else. */
const CANCELLED = 130;
const FAILED = 1;

/**
 * Says what went wrong, as `error [code]: message` and `hint: ...`, and gives the exit code. A stack trace is for those who set
 * ILR_DEBUG, and for bugs of ours.
 */
export function reportFailure(context: CliContext, error: unknown): number {
  const say = (line: string): void => void context.stderr.write(`${visibleText(line)}\n`);
  if (error instanceof CommanderError) return reportUsage(error, say);
  if (!(error instanceof LabError)) {
    say(`error [internal]: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    say("hint: this is a bug of ilr-lab; please report it with the lines above");
    return FAILED;
  }
  say(`error [${error.code}]: ${error.message}`);
  if (error.hint !== undefined) say(`hint: ${error.hint}`);
  if (context.env.ILR_DEBUG) say(String(error.stack) + (error.cause ? `\ncaused by: ${String(error.cause)}` : ""));
  return error.code === "cancelled" ? CANCELLED : FAILED;
}

/** Commander's own errors in the same form; asking for help is no error. */
function reportUsage({ exitCode, message }: CommanderError, say: (line: string) => void): number {
  if (exitCode === 0) return 0;
  // Commander puts its suggestion behind the message: "error: unknown command 'rn'\n(Did you mean run?)".
  const [, text, near] = /^(?:error: )?([\s\S]*?)(?:\n\(Did you mean (.*)\?\))?$/.exec(message)!;
  say(`error [config-invalid]: ${text === "(outputHelp)" ? "no command was given" : text}`);
  say(`hint: ${near ? `did you mean ${near}?` : "ilr --help lists commands and options"}`);
  return FAILED;
}
