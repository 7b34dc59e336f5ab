import { LabError } from "../../core/index.js";

/** The program of a Python environment, as it is called on PATH. */
const USUAL = "ilr-trainer";

/**
 * The command that starts a trainer, as a list of words: as given, or ILR_TRAINER, or `ilr-trainer`.
 * Words with spaces go in double or single quotes; no shell is involved.
 *
 * @throws LabError `config-invalid` for an empty command or an open quote.
 * @example
 * trainerCommand(undefined, { ILR_TRAINER: '"/opt/my env/bin/python" -m ilr_trainer' }); // ["/opt/my env/bin/python", "-m", "ilr_trainer"]
 */
export function trainerCommand(
  command: readonly string[] | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): readonly [string, ...string[]] {
  const words = command ?? wordsOf(env.ILR_TRAINER?.trim() || USUAL);
  const [program, ...rest] = words;
  if (program === undefined || program === "") {
    throw new LabError("config-invalid", "the trainer's command is empty", { hint: "such as python -m ilr_trainer" });
  }
  return [program, ...rest];
}

function wordsOf(text: string): readonly string[] {
  const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g)];
  const taken = words.reduce((sum, [word]) => sum + word.length, 0);
  if (taken !== text.replaceAll(/\s(?=(?:[^"']|"[^"]*"|'[^']*')*$)/g, "").length) {
    throw new LabError("config-invalid", `ILR_TRAINER has an open quote: ${text}`);
  }
  return words.map(([, double, single, plain]) => double ?? single ?? plain ?? "");
}
