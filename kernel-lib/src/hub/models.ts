import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, LabError } from "../core/index.js";
import { writeWhole } from "../store/index.js";
import { withClaim } from "./claim.js";
import type { Hub } from "./connection.js";
import { readJson } from "./read-json.js";
import { commitOf, isCommit } from "./revision.js";

/** A model on the Hub. */
export interface ModelReference {
  /** `owner/name`. */
  readonly repo: string;
  /** A commit, branch or tag; resolved: a commit. */
  readonly revision: string;
}

export interface ResolveOptions {
  /** The data folder; `models.json` in it is the lock. */
  readonly data: string;
  /** Opened only when the lock does not know the model. */
  readonly hub: () => Hub;
  /** Ask the Hub again, and lock what it says now. Default: false. */
  readonly update?: boolean;
}

/**
 * The commit that a model's revision means: itself, or what the lock says, or (the first time) what the Hub says. So a
 * branch that
 * moves does not move an experiment, and a second run needs no network.
 *
 * @throws LabError `config-invalid` for a bad name, `input-missing`, `unreachable` (also for gated models: the hint
 *   says what to do).
 * @example
 * await resolveModel({ repo: "google/gemma-2b", revision: "main" }, { data: ".ilr/data", hub: () => openHub() });
 */
export async function resolveModel(
  { repo, revision }: ModelReference,
  { data, hub, update = false }: ResolveOptions,
): Promise<ModelReference> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repo)) {
    throw new LabError("config-invalid", `${JSON.stringify(repo)} is no model of the Hub; expected owner/name`, {
      hint: "such as mistralai/Mistral-7B-v0.1",
    });
  }
  if (isCommit(revision)) return { repo, revision };
  const lock = join(data, "models.json");
  const name = `${repo}@${revision}`;
  const known = (await readJson<Record<string, string>>(lock))?.[name];
  if (known !== undefined && isCommit(known) && !update) return { repo, revision: known };
  const opened = hub();
  const commit = await commitOf(opened, { type: "model", name: repo }, revision);
  await mkdir(data, { recursive: true });
  await withClaim(`${lock}.claim`, opened.signal, async () => {
    const entries = { ...(await readJson<Record<string, string>>(lock)), [name]: commit };
    await writeWhole(lock, `${JSON.stringify(Object.fromEntries(Object.entries(entries).sort()), null, 2)}\n`);
  });
  return { repo, revision: commit };
}

/**
 * The content of `hub.json`, the only file of a model folder that stands for a model on the Hub. @throws LabError
 * `config-invalid`.
 */
export function hubJson({ repo, revision }: ModelReference): string {
  if (isCommit(revision)) return `${canonicalJson({ repo, revision })}\n`;
  throw new LabError("config-invalid", `${repo} has revision ${revision}; expected a commit of 40 hexadecimal digits`, {
    hint: "resolveModel says which commit a branch is",
  });
}
