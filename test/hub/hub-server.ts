/**
 * A Hub on 127.0.0.1: as much of its protocol as the real client speaks, a storage host of another origin, and faults
 * to order.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What goes wrong with the next request that matches. */
export type Fault =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** The connection breaks after so many bytes of the body. */
  | { readonly kind: "cut"; readonly after: number }
  /** The body stops after so many bytes, the connection stays. */
  | { readonly kind: "stall"; readonly after: number }
  /** A body of the right length with a byte changed. */
  | { readonly kind: "wrong-bytes" }
  /** A whole answer, told to be whole, that is shorter. */
  | { readonly kind: "short"; readonly by: number }
  /** The Range header is ignored. */
  | { readonly kind: "no-range" };

export interface Seen {
  readonly host: "hub" | "storage";
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  readonly bytes: number;
}

export interface Repo {
  readonly gated?: boolean;
  readonly private?: boolean;
  /** Commits, oldest first; the last is main. */
  readonly commits: { readonly sha: string; readonly files: ReadonlyMap<string, Buffer>; readonly title: string }[];
}

export interface HubServer {
  readonly url: string;
  readonly storageUrl: string;
  readonly repos: Map<string, Repo>;
  readonly objects: Map<string, Buffer>;
  readonly seen: Seen[];
  /** Faults of the next requests whose `METHOD path` matches, one each. */
  order(match: RegExp, ...faults: readonly Fault[]): void;
  /** Adds a commit with these files (and those before). Keys: `models/owner/name`, `datasets/owner/name`. */
  commit(repo: string, files: Readonly<Record<string, Buffer | string>>, options?: Omit<Repo, "commits">): string;
  close(): Promise<void>;
}

export interface HubServerOptions {
  /** The token that may write, and read what is gated. */
  readonly token?: string;
  /** Files from this size are large (LFS). Default: 1,000. */
  readonly largeFrom?: number;
  /** Large uploads are asked for in parts of this size. Default: whole. */
  readonly partSize?: number;
  /**
   * Says where large files are as the Hub does for Xet; otherwise by redirects only, with a tag of the storage's own.
   */
  readonly xet?: boolean;
}

const sha256 = (data: Buffer): string => createHash("sha256").update(data).digest("hex");
const gitOid = (data: Buffer): string => createHash("sha1").update(`blob ${data.length}\0`).update(data).digest("hex");

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly fault: Fault | undefined;
}

