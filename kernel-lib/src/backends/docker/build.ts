import { readdirSync } from "node:fs";
import { LabError, packageVersion } from "../../core/index.js";
import { temporaryFolder } from "../../store/index.js";
import type { Engine } from "./engine.js";
import { engineFailure, imageHint } from "./failures.js";
import { EMBEDDED_IMAGE, findImage, type Image } from "./image.js";
import { type ImageSource, layOutContext, sourceDigest } from "./image-context.js";

/** Label of an image: digest of the sources that it was built from. */
export const SOURCE_LABEL = "ilr-lab.source";

export interface BuildOptions {
  readonly source: ImageSource;
  readonly dockerfile: string;
  /** Image to build on, instead of the one that the Dockerfile pins. */
  readonly base?: string;
  /** Name of the result. Default: `ilr-lab/embedded:latest`. */
  readonly tag?: string;
  /** Receives the engine's own lines. */
  readonly onLine?: (line: string) => void;
}

/**
 * Builds the image of the embedded engine from this installation: files are copied, nothing is downloaded but the base image.
 * @throws LabError `input-missing` (not built, no base image), `step-failed` with the engine's words, `store-full`.
 */
export async function buildEmbeddedImage(engine: Engine, options: BuildOptions): Promise<Image> {
  const { source, tag = EMBEDDED_IMAGE, base } = options;
  const { path: context, remove } = await temporaryFolder("image");
  try {
    layOutContext(source, options.dockerfile, context);
    const buildargs = { SOURCE: sourceDigest(source), VERSION: packageVersion(), ...(base ? { BASE: base } : {}) };
    // Without `rm`, each instruction of a failed build leaves a container.
    const request = { t: tag, buildargs, rm: true, forcerm: true };
    const stream = await engine.docker.buildImage({ context, src: readdirSync(context) }, request);
    await finish(engine, stream, options.onLine ?? (() => {}));
    return await findImage(engine, tag);
  } catch (error) {
    throw engineFailure(error, "building the image");
  } finally {
    await remove();
  }
}

interface Progress {
  readonly stream?: string;
  readonly error?: string;
}

async function finish(
  { docker }: Engine,
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
): Promise<void> {
  let failure: string | undefined;
  const onProgress = ({ stream: text, error }: Progress): void => {
    failure ??= error;
    if (text !== undefined && text.trim() !== "") onLine(text.trimEnd());
  };
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => (error && !failure ? reject(error) : resolve()), onProgress);
  });
  if (failure === undefined) return;
  const isAbsent = /pull access denied|not found|no such host|manifest unknown|dial tcp|lookup /i.test(failure);
  throw new LabError(isAbsent ? "input-missing" : "step-failed", `the image cannot be built: ${failure}`, {
    hint: isAbsent ? "is there a registry? `--base <image>` builds on an image that the engine has" : imageHint,
  });
}

/** An image of ours. */
export interface BuiltImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Digest of the sources that it was built from. */
  readonly source: string;
}

/** The images that carry our label, newest first. @throws LabError `unsupported`. */
export async function listImages({ docker }: Engine): Promise<readonly BuiltImage[]> {
  try {
    const found = await docker.listImages({ filters: { label: [SOURCE_LABEL] } });
    return found
      .map(({ Id, RepoTags, Size, Created, Labels }) => ({
        id: Id,
        tags: RepoTags ?? [],
        bytes: Size,
        createdAt: Created * 1000,
        source: Labels?.[SOURCE_LABEL] ?? "",
      }))
      .sort((a, b) => b.createdAt - a.createdAt);
  } catch (error) {
    throw engineFailure(error, "listing the images");
  }
}
