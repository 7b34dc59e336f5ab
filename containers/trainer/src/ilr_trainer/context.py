"""What a verb gets: its parameters, where its inputs lie and its outputs go, and the line to whoever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ilr_trainer.events import Events
from ilr_trainer.resources import Resources

P = TypeVar("P")


@dataclass(frozen=True)
class StepContext(Generic[P]):
    """One step in its folder."""

    params: P
    seed: int
    folder: Path
    resources: Resources
    events: Events

    def input(self, name: str) -> Path:
        """Path of an input."""
        return self.folder / "inputs" / name

    @property
    def outputs(self) -> Path:
        """The folder of the outputs."""
        return self.folder / "outputs"