export async function startHub(options: HubServerOptions = {}): Promise<HubServer> {
  const { token = "hf_right", largeFrom = 1000, partSize, xet = true } = options;
  const repos = new Map<string, Repo>();
  const objects = new Map<string, Buffer>();
  const parts = new Map<string, Map<number, Buffer>>();
  const seen: Seen[] = [];
  const orders: { readonly match: RegExp; readonly faults: Fault[] }[] = [];
  const isLarge = (data: Buffer): boolean => data.length >= largeFrom;

  const listen = async (host: Seen["host"], answer: (exchange: Exchange) => void): Promise<Server> => {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { pathname, searchParams } = new URL(request.url!, "http://x");
      const path = decodeURIComponent(pathname);
      const body = Buffer.concat(chunks);
      const { range, authorization } = request.headers;
      seen.push({ host, method: request.method!, path, range, authorization, bytes: body.length });
      const found = orders.find(({ match, faults }) => faults.length > 0 && match.test(`${request.method} ${path}`));
      const fault = found?.faults.shift();
      if (fault?.kind === "status") return send(response, fault.status, fault.headers ?? {}, fault.body ?? "");
      answer({ request, response, path, query: searchParams, body, fault });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return server;
  };

  const hub = await listen("hub", (exchange) => {
    const { request, response, path } = exchange;
    const authorized = request.headers.authorization === `Bearer ${token}`;
    const json = (status: number, value: unknown, headers: Record<string, string> = {}): void =>
      send(response, status, { "content-type": "application/json", ...headers }, JSON.stringify(value));
    const writing = request.method === "POST" && !path.includes("/paths-info/");
    if (writing && !authorized) return json(401, { error: "Invalid username or password." });
    if (path === "/api/repos/create") return create(exchange, json);
    const api = /^\/api\/(models|datasets)\/([^/]+\/[^/]+)\/([\w-]+)\/(.*)$/.exec(path);
    const lfs = /^\/(datasets\/)?([^/]+\/[^/]+)\.git\/info\/lfs\/objects\/batch$/.exec(path);
    const file = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/(.+)$/.exec(path);
    const name = api ? `${api[1]}/${api[2]}` : `${(lfs ?? file)?.[1] ? "datasets" : "models"}/${(lfs ?? file)?.[2]}`;
    const repo = repos.get(name);
    if (!repo || (repo.private && !authorized)) {
      return json(authorized ? 404 : 401, { error: "Repository not found" }, { "x-error-code": "RepoNotFound" });
    }
    if (repo.gated && !authorized && (file || writing)) {
      return json(request.headers.authorization ? 403 : 401, { error: `gated` }, { "x-error-code": "GatedRepo" });
    }
    if (lfs) return batch(exchange, json);
    if (file) return resolve(exchange, repo, file[3]!);
    if (api?.[3] === "revision") {
      const found = at(repo, api[4]!);
      return found
        ? json(200, {
            _id: "1",
            id: api[2],
            sha: found.sha,
            private: false,
            gated: repo.gated ?? false,
            lastModified: new Date(0),
          })
        : json(404, { error: "Invalid rev id" }, { "x-error-code": "RevisionNotFound" });
    }
    if (api?.[3] === "tree") return tree(exchange, repo, api[4]!, json);
    if (api?.[3] === "paths-info") {
      const { paths } = JSON.parse(exchange.body.toString()) as { paths: string[] };
      return json(
        200,
        entries(at(repo, api[4]!)!.files).filter(({ path: each }) => paths.includes(each)),
      );
    }
    if (api?.[3] === "preupload") {
      const { files } = JSON.parse(exchange.body.toString()) as { files: { path: string; size: number }[] };
      return json(200, {
        files: files.map(({ path: each, size }) => ({ path: each, uploadMode: size >= largeFrom ? "lfs" : "regular" })),
      });
    }
    if (api?.[3] === "commit") return accept(exchange, name, json);
    return json(404, { error: `no route ${path}` });
  });

  const storage = await listen("storage", (exchange) => {
    const { request, response, path, body } = exchange;
    const [, verb, oid, part] = path.split("/") as [string, string, string, string | undefined];
    if (request.method === "GET") {
      const data = objects.get(oid);
      return data ? sendBytes(exchange, data, { etag: '"storage-tag"' }) : send(response, 404, {}, "no such object");
    }
    if (verb === "part") {
      parts.set(oid, (parts.get(oid) ?? new Map<number, Buffer>()).set(Number(part), body));
      return send(response, 200, { etag: `"${sha256(body)}"` }, "");
    }
    const whole =
      verb === "complete"
        ? Buffer.concat([...parts.get(oid)!].sort(([a], [b]) => a - b).map(([, data]) => data))
        : body;
    if (sha256(whole) !== oid) return send(response, 400, {}, "wrong digest");
    objects.set(oid, whole);
    send(response, 200, {}, "");
  });

  const address = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [url, storageUrl] = [address(hub), address(storage)];

  function at(repo: Repo, revision: string): Repo["commits"][number] | undefined {
    if (revision === "main" || revision === "HEAD") return repo.commits.at(-1);
    return repo.commits.find(({ sha }) => sha === revision);
  }

  function entries(files: ReadonlyMap<string, Buffer>): { readonly path: string }[] {
    return [...files].sort().map(([path, data]) => ({
      ...{ type: "file", path, size: data.length, oid: gitOid(data) },
      ...(isLarge(data) && { lfs: { oid: sha256(data), size: data.length, pointerSize: 134 } }),
    }));
  }

  function tree({ query }: Exchange, repo: Repo, revision: string, json: Json): unknown {
    const found = at(repo, revision);
    if (!found) return json(404, { error: "no revision" });
    const all = entries(found.files);
    const from = Number(query.get("cursor") ?? 0);
    const next = `${url}/api/${keyOf(repo)}/tree/${revision}?recursive=true&expand=false&cursor=${from + 2}`;
    return json(200, all.slice(from, from + 2), from + 2 < all.length ? { link: `<${next}>; rel="next"` } : {});
  }

  function keyOf(repo: Repo): string {
    return [...repos].find(([, each]) => each === repo)![0];
  }

  function resolve(exchange: Exchange, repo: Repo, rest: string): unknown {
    const { request, response } = exchange;
    const slash = rest.indexOf("/");
    const found = at(repo, rest.slice(0, slash));
    const data = found?.files.get(rest.slice(slash + 1));
    if (!found || !data)
      return send(response, 404, { "x-error-code": found ? "EntryNotFound" : "RevisionNotFound" }, "");
    const commit = { "x-repo-commit": found.sha };
    if (!isLarge(data)) return sendBytes(exchange, data, { ...commit, etag: `"${gitOid(data)}"` });
    const oid = sha256(data);
    const linked = { ...commit, "x-linked-size": String(data.length), "x-linked-etag": `"${oid}"` };
    objects.set(oid, data);
    if (xet && request.headers.accept?.includes("xet-fileinfo")) {
      const link = `<${url}/xet-auth>; rel="xet-auth", <${url}/xet>; rel="xet-reconstruction-info"`;
      const headers = { ...linked, "content-type": "application/vnd.xet-fileinfo+json", "x-xet-hash": oid, link };
      return send(response, 200, headers, "{}");
    }
    send(response, 302, { ...linked, location: `${storageUrl}/object/${oid}` }, "");
  }

  function create({ body }: Exchange, json: Json): unknown {
    const { name, organization, type, visibility } = JSON.parse(body.toString()) as Record<string, string>;
    const key = `${type ?? "model"}s/${organization}/${name}`;
    if (repos.has(key)) return json(409, { error: "You already created this repo" });
    repos.set(key, { private: visibility === "private", commits: [] });
    commit(key, { ".gitattributes": "*.safetensors filter=lfs\n" });
    return json(200, { url: `${url}/${key}`, id: "1" });
  }

  function batch({ body }: Exchange, json: Json): unknown {
    const { objects: wanted } = JSON.parse(body.toString()) as { objects: { oid: string; size: number }[] };
    return json(200, {
      transfer: "basic",
      objects: wanted.map(({ oid, size }) => {
        if (objects.has(oid)) return { oid, size };
        if (partSize === undefined) return { oid, size, actions: { upload: { href: `${storageUrl}/upload/${oid}` } } };
        const numbers = Array.from({ length: Math.ceil(size / partSize) }, (_, i) => i + 1);
        const header = Object.fromEntries(
          numbers.map((n) => [String(n).padStart(5, "0"), `${storageUrl}/part/${oid}/${n}`]),
        );
        return {
          ...{ oid, size },
          actions: {
            upload: { href: `${storageUrl}/complete/${oid}`, header: { chunk_size: String(partSize), ...header } },
          },
        };
      }),
    });
  }

  function accept({ body }: Exchange, name: string, json: Json): unknown {
    const lines = body
      .toString()
      .split("\n")
      .map((line) => JSON.parse(line) as { key: string; value: Record<string, string> });
    const files: Record<string, Buffer> = {};
    for (const { key, value } of lines) {
      if (key === "file") files[value.path!] = Buffer.from(value.content!, "base64");
      if (key !== "lfsFile") continue;
      const object = objects.get(value.oid!);
      if (!object) return json(400, { error: `no LFS object ${value.oid}` });
      files[value.path!] = object;
    }
    const sha = commit(name, files, {}, lines[0]!.value.summary);
    return json(200, { commitOid: sha, commitUrl: `${url}/${name}/commit/${sha}`, hookOutput: "" });
  }

  function commit(
    key: string,
    files: Readonly<Record<string, Buffer | string>>,
    more: Omit<Repo, "commits"> = {},
    title = "commit",
  ): string {
    const repo = repos.get(key) ?? { ...more, commits: [] };
    repos.set(key, repo);
    const all = new Map(repo.commits.at(-1)?.files ?? []);
    for (const [path, data] of Object.entries(files)) all.set(path, Buffer.from(data));
    const sha = createHash("sha1").update(`${key}${repo.commits.length}`).digest("hex");
    repo.commits.push({ sha, files: all, title });
    return sha;
  }

  return {
    ...{ url, storageUrl, repos, objects, seen },
    order: (match, ...faults) => void orders.push({ match, faults: [...faults] }),
    commit: (repo, files, more) => commit(repo, files, more),
    close: async () => {
      for (const server of [hub, storage]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

type Json = (status: number, value: unknown, headers?: Record<string, string>) => unknown;

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  response.writeHead(status, headers);
  response.end(body);
}

/** Bytes, or a range of them, with the fault that was ordered. */
function sendBytes({ request, response, fault }: Exchange, data: Buffer, headers: Record<string, string>): unknown {
  const range = fault?.kind === "no-range" ? undefined : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const [from, to] = range ? [Number(range[1]), range[2] ? Number(range[2]) + 1 : data.length] : [0, data.length];
  if (from >= data.length && data.length > 0) return send(response, 416, {}, "");
  let body = Buffer.from(data.subarray(from, Math.min(to, data.length)));
  if (fault?.kind === "wrong-bytes") body[body.length >> 1]! ^= 1;
  if (fault?.kind === "short") body = body.subarray(0, body.length - fault.by);
  response.writeHead(range ? 206 : 200, {
    ...headers,
    "content-length": body.length,
    ...(range && { "content-range": `bytes ${from}-${from + body.length - 1}/${data.length}` }),
  });
  if (fault?.kind !== "cut" && fault?.kind !== "stall") return void response.end(body);
  response.write(body.subarray(0, fault.after), () => {
    if (fault.kind === "cut") setTimeout(() => response.destroy(), 20);
  });
}
