import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { type Digest, LabError } from "../../core/index.js";
import { trainerCommand } from "../process/command.js";
import { checkTrainer } from "../process/trainer-check.js";
import type { Site } from "./site.js";

/** The trainer of a site's jobs. */
export interface SiteTrainer {
  readonly command: readonly string[];
  /** Part of every key. */
  readonly identity: Digest;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Finds out which trainer jobs run: a plain one is asked here, where it must be installed as on the nodes (its results are then those
 * of the backend `process`); an image is known by its digest.
 *
 * @throws LabError `unsupported`, `input-missing`, `config-invalid`.
 */
export async function siteTrainer({ trainer }: Site): Promise<SiteTrainer> {
  const { kind, command: given, image, identity } = trainer;
  const command = kind === "plain" ? trainerCommand(given) : (given ?? ["ilr-trainer"]);
  if (identity !== undefined) return { command, identity, versions: image === undefined ? {} : { image } };
  if (kind === "plain") {
    const { name, identity: said, versions } = await checkTrainer(trainerCommand(given));
    return { command, identity: said, versions: { trainer: name, ...versions } };
  }
  return { command, identity: await imageDigest(image!), versions: { image: image! } };
}

const digests = new Map<string, Digest>();

/** Of a name with a digest that one; else of the file's bytes, which takes seconds for a large image. */
async function imageDigest(image: string): Promise<Digest> {
  const named = /@sha256:([0-9a-f]{64})$/.exec(image)?.[1];
  if (named !== undefined) return named;
  const found = await stat(image).catch(() => undefined);
  if (found === undefined || !found.isFile()) {
    const isName = /^\w+:\/\/|^[^/]+#/.test(image);
    throw new LabError(
      isName ? "config-invalid" : "input-missing",
      `the image ${image} ${isName ? "has no digest" : "is not a file"}`,
      {
        hint: "name it by digest (docker://…@sha256:…) or as a file that nodes see, too; or give trainer.identity in the site profile",
      },
    );
  }
  const version = `${image} ${found.size} ${found.mtimeMs}`;
  const known = digests.get(version) ?? (await fileDigest(image));
  digests.set(version, known);
  return known;
}

async function fileDigest(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 22 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
