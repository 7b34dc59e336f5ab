"""Runs one step in its folder."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from ilr_trainer.context import StepContext
from ilr_trainer.errors import TrainerError
from ilr_trainer.events import Events
from ilr_trainer.resources import read_resources
from ilr_trainer.step import read_step


def run_step(folder: Path, events: Events, *, only_reference: bool = False) -> None:
    """Reads `step.json` and `inputs/`, leaves every declared output in `outputs/`. Equal steps give equal bytes.

    With `only_reference`, a dpo step computes the reference's log-probabilities and ends (see `launch`).

    Raises TrainerError.
    """
    step, resources = read_step(folder), read_resources(folder)
    for name in step.inputs:
        if not (folder / "inputs" / name).exists():
            hint = "the step's inputs were not put in place"
            raise TrainerError("input-missing", f"cannot read input {name}", hint)
    reads_only = step.verb in ("sample", "score") or only_reference
    limit_gpus(resources.gpus if reads_only else 1)
    seed_everything(step.seed)
    context: StepContext[Any] = StepContext(step.params, step.seed, folder, resources, events)
    if only_reference:
        from ilr_trainer.verbs.dpo import prepare_reference

        prepare_reference(context)
        return
    # Imported late: only a training verb needs TRL, and what needs nothing (check, a bad document) answers at once.
    verb = getattr(importlib.import_module(f"ilr_trainer.verbs.{step.verb}"), step.verb)
    verb(context)
    if int(os.environ.get("RANK", "0")) != 0:
        return  # The first process writes the outputs, perhaps still.
    for name, kind in step.outputs.items():
        path = folder / "outputs" / name
        if not (path.is_dir() if kind == "tree" else path.is_file()):
            raise TrainerError("internal", f'{step.verb} left no output "{name}"')


def limit_gpus(count: int) -> None:
    """Hides all GPUs but `count` from this process, before CUDA starts: transformers would train on all it sees.

    Processes of a launcher have one each already.
    """
    if "RANK" in os.environ:
        return
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    shown = visible.split(",") if visible is not None else [str(index) for index in range(max(1, count))]
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(shown[: max(1, count)])


def seed_everything(seed: int) -> None:
    """Seeds torch and asks for deterministic kernels; where a GPU has none, it warns on stderr and goes on."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch
    from transformers import set_seed

    set_seed(seed % 2**32)
    torch.use_deterministic_algorithms(True, warn_only=True)
