import { createHash } from "node:crypto";
import { createReadStream, openAsBlob } from "node:fs";
import { LabError, throwIfCancelled } from "../core/index.js";
import type { Hub } from "./connection.js";
import { hubFailure, pageOf, type Repository, statusOf } from "./failures.js";

/** A file to be published: bytes on disk with a known digest, or a text. */
export interface PublishedFile {
  /** Path in the repository. */
  readonly path: string;
  readonly content:
    | { readonly file: string; readonly size: number; readonly sha256: string }
    | { readonly text: string };
}

/** What shall lie in a repository. Files that are there beside these stay. */
export interface Publication {
  readonly repository: Repository;
  readonly private: boolean;
  /** Title of the commit. */
  readonly title: string;
  readonly files: readonly PublishedFile[];
}

export interface PublishOptions {
  /** Share of a file that was sent, 0 to 1. */
  readonly onProgress?: ((path: string, share: number) => void) | undefined;
}

export interface Published {
  readonly page: string;
  /** Paths that were sent, and paths that were there already with the same content. */
  readonly sent: readonly string[];
  readonly kept: readonly string[];
  /** The new commit; undefined when nothing was sent. */
  readonly commit: string | undefined;
}

/** Size and digests of a file: sha256 (the Hub's name of large files) and git's sha1 (of small ones). */
export interface Digests {
  readonly size: number;
  readonly sha256: string;
  readonly git: string;
}

/**
 * Pushes files to a repository of the Hub, in one commit, making the repository if need be. What is there already is
 * not sent again; an
 * interrupted call, called again, sends only what is missing.
 *
 * @throws LabError `config-invalid` without a token; `input-missing`, `input-damaged` when a file is not what its
 *   digest says (then
 *   nothing is sent); `unreachable`; `cancelled`.
 */
export async function publish(
  hub: Hub,
  publication: Publication,
  { onProgress }: PublishOptions = {},
): Promise<Published> {
  const { repository, files } = publication;
  const page = pageOf(hub, repository);
  const local = new Map((await checkFiles(hub, publication)).map((checked) => [checked.path, checked]));
  if (!hub.authenticated) {
    throw new LabError("config-invalid", `publishing to ${page} needs an access token`, {
      hint: "make one that may write in the Hub's settings, and set HF_TOKEN",
    });
  }
  const remote = await remoteDigests(hub, publication);
  const isThere = ({ path }: PublishedFile): boolean => {
    const { sha256, git } = local.get(path)!;
    return remote.get(path) === sha256 || remote.get(path) === git;
  };
  const missing = files.filter((file) => !isThere(file));
  const kept = files.filter(isThere).map(({ path }) => path);
  const commit = missing.length === 0 ? undefined : await send(hub, publication, missing, onProgress);
  return { page, sent: missing.map(({ path }) => path), kept, commit };
}

/**
 * Paths, sizes and digests of what would be sent; every byte is read. @throws LabError as `publish` does before it
 * sends anything.
 */
export async function checkFiles(
  hub: Hub,
  { files }: Publication,
): Promise<readonly (Digests & { readonly path: string })[]> {
  const checked: (Digests & { readonly path: string })[] = [];
  const twice = files.find(({ path }, index) => files.findIndex((file) => file.path === path) !== index);
  if (twice !== undefined) {
    throw new LabError("config-invalid", `two files would be ${twice.path} in the repository`, {
      hint: "give arms names that differ in letters and digits",
    });
  }
  for (const file of files) checked.push({ path: file.path, ...(await checkedDigests(hub, file)) });
  return checked;
}

async function checkedDigests(hub: Hub, { path, content }: PublishedFile): Promise<Digests> {
  throwIfCancelled(hub.signal, "publishing");
  if ("text" in content) {
    if (hub.redact(content.text) !== content.text) {
      throw new LabError("config-invalid", `${path} holds the access token; nothing was sent`, {
        hint: "remove it from what is published, and make a new token",
      });
    }
    const bytes = Buffer.from(content.text);
    return digestsOf(bytes.length, [bytes]);
  }
  const got = await digestsOf(content.size, createReadStream(content.file)).catch((cause: unknown) => {
    throw new LabError("input-missing", `${path} cannot be read: ${(cause as Error).message}`, { cause });
  });
  if (got.sha256 === content.sha256 && got.size === content.size) return got;
  throw new LabError(
    "input-damaged",
    `${path} has digest ${got.sha256}; expected ${content.sha256}. Nothing was sent`,
    {
      hint: "run `ilr verify`, then the experiment again: what is damaged is computed anew",
    },
  );
}

async function digestsOf(size: number, chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<Digests> {
  const sha256 = createHash("sha256");
  const git = createHash("sha1").update(`blob ${size}\0`);
  let read = 0;
  for await (const chunk of chunks) {
    sha256.update(chunk);
    git.update(chunk);
    read += chunk.length;
  }
  return { size: read, sha256: sha256.digest("hex"), git: git.digest("hex") };
}

/**
 * Digests by path of what the repository holds: sha256 of large files, git's of small ones. A new repository is made.
 */
async function remoteDigests(hub: Hub, { repository, private: isPrivate }: Publication): Promise<Map<string, string>> {
  const { createRepo, listFiles } = await import("@huggingface/hub");
  const digests = new Map<string, string>();
  try {
    for await (const { path, type, oid, lfs } of listFiles({ ...hub.client, repo: repository, recursive: true })) {
      if (type === "file") digests.set(path, lfs?.oid ?? oid ?? "");
    }
    return digests;
  } catch (error) {
    if (statusOf(error) !== 404) throw hubFailure(hub, error, repository, `looking into ${repository.name}`);
  }
  try {
    const visibility = isPrivate ? "private" : "public";
    await createRepo({ ...hub.client, accessToken: hub.client.accessToken!, repo: repository, visibility });
  } catch (error) {
    // Somebody else, or an earlier try whose answer was lost, may have made it meanwhile.
    if (statusOf(error) !== 409) throw hubFailure(hub, error, repository, `making ${repository.name}`);
  }
  return new Map();
}

async function send(
  hub: Hub,
  { repository, title }: Publication,
  files: readonly PublishedFile[],
  onProgress: PublishOptions["onProgress"],
): Promise<string> {
  const { commitIter } = await import("@huggingface/hub");
  const operations = await Promise.all(
    files.map(async ({ path, content }) => ({
      operation: "addOrUpdate" as const,
      path,
      content: "text" in content ? new Blob([content.text]) : await openAsBlob(content.file),
    })),
  );
  const { signal } = hub;
  try {
    const steps = commitIter({
      ...hub.client,
      ...{ repo: repository, title, operations },
      ...(signal && { abortSignal: signal }),
    });
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value!.commit.oid;
      if (step.value.event !== "fileProgress") continue;
      if (step.value.state === "error") throw new Error(`${step.value.path} was not accepted`);
      if (step.value.state === "uploading") onProgress?.(step.value.path, step.value.progress);
    }
  } catch (error) {
    throwIfCancelled(signal, "publishing");
    throw hubFailure(hub, error, repository, `publishing to ${repository.name}`);
  }
}
