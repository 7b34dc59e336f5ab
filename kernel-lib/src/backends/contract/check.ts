import { z } from "zod";
import { LabError } from "../../core/index.js";

const problemSchema = z.union([
  z.object({ problem: z.string(), remedy: z.string().optional() }),
  z.string().transform((problem) => ({ problem, remedy: undefined })),
]);

const checkSchema = z.object({
  name: z.string().optional(),
  package: z.string().optional(),
  version: z.string().optional(),
  contract: z.number().optional(),
  identity: z.string().regex(/^[0-9a-f]{64}$/, "expected a sha256 in hex"),
  versions: z.record(z.string(), z.string().nullable()).default({}),
  problems: z.array(problemSchema).default([]),
});

/** What a trainer says of itself. */
export interface TrainerCheck {
  readonly name: string;
  /** Digest of its code and of what computes; part of every key. */
  readonly identity: string;
  readonly versions: Readonly<Record<string, string>>;
  /** What keeps its steps from running. */
  readonly problems: readonly { readonly problem: string; readonly remedy?: string | undefined }[];
}

/**
 * Reads what `ilr-trainer check` printed; libraries may have printed before it.
 * @throws LabError `unsupported` if there is no such object.
 */
export function parseCheck(output: string): TrainerCheck {
  const line = output
    .trim()
    .split("\n")
    .findLast((text) => text.startsWith("{"));
  const parsed = checkSchema.safeParse(parseJson(line ?? output));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new LabError("unsupported", `the trainer's check is not understood: ${path.join(".") || "it"}: ${message}`, {
      hint: "is it an ilr-trainer? `ilr-trainer check` must print one JSON object with its identity",
    });
  }
  const { name, package: packageName, version, identity, versions, problems } = parsed.data;
  const installed = Object.entries(versions).filter((entry): entry is [string, string] => entry[1] !== null);
  const title = [name ?? packageName ?? "ilr-trainer", version].filter((part) => part !== undefined).join(" ");
  return { name: title, identity, versions: Object.fromEntries(installed), problems };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
