import type { Digest } from "../../core/index.js";
import type { Engine } from "./engine.js";
import { engineFailure } from "./failures.js";

/** An image, found once; a tag that moves afterwards changes nothing. */
export interface Image {
  /** As the user named it. */
  readonly name: string;
  /** The engine's id of it, `sha256:...`: what containers are started from. */
  readonly id: string;
  /** The id in plain hex: the identity of its steps. */
  readonly identity: Digest;
  /** Name and digest in a registry, if it came from one. */
  readonly digest: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** What `ilr images build embedded` makes. */
export const EMBEDDED_IMAGE = "ilr-lab/embedded:latest";

/** The name of the image to use: as given, or ILR_IMAGE, or that of the embedded engine. */
export function imageName(name: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  return name ?? (env.ILR_IMAGE || EMBEDDED_IMAGE);
}

/**
 * Finds an image by name, digest or id; it is not pulled.
 * @throws LabError `input-missing` if the engine does not have it.
 */
export async function findImage({ docker }: Engine, name: string): Promise<Image> {
  try {
    const found = await docker.getImage(name).inspect();
    const labels = found.Config?.Labels ?? {};
    const identity = found.Id.replace(/^sha256:/, "");
    return { name, id: found.Id, identity, digest: found.RepoDigests?.[0], labels };
  } catch (error) {
    throw engineFailure(error, `looking for the image ${name}`);
  }
}
