"""Decoding with transformers' forward pass and cache, in left-padded batches of similar lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from ilr_trainer.decoding.answers import Answer, Question
from ilr_trainer.decoding.beams import BeamSearch, Continuation
from ilr_trainer.params import Decoding
from ilr_trainer.seeded import SeededRandom

ROWS = 64
"""Rows continued at a time, if the step's resources do not say."""


class TransformersEngine:
    """Answers by a model on any device."""

    def __init__(self, model: Any, eos: int, rows: int | None = None) -> None:
        self._model, self._eos, self._rows = model.eval(), eos, rows or ROWS

    def answers(
        self, questions: Sequence[Question], decoding: Decoding, seed: int, report: Callable[[int], object]
    ) -> list[list[Answer]]:
        """Answers of each question, in its samples' order."""
        results: list[list[Answer]] = [[] for _ in questions]
        order = sorted(range(len(questions)), key=lambda index: (len(questions[index].prompt), index))
        rows = [(index, sample) for index in order for sample in range(decoding.samples)]
        at_once = max(1, self._rows // decoding.width)
        done = 0
        with torch.inference_mode():
            for start in range(0, len(rows), at_once):
                batch = rows[start : start + at_once]
                chosen = [questions[index] for index, _ in batch]
                if decoding.kind == "beam":
                    answers = self._beams(chosen, decoding.width)
                else:
                    streams = [SeededRandom("sample", seed, questions[index].id, sample) for index, sample in batch]
                    answers = self._independent(chosen, decoding, streams)
                for (index, _), answer in zip(batch, answers, strict=True):
                    results[index].append(answer)
                done += len(batch)
                report(done)
        return results

    def _independent(
        self, questions: Sequence[Question], decoding: Decoding, streams: Sequence[SeededRandom]
    ) -> list[Answer]:
        """Greedy answers, or draws: what is drawn depends on the seed, the question's id and the sample's number only."""
        reader = _Reader(self._model, [question.prompt for question in questions])
        logprobs = reader.read_prompts()
        tokens: list[list[int]] = [[] for _ in questions]
        sums = [0.0] * len(questions)
        finished = [False] * len(questions)
        running = list(range(len(questions)))
        while running:
            if decoding.kind == "greedy":
                chosen = logprobs.argmax(-1)
            else:
                uniform = [streams[row].below(2**23) / 2**23 for row in running]
                chosen = draw(logprobs, decoding.temperature, uniform)
            gained = logprobs.gather(1, chosen[:, None])[:, 0].tolist()
            kept: list[int] = []
            for place, (row, token) in enumerate(zip(running, chosen.tolist(), strict=True)):
                sums[row] += gained[place]
                finished[row] = token == self._eos
                if not finished[row]:
                    tokens[row].append(token)
                    if len(tokens[row]) < questions[row].limit:
                        kept.append(place)
            if not kept:
                break
            running = [running[place] for place in kept]
            logprobs = reader.read(chosen[torch.tensor(kept, device=chosen.device)], kept)
        return [Answer(*answer) for answer in zip(tokens, sums, finished, strict=True)]

    def _beams(self, questions: Sequence[Question], width: int) -> list[Answer]:
        searches = [BeamSearch(question, width, self._eos) for question in questions]
        reader = _Reader(self._model, [question.prompt for question in questions])
        logprobs = reader.read_prompts()
        running = searches
        while running:
            # Rows of the cache that go on, in the order of the next step's beams.
            rows: list[int] = []
            start = 0
            for search, continuations in list(zip(running, _best(logprobs, running, width), strict=True)):
                beams = len(search.beams)
                parents = search.step(continuations)
                if not search.done:
                    rows += [start + parent for parent in parents]
                start += beams
            running = [search for search in running if not search.done]
            if running:
                last = [beam[-1] for search in running for beam in search.beams]
                logprobs = reader.read(torch.tensor(last, device=logprobs.device), rows)
        return [search.answer() for search in searches]


def draw(logprobs: Tensor, temperature: float, uniform: Sequence[float]) -> Tensor:
    """Tokens [n] drawn from softmax(logprobs / temperature) [n, vocabulary] by inverting its distribution function.

    The first token whose cumulative probability is above the row's uniform number, a multiple of 2^-23 in [0, 1): then
    uniform * total < total holds in float32 too, and a token of probability 0 is never drawn.
    """
    distribution = (logprobs / temperature).softmax(-1).cumsum(-1)
    level = torch.tensor(uniform, device=logprobs.device)[:, None] * distribution[:, -1:]
    return (distribution <= level).sum(-1)


def _best(logprobs: Tensor, searches: Sequence[BeamSearch], width: int) -> Iterator[list[Continuation]]:
    """The 2 * width likeliest continuations of each search, best first. Log-probabilities [beams of all, vocabulary]."""
    vocabulary = logprobs.shape[-1]
    start = 0
    for search in searches:
        beams = len(search.beams)
        totals = torch.tensor(search.totals, device=logprobs.device)
        sums = (logprobs[start : start + beams] + totals[:, None]).flatten()
        values, places = sums.topk(min(2 * width, len(sums)))
        yield [
            Continuation(place // vocabulary, place % vocabulary, value)
            for value, place in zip(values.tolist(), places.tolist(), strict=True)
        ]
        start += beams


class _Reader:
    """Prompts read once, then one token a row at a time, with the cache of keys and values."""

    def __init__(self, model: Any, prompts: Sequence[list[int]]) -> None:
        self._model = model
        self._prompts = prompts
        self._cache = DynamicCache(config=model.config)
        longest = max(map(len, prompts))
        device = next(model.parameters()).device
        self._mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=device)

    def read_prompts(self) -> Tensor:
        """Log-probabilities of the first answer token, float32 [rows, vocabulary]."""
        longest = self._mask.shape[1]
        ids = torch.tensor([[0] * (longest - len(p)) + p for p in self._prompts], device=self._mask.device)
        return self._forward(ids, (self._mask.cumsum(-1) - 1).clamp(min=0))

    def read(self, tokens: Tensor, rows: Sequence[int]) -> Tensor:
        """Goes on with these rows of the last step (in this order, perhaps repeated), each reading its token [rows]."""
        index = torch.tensor(rows, device=self._mask.device)
        if len(rows) != len(self._mask) or rows != list(range(len(rows))):
            self._cache.batch_select_indices(index)
            self._mask = self._mask[index]
        self._mask = torch.cat([self._mask, torch.ones_like(self._mask[:, :1])], dim=1)
        return self._forward(tokens[:, None], self._mask.sum(-1, keepdim=True) - 1)

    def _forward(self, ids: Tensor, positions: Tensor) -> Tensor:
        output = self._model(
            input_ids=ids,
            attention_mask=self._mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logprobs: Tensor = output.logits[:, -1].float().log_softmax(-1)
        return logprobs
