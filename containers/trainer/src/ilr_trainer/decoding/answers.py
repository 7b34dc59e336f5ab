"""What every way of decoding takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ilr_trainer.params import Decoding


@dataclass(frozen=True)
class Question:
    """A prompt as token ids; `id` seeds its samples. `limit` is the largest number of answer tokens, EOS included."""

    id: str
    prompt: list[int]
    limit: int


@dataclass(frozen=True)
class Answer:
    """Token ids without EOS, and their log-probability at temperature 1 in nats (EOS included when `finished`)."""

    tokens: list[int]
    logprob: float
    finished: bool


class Engine(Protocol):
    """A model that answers."""

    def answers(
        self, questions: Sequence[Question], decoding: Decoding, seed: int, report: Callable[[int], object]
    ) -> list[list[Answer]]:
        """Answers of each question, in its samples' order. `report` is told how many answers are done."""
        ...
