"""Talks to our kernel as Jupyter's clients do, and tells what came back. Input: a scenario; output: its facts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty

import psutil
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

KERNEL = "ilr-lab-typescript"
LIMIT = 20.0
Facts = dict[str, object]


@contextmanager
def kernel() -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    """A kernel started from the installed kernelspec; whatever happens, it is gone afterwards."""
    manager = KernelManager(kernel_name=KERNEL)
    manager.start_kernel(stdout=subprocess.DEVNULL)  # ours is for the facts alone
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)


def execute(client: BlockingKernelClient, code: str, **options: object) -> Facts:
    """Executes a cell: the reply's status and count, what was printed, and the error if there was one."""
    printed: list[str] = []
    error: list[str] = []

    def on_output(message: dict) -> None:
        content = message["content"]
        if message["msg_type"] == "stream":
            printed.append(content["text"])
        elif message["msg_type"] == "error":
            error.append(f"{content['ename']}: {content['evalue']}")

    reply = client.execute_interactive(code, timeout=LIMIT, output_hook=on_output, **options)["content"]
    return {
        "status": reply["status"],
        "count": reply.get("execution_count"),
        "printed": "".join(printed),
        "error": error[0] if error else None,
    }


def wait_for_text(client: BlockingKernelClient, text: str) -> None:
    """Waits until a cell has printed the text."""
    while text not in client.get_iopub_msg(timeout=LIMIT)["content"].get("text", ""):
        pass


def answer(client: BlockingKernelClient, request: str) -> object:
    """The content of the reply to a request, with the states published for it; None where no reply comes."""
    states: list[str] = []
    try:
        while (reply := client.get_shell_msg(timeout=5))["parent_header"].get("msg_id") != request:
            pass
        while states[-1:] != ["idle"]:
            message = client.get_iopub_msg(timeout=5)
            if message["parent_header"].get("msg_id") == request and message["msg_type"] == "status":
                states.append(message["content"]["execution_state"])
    except Empty:
        return None
    return {**reply["content"], "states": states}


def stray_text(client: BlockingKernelClient) -> str:
    """What is printed in a moment in which no cell runs."""
    printed: list[str] = []
    try:
        while True:
            printed.append(client.get_iopub_msg(timeout=0.5)["content"].get("text", ""))
    except Empty:
        return "".join(printed)


def questions() -> Facts:
    """Everything a front end asks besides execution."""
    with kernel() as (_, client):
        executed = execute(
            client, "const accuracy = 0.5;\nfunction refine(rounds: number): string { return `${rounds}`; }"
        )
        facts: Facts = {
            "info": answer(client, client.kernel_info()),
            "executed": executed,
            "complete": answer(client, client.complete("accur")),
            "completeMember": answer(client, client.complete("const x = accuracy.toF", 22)),
            "completeNothing": answer(client, client.complete("zzzz_qqqq")),
            "inspect": answer(client, client.inspect("refine(1)", 3)),
            "inspectNothing": answer(client, client.inspect("   ", 1)),
            "isComplete": [
                answer(client, client.is_complete(code)) for code in ("1 + 1", "function f() {", "let q = (;", "")
            ],
            "comms": answer(client, client.comm_info()),
            "history": answer(client, client.history(hist_access_type="tail", n=10)),
        }
        facts["stdin"] = execute(client, 'import { readFileSync } from "node:fs";\nreadFileSync(0, "utf8").length')
        for channel in (client.shell_channel, client.control_channel):
            channel.send(client.session.msg("no_such_request", {}))
        facts["stray"] = stray_text(client)
        facts["silent"] = execute(client, "1", silent=True)
        facts["afterwards"] = execute(client, "refine(accuracy)")
        facts["beating"] = client.hb_channel.is_beating()
        return facts


INTERRUPTED = {
    "await": "await new Promise(() => {});",
    "loop": "while (true) {}",
    "loopAfterAwait": "await new Promise((resolve) => setTimeout(resolve, 20));\nwhile (true) {}",
    "loopInTimer": "setTimeout(() => { while (true) {} }, 20);\nawait new Promise(() => {});",
}


