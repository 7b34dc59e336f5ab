"""`ilr-trainer check`: what this trainer is, what this machine can do, and what is in the way."""

from __future__ import annotations

import importlib.util
from typing import Any

from ilr_trainer import CONTRACT, __version__
from ilr_trainer.identity import identity, versions

REQUIRED = ("torch", "transformers", "trl", "peft", "accelerate", "datasets")


def check() -> dict[str, Any]:
    """One JSON object; `problems` are what keeps steps from running, each with its remedy. Needs no other package.

    A GPU without vLLM is no problem: answers are then decoded by transformers, only slower.
    """
    problems = [
        {"problem": f"{name} is not installed", "remedy": "pip install ilr-trainer, or use the trainer's image"}
        for name in REQUIRED
        if importlib.util.find_spec(name) is None
    ]
    devices: list[dict[str, Any]] = []
    bf16 = False
    if importlib.util.find_spec("torch") is not None:
        try:
            devices, bf16 = _devices()
        except Exception as error:
            remedy = "reinstall torch for this machine's driver"
            problems.append({"problem": f"torch cannot be used: {error}", "remedy": remedy})
    vllm = bool(devices) and importlib.util.find_spec("vllm") is not None
    return {
        "package": "ilr-trainer",
        "version": __version__,
        "contract": CONTRACT,
        "identity": identity(),
        "versions": versions(),
        "devices": devices,
        "capabilities": {"bf16": bf16, "vllm": vllm},
        "problems": problems,
    }


def _devices() -> tuple[list[dict[str, Any]], bool]:
    """GPUs (memory in bytes), and whether they compute in bfloat16."""
    import torch

    if not torch.cuda.is_available():
        return [], False
    properties = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    devices = [{"name": found.name, "memory": found.total_memory} for found in properties]
    return devices, torch.cuda.is_bf16_supported(including_emulation=False)
