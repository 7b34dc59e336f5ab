import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { LabError, sha256, throwIfCancelled } from "../core/index.js";
import { storeFailure } from "../store/index.js";
import type { Hub } from "./connection.js";
import { hubFailure, pageOf, type Repository } from "./failures.js";

/** A file of a repository at a revision. */
export interface RemoteFile {
  readonly repository: Repository;
  /** A commit, branch or tag. */
  readonly revision: string;
  readonly path: string;
}

/** How far a transfer is, in bytes. */
export interface TransferProgress {
  readonly file: string;
  readonly done: number;
  readonly total: number;
}

export interface DownloadOptions {
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}

export interface Downloaded {
  readonly size: number;
  readonly sha256: string;
}

/** What a file must turn out to be. */
interface Promised {
  readonly url: string;
  readonly size: number;
  readonly etag: string;
}

/**
 * Downloads one file to a path. Bytes go to a temporary name beside it, which a later call continues (HTTP ranges);
 * only a file of the
 * promised size and digest (sha256 of large files, git's sha1 of small ones) gets the path's name.
 *
 * @throws LabError `unreachable`, `input-missing`, `input-damaged` (wrong bytes), `cancelled`, `store-full`,
 *   `store-unwritable`.
 * @example
 * await downloadFile(openHub(), { repository: { type: "dataset", name: "openai/gsm8k" }, revision: "main",
 *   path: "main/test-00000-of-00001.parquet" }, "test.parquet");
 */
export async function downloadFile(
  hub: Hub,
  remote: RemoteFile,
  target: string,
  { onProgress }: DownloadOptions = {},
): Promise<Downloaded> {
  const doing = `fetching ${remote.path}`;
  const promised = await promiseOf(hub, remote, doing);
  // Bytes of another version of the file never meet these: the name says whose they are.
  const partial = `${target}.${sha256(promised.etag).slice(0, 12)}.partial`;
  try {
    await mkdir(dirname(target), { recursive: true });
    const isSameSize = promised.size > 0 && (await sizeOf(target)) === promised.size;
    const there = isSameSize ? await digestsOf(promised, target) : undefined;
    if (there?.digest === promised.etag) return { size: there.size, sha256: there.sha256 };
    await fill(hub, remote, promised, partial, (done) =>
      onProgress?.({ file: basename(remote.path), done, total: promised.size }),
    );
    const downloaded = await check(promised, partial, `${pageOf(hub, remote.repository)} (${remote.path})`);
    await rename(partial, target);
    return downloaded;
  } catch (error) {
    throw error instanceof LabError ? error : storeFailure(error, doing);
  }
}

async function promiseOf(hub: Hub, { repository, revision, path }: RemoteFile, doing: string): Promise<Promised> {
  const { fileDownloadInfo, pathsInfo } = await import("@huggingface/hub");
  const query = { ...hub.client, repo: repository, revision };
  const failed = (error: unknown): never => {
    throw hubFailure(hub, error, repository, doing);
  };
  const info = await fileDownloadInfo({ ...query, path }).catch(failed);
  if (info === null) {
    throw new LabError("input-missing", `${doing}: ${pageOf(hub, repository)} at ${revision} has no such file`, {
      hint: "the repository may have changed; a pinned revision has the file",
    });
  }
  const etag = info.etag.replace(/^W\//, "").replaceAll('"', "");
  if (isDigest(etag)) return { url: info.url, size: info.size, etag };
  // Storage behind a redirect has tags of its own; the repository's listing has the digest.
  const [listed] = await pathsInfo({ ...query, paths: [path] }).catch(failed);
  return { url: info.url, size: info.size, etag: listed?.lfs?.oid ?? listed?.oid ?? etag };
}

/** A sha256, or git's sha1. */
function isDigest(etag: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(etag);
}

/** Appends to the partial file until it has the promised size. Every try that brings bytes earns new patience. */
async function fill(
  hub: Hub,
  { repository, path }: RemoteFile,
  promised: Promised,
  partial: string,
  onBytes: (done: number) => void,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const before = await sizeOf(partial);
    if (before === promised.size && before > 0) return;
    const tooLong = before > promised.size;
    const file = await open(partial, tooLong ? "w" : "a");
    try {
      await append(hub, promised, file, tooLong ? 0 : before, onBytes);
      await file.sync();
    } catch (error) {
      await file.sync().catch(() => {});
      throwIfCancelled(hub.signal, "the download");
      if (error instanceof LabError || isFileSystem(error)) throw error;
      if ((await sizeOf(partial)) > before) attempt = 1;
      if (attempt >= hub.tries) throw hubFailure(hub, error, repository, `fetching ${path}`);
      await hub.backOff(attempt, `${basename(path)} stopped at ${await sizeOf(partial)} of ${promised.size} bytes`);
      continue;
    } finally {
      await file.close();
    }
    if (promised.size === 0) return;
  }
}

