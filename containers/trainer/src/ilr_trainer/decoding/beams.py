"""Beam search as vLLM 0.5 did it, which is what the paper's code decodes with at T = 0 (fidelity flag F5).

With `use_beam_search`, `best_of = width`, length penalty 1 and `early_stopping = False`:

- Each step takes the 2 * width continuations with the largest summed log-probability, over all beams (in the first step
  there is one beam). Those that end with EOS are finished; the width best others are the next beams.
- A finished answer's score is its summed log-probability, EOS included, over the number of tokens of prompt and answer,
  EOS not counted. The width best finished answers are kept.
- The search stops when width answers are finished and the worst of them scores at least as much as the best of the next
  beams does now. At the limit every continuation counts as finished (EOS-less ones by their full length).
- The answer is the best finished one; of equals, the one found first.

vLLM's present search and transformers' have other rules; so the search is written out here, and both engines only
say what the likeliest next tokens are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ilr_trainer.decoding.answers import Answer, Question


@dataclass(frozen=True)
class Continuation:
    """A beam continued by a token; `logprob` is summed over the whole answer, in nats."""

    parent: int
    token: int
    logprob: float


@dataclass(frozen=True)
class _Finished:
    answer: Answer
    score: float


@dataclass
class BeamSearch:
    """The search for one question."""

    question: Question
    width: int
    eos: int
    beams: list[list[int]] = field(default_factory=lambda: [[]])
    totals: list[float] = field(default_factory=lambda: [0.0])
    written: int = 0
    done: bool = False
    _finished: list[_Finished] = field(default_factory=list)

    def step(self, continuations: Sequence[Continuation]) -> list[int]:
        """Takes the 2 * width best continuations, best first. Returns: the beam that each next beam continues."""
        self.written += 1
        at_limit = self.written >= self.question.limit
        parents: list[int] = []
        beams: list[list[int]] = []
        totals: list[float] = []
        for found in continuations:
            before = self.beams[found.parent]
            ends = found.token == self.eos
            if ends or at_limit:
                tokens = before if ends else [*before, found.token]
                score = found.logprob / (len(self.question.prompt) + len(tokens))
                self._finished.append(_Finished(Answer(tokens, found.logprob, ends), score))
            elif len(beams) < self.width:
                parents.append(found.parent)
                beams.append([*before, found.token])
                totals.append(found.logprob)
        # Sorting is stable: of equals, the one found first stays in front.
        self._finished = sorted(self._finished, key=lambda hypothesis: -hypothesis.score)[: self.width]
        self.beams, self.totals = beams, totals
        self.done = at_limit or not beams or self._none_can_improve()
        return parents

    def answer(self) -> Answer:
        """The best answer, once `done`."""
        return self._finished[0].answer

    def _none_can_improve(self) -> bool:
        if len(self._finished) < self.width:
            return False
        best_running = self.totals[0] / (len(self.question.prompt) + self.written)
        return self._finished[-1].score >= best_running