# The second line shows the first at once, even if nothing else runs any more.
STARTED = """
console.log("starting");
for (const now = Date.now(); Date.now() - now < 100; );
console.log("started");
"""


def interrupts() -> Facts:
    """Interrupts of cells that would never end; then, each time, a variable of an earlier cell."""
    facts: Facts = {}
    with kernel() as (manager, client):
        execute(client, "let kept = 41;")
        for name, code in INTERRUPTED.items():
            client.execute(STARTED + code)
            wait_for_text(client, "started")
            time.sleep(0.2)
            begun = time.monotonic()
            manager.interrupt_kernel()
            try:
                reply = client.get_shell_msg(timeout=LIMIT)["content"]
            except Empty:
                facts[name] = None
                return facts
            seconds = time.monotonic() - begun
            facts[name] = {
                "status": reply["status"],
                "error": f"{reply.get('ename')}: {reply.get('evalue')}",
                "seconds": seconds,
                "next": execute(client, "kept += 1; kept"),
            }
        manager.interrupt_kernel()
        facts["whenIdle"] = {"next": execute(client, "kept += 1; kept")}
    return facts


CHILD = """
import { spawn } from "node:child_process";
const child = spawn("sleep", ["600"], { stdio: "ignore" });
console.log(child.pid);
"""


def shutdown_during(code: str) -> Facts:
    """A polite shutdown while a cell runs that has a child process."""
    with kernel() as (manager, client):
        child = int(str(execute(client, CHILD)["printed"]))
        process = psutil.Process(manager.provisioner.process.pid)
        family = [process, *process.children(recursive=True)]
        if code:
            client.execute(STARTED + code)
            wait_for_text(client, "started")
            time.sleep(0.2)
        begun = time.monotonic()
        manager.shutdown_kernel()
        seconds = time.monotonic() - begun
        left = psutil.wait_procs(family, timeout=2)[1]
        facts: Facts = {
            "seconds": seconds,
            "childWasThere": child in [member.pid for member in family],
            "left": [" ".join(member.cmdline()) for member in left],
        }
        for member in left:
            member.kill()
        return facts


def shutdowns() -> Facts:
    """Shutdowns of a kernel that is idle, waits, or cannot listen."""
    return {
        "idle": shutdown_during(""),
        "await": shutdown_during(INTERRUPTED["await"]),
        "loopAfterAwait": shutdown_during(INTERRUPTED["loopAfterAwait"]),
    }


def restarts() -> Facts:
    """A restart, the kernel's death, and a start after it."""
    with kernel() as (manager, client):
        execute(client, "const kept = 1;")
        before = manager.provisioner.process.pid
        manager.restart_kernel()
        client.wait_for_ready(timeout=60)
        restarted = execute(client, "typeof kept")
        facts: Facts = {"restarted": restarted, "sameProcess": before == manager.provisioner.process.pid}
        client.execute('process.kill(process.pid, "SIGKILL");')
        begun = time.monotonic()
        while manager.is_alive() and time.monotonic() - begun < 10:
            time.sleep(0.05)
        facts["alive"] = manager.is_alive()
        facts["noticedAfter"] = time.monotonic() - begun
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
        facts["again"] = execute(client, "1 + 1")
        return facts


def orphan() -> Facts:
    """Leaves a busy kernel behind: its client is killed. The kernel's process id has been printed by then."""
    with kernel() as (manager, client):
        client.execute(STARTED + INTERRUPTED["loop"])
        wait_for_text(client, "started")
        print(json.dumps({"pid": manager.provisioner.process.pid}), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    return {}


SCENARIOS: dict[str, Callable[[], Facts]] = {
    "questions": questions,
    "interrupts": interrupts,
    "shutdowns": shutdowns,
    "restarts": restarts,
    "orphan": orphan,
}

if __name__ == "__main__":
    json.dump(SCENARIOS[json.load(sys.stdin)](), sys.stdout)
