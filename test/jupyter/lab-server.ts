import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { type JupyterHome, python } from "./support.js";

/** A running JupyterLab that serves the home's notebooks on the loopback interface. */
export interface LabServer {
  /** Address of a notebook in the full interface, with the token. */
  address(notebook: string): string;
  /** Ends the server and its kernels. */
  close(): Promise<void>;
}

/** Settings of a person who has been here before: no news, no update checks; every cell is drawn, so that tests can see it. */
const settings = {
  "apputils-extension/notification": { fetchNews: "false", checkForUpdates: false, doNotDisturbMode: true },
  "notebook-extension/tracker": { windowingMode: "none" },
};

export async function startLab(home: JupyterHome, env: NodeJS.ProcessEnv): Promise<LabServer> {
  for (const [name, value] of Object.entries(settings)) {
    const file = join(env.JUPYTERLAB_SETTINGS_DIR!, "@jupyterlab", `${name}.jupyterlab-settings`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(value));
  }
  const port = await freePort();
  const token = randomUUID();
  const options = [
    ...[
      "--no-browser",
      "--allow-root",
      "--ServerApp.ip=127.0.0.1",
      `--ServerApp.port=${port}`,
      "--ServerApp.port_retries=0",
    ],
    ...[
      `--IdentityProvider.token=${token}`,
      `--ServerApp.root_dir=${home.notebooks}`,
      "--ServerApp.terminals_enabled=False",
    ],
    ...["--LabApp.extension_manager=readonly", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
  ];
  const server = spawn(python, ["-m", "jupyterlab", ...options], {
    cwd: home.notebooks,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [server.stdout, server.stderr])
    stream.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-10_000);
    });
  const endWithUs = (): void => void server.kill("SIGTERM");
  process.once("exit", endWithUs);
  try {
    await answers(server, `http://127.0.0.1:${port}/api/status?token=${token}`);
  } catch (error) {
    server.kill("SIGKILL");
    throw new Error(`JupyterLab did not start: ${(error as Error).message}\n${log}`);
  }
  return {
    address: (notebook) => `http://127.0.0.1:${port}/lab/tree/${notebook}?token=${token}&reset`,
    async close() {
      process.removeListener("exit", endWithUs);
      if (server.exitCode !== null) return;
      const ended = once(server, "exit");
      server.kill("SIGTERM"); // it shuts its kernels down
      const force = setTimeout(() => server.kill("SIGKILL"), 15_000);
      await ended;
      clearTimeout(force);
    },
  };
}

async function answers(server: ChildProcess, address: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    if (server.exitCode !== null) throw new Error(`it ended with exit code ${server.exitCode}`);
    const status = await fetch(address).then(
      ({ ok }) => ok,
      () => false,
    );
    if (status) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not answer within 60 s");
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
