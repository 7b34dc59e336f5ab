import { LabError } from "../../core/index.js";

/** What the engine answered, as dockerode tells it: `statusCode` and `json.message` are reliable, `reason` is a guess. */
interface EngineAnswer {
  readonly statusCode?: number;
  readonly json?: { readonly message?: string } | null;
}

/** HTTP status of an engine's refusal; undefined if it gave no answer at all. */
export function statusOf(error: unknown): number | undefined {
  return (error as EngineAnswer | undefined)?.statusCode;
}

/** The engine's own words. */
export function messageOf(error: unknown): string {
  const said = (error as EngineAnswer | undefined)?.json?.message;
  if (said) return said;
  return error instanceof Error ? error.message : String(error);
}

/** Whether the engine could not be reached, as opposed to having refused. */
export function isUnreachable(error: unknown): boolean {
  const isOurs = error instanceof LabError || error instanceof TypeError || error instanceof RangeError;
  return !isOurs && statusOf(error) === undefined;
}

/**
 * An engine's error in the user's words. A LabError passes through unchanged.
 * @param doing what was tried, such as "starting the container".
 */
export function engineFailure(error: unknown, doing: string): LabError {
  if (error instanceof LabError) return error;
  const message = `${doing}: ${messageOf(error)}`;
  const make = (code: ConstructorParameters<typeof LabError>[0], hint: string): LabError =>
    new LabError(code, message, { hint, cause: error });
  if (isUnreachable(error)) return make("unsupported", unreachableHint(error));
  if (/could not select device driver|nvidia-container|no known GPU vendor/i.test(message)) {
    return make(
      "unsupported",
      "this engine has no GPUs: install the NVIDIA Container Toolkit and restart it, or run with gpus: 0",
    );
  }
  if (/no space left on device|disk quota exceeded/i.test(message)) {
    return make("store-full", "free some space where the engine keeps its data (`docker system df`), or run `ilr gc`");
  }
  if (/bind source path does not exist|invalid mount config/i.test(message)) {
    return make(
      "unsupported",
      "the engine does not see this machine's folders: is DOCKER_HOST another machine, or the folder not shared with its VM?",
    );
  }
  if (/no such image/i.test(message)) return make("input-missing", imageHint);
  return make("step-failed", "`ilr backend check` says whether the engine works");
}

/** What to do about an image that is not there. */
export const imageHint =
  "build it (`ilr images build embedded`), pull it (`docker pull`), or name another one: ILR_IMAGE=<name or digest>";

function unreachableHint(error: unknown): string {
  const code = (error as { readonly code?: string } | undefined)?.code;
  if (code === "EACCES") return "this user may not talk to the engine: join the group docker, or set DOCKER_HOST";
  return "is Docker running? start it, or set DOCKER_HOST to where it listens, such as unix:///run/user/1000/docker.sock";
}
