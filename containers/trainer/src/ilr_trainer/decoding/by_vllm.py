"""Decoding with vLLM: the only module that knows it, imported only where a GPU and vLLM are.

Written against the documented API of vLLM 0.28 to 0.33: `LLM.generate` on token ids, `SamplingParams`, `LoRARequest`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ilr_trainer.decoding.answers import Answer, Question
from ilr_trainer.decoding.beams import BeamSearch, Continuation
from ilr_trainer.params import Decoding, Precision
from ilr_trainer.seeded import SeededRandom

CHUNK = 256
"""Requests between two progress events."""
LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks that vLLM makes room for."""


class VllmEngine:
    """Answers by vLLM; an adapter is served beside its base, not merged into it."""

    def __init__(
        self,
        folder: Path,
        *,
        adapter: Path | None,
        rank: int,
        eos: int,
        precision: Precision,
        gpus: int,
        seed: int,
        longest: int,
        width: int,
    ) -> None:
        from vllm import LLM

        self._eos = eos
        self._lora: Any = None
        more: dict[str, Any] = {}
        if adapter is not None:
            from vllm.lora.request import LoRARequest

            self._lora = LoRARequest("adapter", 1, str(adapter))
            more = {"enable_lora": True, "max_lora_rank": next(room for room in LORA_RANKS if room >= rank)}
        self._model = LLM(
            model=str(folder),
            # The prompts come as token ids.
            skip_tokenizer_init=True,
            # Nor do other EOS tokens of the model's own generation_config.json end an answer.
            generation_config="vllm",
            dtype=precision,
            seed=seed % 2**32,
            tensor_parallel_size=max(1, gpus),
            max_model_len=longest,
            enable_prefix_caching=True,
            # Log-probabilities at temperature 1, whatever the answers are drawn at.
            logprobs_mode="raw_logprobs",
            max_logprobs=max(20, 2 * width),
            disable_log_stats=True,
            **more,
        )

    def answers(
        self, questions: Sequence[Question], decoding: Decoding, seed: int, report: Callable[[int], object]
    ) -> list[list[Answer]]:
        """Answers of each question, in its samples' order."""
        if decoding.kind == "beam":
            return [[answer] for answer in self._beams(questions, decoding.width, report)]
        rows = [(question, sample) for question in questions for sample in range(decoding.samples)]
        answers: list[Answer] = []
        for start in range(0, len(rows), CHUNK):
            answers += self._independent(rows[start : start + CHUNK], decoding, seed)
            report(len(answers))
        return [answers[k : k + decoding.samples] for k in range(0, len(answers), decoding.samples)]

    def _independent(self, rows: Sequence[tuple[Question, int]], decoding: Decoding, seed: int) -> list[Answer]:
        from vllm import SamplingParams

        temperature = decoding.temperature if decoding.kind == "temperature" else 0.0
        params = [
            SamplingParams(
                temperature=temperature,
                # What is drawn depends on the seed, the question's id and the sample's number only.
                seed=SeededRandom("sample", seed, question.id, sample).bits() >> 1,
                max_tokens=question.limit,
                stop_token_ids=[self._eos],
                logprobs=0,
                detokenize=False,
            )
            for question, sample in rows
        ]
        outputs = self._generate([question.prompt for question, _ in rows], params)
        return [self._answer(output.outputs[0]) for output in outputs]

    def _answer(self, completion: Any) -> Answer:
        tokens = list(completion.token_ids)
        pairs = zip(tokens, completion.logprobs, strict=True)
        logprob = sum(found[token].logprob for token, found in pairs)
        finished = bool(tokens) and tokens[-1] == self._eos
        return Answer(tokens[:-1] if finished else tokens, float(logprob), finished)

    def _beams(self, questions: Sequence[Question], width: int, report: Callable[[int], object]) -> list[Answer]:
        """One token at a time for all beams of all questions; the prefix cache holds what they have read."""
        from vllm import SamplingParams

        params = SamplingParams(temperature=0.0, max_tokens=1, logprobs=2 * width, detokenize=False)
        searches = [BeamSearch(question, width, self._eos) for question in questions]
        running = searches
        while running:
            prompts = [[*search.question.prompt, *beam] for search in running for beam in search.beams]
            outputs = iter(self._generate(prompts, params))
            for search in running:
                found = [
                    Continuation(parent, token, total + entry.logprob)
                    for parent, total in enumerate(search.totals)
                    for token, entry in next(outputs).outputs[0].logprobs[0].items()
                ]
                # The best of all beams are among the best of each.
                search.step(sorted(found, key=lambda continuation: -continuation.logprob)[: 2 * width])
            running = [search for search in running if not search.done]
            report(len(searches) - len(running))
        return [search.answer() for search in searches]

    def _generate(self, prompts: Sequence[list[int]], params: Any) -> list[Any]:
        requests = [{"prompt_token_ids": prompt} for prompt in prompts]
        outputs: list[Any] = self._model.generate(requests, params, use_tqdm=False, lora_request=self._lora)
        return outputs
