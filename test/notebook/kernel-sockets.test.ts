/** Who reaches a kernel whose channels are TCP ports: this machine only, and there those who have its key. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { addressOf, openConnection } from "../../kernel-lib/src/notebook/connection.js";
import { kernelArguments } from "../../kernel-lib/src/notebook/index.js";
import { decodeMessage, encodeRequest } from "../../kernel-lib/src/notebook/wire.js";
import { makeWorkspace, type Workspace } from "./fixture.js";

let workspace: Workspace;
beforeAll(async () => {
  workspace = await makeWorkspace();
});
afterAll(() => workspace?.remove());

it.skipIf(!existsSync("/proc/net/tcp"))(
  "a kernel over TCP listens on 127.0.0.1, and does nothing for those without its key",
  async () => {
    const { Dealer } = await import("zeromq");
    const { info, path, remove } = await openConnection("tcp");
    const env = { ...process.env, ILR_KERNEL_PARENT: String(process.pid) };
    const child = spawn(process.execPath, kernelArguments(path), { cwd: workspace.folder, env, stdio: "ignore" });
    const shell = new Dealer({ linger: 0, receiveTimeout: 30_000 });
    const control = new Dealer({ linger: 0, receiveTimeout: 30_000 });
    try {
      shell.connect(addressOf(info, info.shell_port));
      control.connect(addressOf(info, info.control_port));
      const left = join(workspace.folder, "left-by");
      const execute = (key: string, who: string): (Buffer | string)[] => {
        const code = `require("node:fs").appendFileSync(${JSON.stringify(left)}, "${who} ");`;
        return encodeRequest(key, "execute_request", who, { code, silent: false, store_history: false });
      };
      const strangers = ["", "0".repeat(64), `${info.key} `];
      for (const key of strangers) {
        await shell.send(execute(key, "stranger"));
        for (const type of ["shutdown_request", "interrupt_request"])
          await control.send(encodeRequest(key, type, "stranger", { restart: false }));
      }
      const unsigned = execute(info.key, "unsigned");
      await shell.send([unsigned[0]!, "", ...unsigned.slice(2)]);
      await shell.send(["no message"]);
      await shell.send(execute(info.key, "owner"));
      // Its requests are answered in their order: whatever was taken of the strangers' would come first.
      expect(decodeMessage(info.key, await shell.receive())).toMatchObject({
        type: "execute_reply",
        parentId: "owner",
      });
      expect(readFileSync(left, "utf8")).toBe("owner ");
      const ports = [info.shell_port, info.iopub_port, info.control_port, info.stdin_port, info.hb_port];
      const addresses = ports.map((port) => [...listening(port)]);
      expect(addresses).toEqual(ports.map(() => ["0100007F"]));
      await control.send(encodeRequest(info.key, "shutdown_request", "end", { restart: false }));
      await once(child, "exit");
    } finally {
      shell.close();
      control.close();
      child.kill("SIGKILL");
      await remove();
    }
  },
);

/** Addresses on which something listens on a TCP port, in the table's own hexadecimal: 0100007F is 127.0.0.1. */
function listening(port: number): readonly string[] {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].filter((path) => existsSync(path));
  const rows = tables.flatMap((path) => readFileSync(path, "utf8").trim().split("\n").slice(1));
  return rows.flatMap((row) => {
    const [, local = "", , state] = row.trim().split(/\s+/);
    const [address = "", at = ""] = local.split(":");
    return state === "0A" && Number.parseInt(at, 16) === port ? [address] : [];
  });
}