/** One request for the bytes from `offset`, written as they come. */
async function append(
  hub: Hub,
  { url, size }: Promised,
  file: FileHandle,
  offset: number,
  onBytes: (done: number) => void,
): Promise<void> {
  const response = await hub.open(url, offset > 0 ? { range: `bytes=${offset}-` } : {});
  if (!response.ok) {
    await response.body?.cancel();
    throw Object.assign(new Error("refused"), { statusCode: response.status });
  }
  // Without ranges a server sends the whole file again.
  const starts = response.status === 206 ? /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1] : "0";
  let done = Number(starts ?? Number.NaN);
  if (done !== offset) {
    if (done !== 0) throw new Error(`a range from ${starts} in place of ${offset}`);
    await file.truncate(0);
  }
  const reader = response.body!.getReader();
  try {
    for (;;) {
      const { done: ended, value } = await nextChunk(hub, reader);
      if (ended) break;
      if (done + value.length > size) throw damaged(`more than the promised ${size} bytes came from ${url}`);
      await file.appendFile(value);
      done += value.length;
      onBytes(done);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
  if (done < size) throw new Error(`the answer ended after ${done} of ${size} bytes`);
}

/** The next bytes; a server that falls silent for too long counts as gone. */
async function nextChunk(
  { patienceMs, signal }: Hub,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  let onAbort = (): void => {};
  let timer: NodeJS.Timeout | undefined;
  const interrupted = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing for ${Math.round(patienceMs / 1000)} s`)), patienceMs);
    onAbort = () => reject(new Error("cancelled"));
    signal?.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([reader.read(), interrupted]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Size and digest of the finished file; one that is not what was promised is removed. */
async function check(promised: Promised, partial: string, from: string): Promise<Downloaded> {
  const { size, digest, sha256: sha } = await digestsOf(promised, partial);
  if (size === promised.size && digest === promised.etag) return { size, sha256: sha };
  await rm(partial, { force: true });
  throw damaged(`${from} has digest ${digest} and ${size} bytes; expected ${promised.etag} and ${promised.size} bytes`);
}

/**
 * Digests of a file: sha256, and the one that the server names files by (sha256 of large ones, git's of small ones).
 */
async function digestsOf({ size, etag }: Promised, path: string): Promise<Downloaded & { readonly digest: string }> {
  const sha = createHash("sha256");
  const git = createHash("sha1").update(`blob ${size}\0`);
  let read = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    sha.update(chunk);
    git.update(chunk);
    read += chunk.length;
  }
  const hex = sha.digest("hex");
  // A mirror may name files by anything; then only their content can be checked, by who knows it.
  const digest = etag.length === 64 ? hex : etag.length === 40 ? git.digest("hex") : etag;
  return { size: read, sha256: hex, digest };
}

function damaged(message: string): LabError {
  return new LabError("input-damaged", message, {
    hint: "try again; if it stays, the mirror has other bytes than it says",
  });
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function isFileSystem(error: unknown): boolean {
  return (
    error instanceof Error && "syscall" in error && /^(open|write|fsync|ftruncate|mkdir)$/.test(`${error.syscall}`)
  );
}
