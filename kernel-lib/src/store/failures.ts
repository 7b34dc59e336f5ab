import { LabError } from "../core/index.js";

/** The `code` of a Node file-system error, such as "ENOENT". */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * A file-system error in the user's words: what could not be done, and what to do about it.
 * A LabError passes through unchanged.
 */
export function storeFailure(error: unknown, doing: string): LabError {
  if (error instanceof LabError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  const message = `${doing}: ${detail}`;
  switch (systemCode(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return new LabError("store-full", message, { hint: "free some space, or run `ilr gc`", cause: error });
    case "EROFS":
    case "EACCES":
    case "EPERM":
    case "ENOTDIR":
      return new LabError("store-unwritable", message, {
        hint: "make the store's folder writable for this user, or choose another one",
        cause: error,
      });
    case "ENOENT":
      return new LabError("input-missing", message, { hint: "was the file moved or deleted meanwhile?", cause: error });
    case "EIO":
      return new LabError("store-damaged", message, { hint: "the disk reports errors; check it", cause: error });
    default:
      return new LabError("internal", message, { cause: error });
  }
}
