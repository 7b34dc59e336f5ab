import { LabError } from "../core/index.js";
import type { Hub } from "./connection.js";
import { hubFailure, pageOf, type Repository } from "./failures.js";

/** Whether a revision is a commit, which always names the same bytes. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/**
 * The commit that a branch, tag or commit of a repository is now.
 *
 * @throws LabError `input-missing` when there is no such repository or revision, `unreachable` when it is gated or no
 *   server answers.
 */
export async function commitOf(hub: Hub, repository: Repository, revision: string): Promise<string> {
  const doing = `looking up ${repository.name} at ${revision}`;
  const { datasetInfo, modelInfo } = await import("@huggingface/hub");
  const query = { ...hub.client, name: repository.name, revision, additionalFields: ["sha" as const] };
  const info = await (repository.type === "model" ? modelInfo(query) : datasetInfo(query)).catch((error: unknown) => {
    throw hubFailure(hub, error, repository, doing);
  });
  if (typeof info.sha === "string" && isCommit(info.sha)) return info.sha;
  throw new LabError("unreachable", `${doing}: ${pageOf(hub, repository)} does not say which commit that is`, {
    hint: "a mirror must answer api/models and api/datasets as the Hub does",
  });
}
