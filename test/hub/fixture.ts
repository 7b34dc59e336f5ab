/**
 * What the tests of the Hub share: a server that is closed after the test, and a Hub that does not wait between tries.
 */
import { afterEach } from "vitest";
import { LabError } from "../../kernel-lib/src/core/index.js";
import { type Hub, type HubOptions, openHub } from "../../kernel-lib/src/hub/index.js";
import { type HubServer, type HubServerOptions, startHub } from "./hub-server.js";

const servers: HubServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

export async function hubServer(options: HubServerOptions = {}): Promise<HubServer> {
  const server = await startHub(options);
  servers.push(server);
  return server;
}

/**
 * A Hub at the server, without the environment of whoever runs the tests; `pauses` are the waits it would have made, in
 * ms.
 */
export function hubAt(
  server: HubServer,
  { token, ...options }: HubOptions & { token?: string } = {},
): Hub & { readonly pauses: number[]; readonly lines: string[] } {
  const pauses: number[] = [];
  const lines: string[] = [];
  const hub = openHub({
    endpoint: server.url,
    env: token === undefined ? {} : { HF_TOKEN: token },
    pause: async (ms) => void pauses.push(ms),
    onRetry: (line) => lines.push(line),
    patienceMs: 5000,
    ...options,
  });
  return { ...hub, pauses, lines };
}

/** The LabError that some work ends with. */
export async function failureOf(work: Promise<unknown>): Promise<LabError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error instanceof LabError) return error;
  throw new Error(`expected a LabError, got ${error instanceof Error ? error.stack : String(error)}`);
}

/** Bytes that look like nothing in particular, the same every time. */
export function someBytes(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 17 + (i >> 16)) & 255));
}
