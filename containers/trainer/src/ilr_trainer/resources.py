"""How a step may use the machine: `resources.json`, which is no part of the step's identity."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ilr_trainer.fields import Fields, invalid, is_boolean, is_count, is_whole


@dataclass(frozen=True)
class Resources:
    """How a step may use the machine; no part of its identity, and no influence on what it computes beyond rounding."""

    gpus: int = 1
    micro_batch: int | None = None
    gradient_checkpointing: bool = False
    engine: Literal["auto", "vllm", "transformers"] = "auto"
    padding_free: bool = False


def read_resources(folder: Path) -> Resources:
    """`resources.json` of a step's folder, or the defaults. Raises `step-invalid`."""
    file = folder / "resources.json"
    if not file.exists():
        return Resources()
    try:
        fields = Fields(json.loads(file.read_text("utf-8")), "resources")
    except ValueError as cause:
        raise invalid(f"resources.json is not JSON: {cause}") from cause
    micro_batch = fields.take("microBatch", is_count, None)
    resources = Resources(
        gpus=int(fields.take("gpus", is_whole, 1)),
        micro_batch=None if micro_batch is None else int(micro_batch),
        gradient_checkpointing=bool(fields.take("gradientCheckpointing", is_boolean, False)),
        engine=fields.one_of("engine", ("auto", "vllm", "transformers"), "auto"),
        padding_free=bool(fields.take("paddingFree", is_boolean, False)),
    )
    fields.done()
    return resources
