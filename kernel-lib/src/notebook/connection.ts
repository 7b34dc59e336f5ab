import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { temporaryFolder } from "../store/index.js";

/** A Jupyter connection file. */
export interface Connection {
  readonly transport: "ipc" | "tcp";
  readonly ip: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly control_port: number;
  readonly stdin_port: number;
  readonly hb_port: number;
  readonly key: string;
  readonly signature_scheme: "hmac-sha256";
}

/** A connection file on disk, with what it holds. */
export interface OpenConnection {
  readonly info: Connection;
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Writes a connection file into a folder that only its owner may read.
 *
 * Unix sockets in that folder, where there are any: no port to run into, and nothing that another user can reach.
 */
export async function openConnection(
  transport: Connection["transport"] = process.platform === "win32" ? "tcp" : "ipc",
): Promise<OpenConnection> {
  const { path: folder, remove } = await temporaryFolder("kernel");
  const ports = transport === "ipc" ? [1, 2, 3, 4, 5] : await freePorts(5);
  const info: Connection = {
    transport,
    ip: transport === "ipc" ? join(folder, "k") : "127.0.0.1",
    shell_port: ports[0]!,
    iopub_port: ports[1]!,
    control_port: ports[2]!,
    stdin_port: ports[3]!,
    hb_port: ports[4]!,
    key: randomBytes(32).toString("hex"),
    signature_scheme: "hmac-sha256",
  };
  const path = join(folder, "connection.json");
  await writeFile(path, JSON.stringify(info), { mode: 0o600 });
  return { info, path, remove };
}

/** zeromq's address of a port, in tslab's spelling, which is the same for both transports. */
export function addressOf(info: Connection, port: number): string {
  return `${info.transport}://${info.ip}:${port}`;
}

/** All are held before the first is let go, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listenAnywhere(): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}
