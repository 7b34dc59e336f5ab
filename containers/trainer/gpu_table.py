"""What was measured on a GPU, and the table of it; for gpu_benchmark.py."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

PEAK_FLOPS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "RTX 4090": 165e12, "RTX 3090": 71e12}
"""Dense bfloat16 operations a second, by a part of the device's name (vendors' data sheets)."""
TARGETS = {"sft": "14,000 tokens/s and x3", "dpo": "9,000 tokens/s", "score": "x10"}
"""What the best setting should reach on an H100. SFT: NeMo AutoModel publishes 14,110 tokens/s for 4k packed."""


@dataclass(frozen=True)
class Measured:
    """One benchmark; None where it did not run or the device's peak is unknown."""

    verb: str
    setting: str
    tokens_per_second: float | None
    peak_memory_gib: float | None
    mfu: float | None
    problem: str | None = None
    losses: tuple[float, ...] = ()
    """Of the optimizer steps."""
    loss_gap: float | None = None
    """Largest difference of a step's loss from that of the verb's first setting: rounding, or something is wrong."""


def against_first(rows: Iterator[Measured]) -> Iterator[Measured]:
    """With `loss_gap`, and printed."""
    first: dict[str, Measured] = {}
    for row in rows:
        start = first.setdefault(row.verb, row)
        gaps = [abs(loss - other) for loss, other in zip(row.losses, start.losses, strict=False)]
        compared = replace(row, loss_gap=max(gaps)) if gaps else row
        print(line(compared), flush=True)
        yield compared


def free_memory() -> None:
    """Gives back what deleted models held, and counts the peak anew."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_memory() -> float | None:
    """GiB since `free_memory`."""
    return torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else None


def utilisation(speed: float, operations: float, name: str) -> float | None:
    """Share of the device's peak of dense bfloat16, of so many operations a token."""
    peak = next((flops for part, flops in PEAK_FLOPS.items() if part in name), None)
    return speed * operations / peak if peak else None


def line(row: Measured) -> str:
    """One line of the table."""
    if row.problem is not None:
        return f"{row.verb:6} {row.setting:48} {row.problem}"
    memory = "" if row.peak_memory_gib is None else f"{row.peak_memory_gib:6.1f} GiB"
    mfu = "" if row.mfu is None else f"{100 * row.mfu:5.1f} % MFU"
    gap = "" if row.loss_gap is None else f"losses within {row.loss_gap:.1e}"
    return f"{row.verb:6} {row.setting:48} {row.tokens_per_second:9.0f} tokens/s {memory} {mfu} {gap}".rstrip()


def print_table(name: str, rows: Sequence[Measured]) -> None:
    """All benchmarks, each beside the first of its verb."""
    if not rows:
        return
    print(f"\n{name}; every token that the model reads counts, in sampling every token that it writes")
    first: dict[str, Measured] = {}
    for row in rows:
        base = first.setdefault(row.verb, row).tokens_per_second
        faster = f"  x{row.tokens_per_second / base:.2f}" if base and row.tokens_per_second else ""
        print(line(row) + faster)
    for verb, target in TARGETS.items():
        print(f"target on an H100, {verb}: {target}")
