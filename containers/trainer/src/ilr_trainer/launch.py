"""Several GPUs: the step is started again by `accelerate launch`, one process a GPU, with FSDP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from ilr_trainer.errors import Cancelled, TrainerError
from ilr_trainer.events import Write
from ilr_trainer.resources import Resources, read_resources
from ilr_trainer.step import Step, read_step

GRACE = 5.0
"""Seconds that processes get to stop."""


def launch_if_needed(folder: Path, write: Write) -> bool:
    """Runs `sft` or `dpo` on `resources.gpus` > 1 GPUs in processes of its own.

    `sample` (vLLM's tensor parallelism) and `score` stay in one process, small models (`pretrain`, `evaluator`) on one GPU.
    Returns: False if this process is to run the step.
    """
    if "RANK" in os.environ:
        return False
    resources = read_resources(folder)
    if resources.gpus <= 1:
        return False
    step = read_step(folder)
    if step.verb not in ("sft", "dpo"):
        return False
    for command in launch_commands(step, resources, folder):
        _relay(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True), write)
    return True


def launch_commands(step: Step, resources: Resources, folder: Path) -> list[list[str]]:
    """The command lines, one after another. FSDP shards weights, gradients and moments; each decoder layer is a unit."""
    own = ["-m", "ilr_trainer", "run", str(folder)]
    reference = [[sys.executable, *own, "--only-reference"]] if step.verb == "dpo" else []
    precision = "bf16" if step.params.precision == "bfloat16" else "no"
    training = [
        *(sys.executable, "-m", "accelerate.commands.launch"),
        *("--num_machines", "1", "--num_processes", str(resources.gpus), "--mixed_precision", precision),
        *("--dynamo_backend", "no", "--main_process_port", "0"),
        *("--use_fsdp", "--fsdp_version", "2", "--fsdp_auto_wrap_policy", "TRANSFORMER_BASED_WRAP"),
        # Only the first process reads the weights; the others get their shards from it.
        *("--fsdp_cpu_ram_efficient_loading", "true", "--fsdp_sync_module_states", "true"),
        *("--fsdp_reshard_after_forward", "true", "--fsdp_state_dict_type", "FULL_STATE_DICT"),
        *("--fsdp_activation_checkpointing", str(resources.gradient_checkpointing).lower()),
        *own,
    ]
    return [*reference, training]


def _relay(process: subprocess.Popen[str], write: Write) -> None:
    """Passes events on; of the processes' errors, the first that is no consequence of another is the step's."""
    errors: list[dict[str, Any]] = []
    try:
        for line in process.stdout or ():
            event = _event(line)
            if event is None:
                sys.stderr.write(line)
            elif event["type"] == "error":
                errors.append(event)
            else:
                write(line.rstrip("\n"))
        status = process.wait()
    except Cancelled:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            # The launcher's processes with it.
            os.killpg(process.pid, signal.SIGKILL)
        raise
    if status != 0:
        # Where one process fails, the launcher stops the others, which then call themselves cancelled.
        own = [error for error in errors if error["code"] != "cancelled"]
        if own:
            raise TrainerError(own[0]["code"], own[0]["message"], own[0].get("hint"))
        raise TrainerError("step-failed", f"the GPU processes ended with status {status}", "see the log of the step")


def _event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "type" in event else None
