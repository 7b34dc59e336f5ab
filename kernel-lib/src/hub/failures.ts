import { LabError } from "../core/index.js";
import { type Hub, reason } from "./connection.js";

/** A repository on the Hub. */
export interface Repository {
  readonly type: "model" | "dataset";
  /** `owner/name`. */
  readonly name: string;
}

/** Address of a repository's page, where its licence is accepted. */
export function pageOf(hub: Hub, { type, name }: Repository): string {
  return `${hub.endpoint}/${type === "dataset" ? "datasets/" : ""}${name}`;
}

/** What went wrong with the Hub in the user's words; a LabError passes through. The token is in none of it. */
export function hubFailure(hub: Hub, error: unknown, repository: Repository, doing: string): LabError {
  if (error instanceof LabError) return error;
  const status = statusOf(error);
  const page = pageOf(hub, repository);
  const answered = `${doing}: ${page} answered ${status}`;
  if (status === 401 || status === 403) {
    return new LabError("unreachable", `${answered} (gated, private, or not there)`, {
      hint: hub.authenticated
        ? `accept the licence on ${page} with the account of HF_TOKEN, or use a token that may do this`
        : `accept the licence on ${page} and set HF_TOKEN to a token of that account`,
    });
  }
  if (status === 404) {
    return new LabError("input-missing", `${answered}: there is no such repository, revision or file`, {
      hint: "check the name and the revision; a mirror may lack what the Hub has",
    });
  }
  const hint =
    "try again (what was transferred is kept), name a mirror (HF_ENDPOINT, --mirror), or use own files (--from)";
  if (status === undefined) {
    const why = hub.redact(reason(error)).slice(0, 200);
    return new LabError("unreachable", `${doing}: ${hub.endpoint} gave no usable answer (${why})`, { hint });
  }
  const said = hub.redact((error as Error).message).slice(0, 200);
  return new LabError("unreachable", `${answered}: ${said}`, { hint });
}

/**
 * Status of the answer that the client complains of. Its class is not looked at: the client is loaded only when it is
 * needed.
 */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}
