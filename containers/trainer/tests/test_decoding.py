"""Beams by their description, draws by their seeds, and vLLM through a small fake."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from conftest import PROMPTS, Run, tiny_model
from ilr_trainer.decoding.answers import Answer, Question
from ilr_trainer.decoding.beams import BeamSearch, Continuation
from ilr_trainer.decoding.by_transformers import TransformersEngine, draw
from ilr_trainer.params import Decoding

EOS = 1
QUESTIONS = [Question(f"q{k}", [3 + (k * j) % 17 for j in range(1 + k % 5)], 10) for k in range(9)]


def log_probabilities(model: Any, ids: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)


def brute_force_beam(model: Any, question: Question, width: int) -> Answer:
    """vLLM 0.5's beam search from its description, without a cache; the twin of the engine's own test."""

    def score(tokens: list[int], logprob: float) -> float:
        return logprob / (len(question.prompt) + len(tokens) - (tokens[-1] == EOS))

    beams: list[tuple[list[int], float]] = [([], 0.0)]
    finished: list[tuple[list[int], float]] = []
    for step in range(1, question.limit + 1):
        children = [
            ([*tokens, token], logprob + value)
            for tokens, logprob in beams
            for token, value in enumerate(log_probabilities(model, question.prompt + tokens).tolist())
        ]
        children = sorted(children, key=lambda child: -child[1])[: 2 * width]
        last = step == question.limit
        running = [child for child in children if child[0][-1] != EOS and not last]
        ended = [child for child in children if child[0][-1] == EOS or last]
        finished = sorted(finished + ended, key=lambda child: -score(*child))[:width]
        if not running or (len(finished) == width and score(*finished[-1]) >= score(*running[0])):
            break
        beams = running[:width]
    tokens, logprob = finished[0]
    return Answer(tokens[:-1] if tokens[-1] == EOS else tokens, logprob, tokens[-1] == EOS)


@pytest.mark.parametrize("width", [1, 3, 4])
def test_beams_are_those_of_the_description(width: int) -> None:
    model = tiny_model(3).eval()
    engine = TransformersEngine(model, EOS, rows=3 * width)
    got = engine.answers(QUESTIONS, Decoding("beam", width=width), 0, lambda done: None)
    for question, (answer,) in zip(QUESTIONS, got, strict=True):
        expected = brute_force_beam(model, question, width)
        assert (answer.tokens, answer.finished) == (expected.tokens, expected.finished)
        assert answer.logprob == pytest.approx(expected.logprob, abs=1e-4)


def test_the_search_stops_when_no_beam_can_do_better_now() -> None:
    search = BeamSearch(Question("q", [5, 6], 10), 2, EOS)
    assert search.step([Continuation(0, 7, -0.1), Continuation(0, EOS, -0.2), Continuation(0, 8, -3.0)]) == [0, 0]
    assert (search.beams, search.done) == ([[7], [8]], False)
    # Two are finished, at -0.2 / 2 and -0.15 / 3; the best beam is at -0.6 / 4 now, whatever may follow it.
    search.step([Continuation(0, EOS, -0.15), Continuation(0, 9, -0.6), Continuation(1, 9, -4.0)])
    assert search.done
    assert search.answer() == Answer([7], -0.15, True)


def test_the_search_goes_on_while_a_beam_is_ahead() -> None:
    search = BeamSearch(Question("q", [5, 6], 10), 2, EOS)
    search.step([Continuation(0, 7, -0.1), Continuation(0, EOS, -0.9), Continuation(0, 8, -3.0)])
    search.step([Continuation(0, 9, -0.15), Continuation(0, EOS, -0.9), Continuation(1, 9, -4.0)])
    assert not search.done


def test_draws_depend_on_seed_id_and_sample_only() -> None:
    model = tiny_model(2)
    decoding = Decoding("temperature", temperature=0.9, samples=4)

    def answers(rows: int, seed: int = 0, questions: list[Question] = QUESTIONS) -> list[list[list[int]]]:
        found = TransformersEngine(model, EOS, rows).answers(questions, decoding, seed, lambda done: None)
        return [[answer.tokens for answer in several] for several in found]

    together = answers(64)
    assert answers(3) == together
    assert answers(64, questions=QUESTIONS[::-1]) == together[::-1]
    assert answers(64, seed=1) != together


def test_draws_follow_the_distribution() -> None:
    logprobs = torch.tensor([0.5, 0.0, 0.3, 0.2]).log()[None].expand(1000, 4)
    uniform = [(2 * k + 1) / 2048 for k in range(1000)]
    drawn = draw(logprobs, 1.0, [u for u in uniform if u < 1])
    assert (drawn == 1).sum() == 0
    shares = torch.bincount(drawn, minlength=4) / 1000
    assert shares[0].item() == pytest.approx(0.5, abs=0.02)
    assert draw(logprobs[:2], 0.5, [0.0, 1 - 2**-23]).tolist() == [0, 3]
    # A token of probability 0 is not drawn, even first in line and with the number 0.
    impossible = torch.tensor([[0.0, 1.0, 0.0]]).log()
    assert draw(impossible, 1.0, [0.0]).tolist() == [1]


class FakeLLM:
    """What is used of vllm.LLM, on a transformers model; greedy only where it matters."""

    made: dict[str, Any]

    def __init__(self, **options: Any) -> None:
        FakeLLM.made = options
        self.model = tiny_model(3).eval()
        self.requests: list[Any] = []

    def generate(self, prompts: list[dict[str, Any]], params: Any, *, use_tqdm: bool, lora_request: Any) -> list[Any]:
        several = params if isinstance(params, list) else [params] * len(prompts)
        self.requests += several
        return [self._one(prompt["prompt_token_ids"], one) for prompt, one in zip(prompts, several, strict=True)]

    def _one(self, ids: list[int], params: Any) -> Any:
        tokens: list[int] = []
        entries = []
        while len(tokens) < params.max_tokens and EOS not in tokens:
            logprobs = log_probabilities(self.model, ids + tokens)
            token = int(logprobs.argmax())
            # vLLM returns the likeliest and the sampled token.
            shown = {int(k) for k in logprobs.topk(params.logprobs).indices} | {token}
            entries.append({k: SimpleNamespace(logprob=float(logprobs[k])) for k in shown})
            tokens.append(token)
        return SimpleNamespace(outputs=[SimpleNamespace(token_ids=tokens, logprobs=entries)])


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> Any:
    fake, lora = ModuleType("vllm"), ModuleType("vllm.lora")
    request = ModuleType("vllm.lora.request")
    fake.LLM = FakeLLM  # type: ignore[attr-defined]
    fake.SamplingParams = lambda **options: SimpleNamespace(**options)  # type: ignore[attr-defined]
    request.LoRARequest = lambda *arguments: arguments  # type: ignore[attr-defined]
    for name, module in (("vllm", fake), ("vllm.lora", lora), ("vllm.lora.request", request)):
        monkeypatch.setitem(sys.modules, name, module)
    from ilr_trainer.decoding.by_vllm import VllmEngine

    return VllmEngine


def make(engine: Any, **changes: Any) -> Any:
    options = {"adapter": None, "rank": 0, "eos": EOS, "precision": "bfloat16", "gpus": 1, "seed": 0, "longest": 20}
    return engine(Path("model"), width=4, **{**options, **changes})


@pytest.mark.parametrize("decoding", [Decoding("greedy"), Decoding("beam", width=4)], ids=lambda d: d.kind)
def test_vllm_answers_as_transformers_does(decoding: Decoding, vllm: Any) -> None:
    got = make(vllm).answers(QUESTIONS, decoding, 0, lambda done: None)
    expected = TransformersEngine(tiny_model(3), EOS).answers(QUESTIONS, decoding, 0, lambda done: None)
    for (answer,), (other,) in zip(got, expected, strict=True):
        assert (answer.tokens, answer.finished) == (other.tokens, other.finished)
        assert math.isclose(answer.logprob, other.logprob, abs_tol=1e-4)


def test_vllm_is_asked_for_logprobs_at_temperature_1_and_for_the_adapter(vllm: Any) -> None:
    engine = make(vllm, adapter=Path("adapter"), rank=48, gpus=2)
    assert FakeLLM.made["logprobs_mode"] == "raw_logprobs"
    assert FakeLLM.made["generation_config"] == "vllm"
    assert FakeLLM.made["tensor_parallel_size"] == 2
    assert (FakeLLM.made["enable_lora"], FakeLLM.made["max_lora_rank"]) == (True, 64)
    assert engine._lora == ("adapter", 1, "adapter")
    decoding = Decoding("temperature", temperature=0.7, samples=3)
    answers = engine.answers(QUESTIONS, decoding, 5, lambda done: None)
    assert [len(several) for several in answers] == [3] * len(QUESTIONS)
    requests = engine._model.requests
    assert {request.temperature for request in requests} == {0.7}
    assert len({request.seed for request in requests}) == 3 * len(QUESTIONS)


def test_vllm_that_is_not_there_is_said(run: Run, model: Path) -> None:
    from ilr_trainer.errors import TrainerError

    params = {"decoding": {"kind": "greedy"}, "maxAnswerTokens": 4}
    with pytest.raises(TrainerError, match="vLLM was asked for") as caught:
        run("sample", params, {"model": model, "prompts": PROMPTS}, resources={"engine": "vllm"})
    assert caught.value.code == "unsupported"


@pytest.mark.parametrize(
    ("prompts", "message"),
    [
        ([{"id": "a", "prompt": "the"}, {"id": "a", "prompt": "1"}], '"a" appears twice'),
        ([{"id": "a", "prompt": ""}], 'prompt "a" has 0 tokens'),
        ([{"id": "a", "prompt": "1 " * 64}], 'prompt "a" has 64 tokens; expected 1 to 63'),
    ],
)
def test_prompts_that_cannot_be_answered_are_refused(prompts: Any, message: str, run: Run, model: Path) -> None:
    params = {"decoding": {"kind": "greedy"}, "maxAnswerTokens": 4}
    from ilr_trainer.errors import TrainerError

    with pytest.raises(TrainerError, match=message):
        run("sample", params, {"model": model, "prompts": prompts})


def test_no_prompts_give_no_answers(run: Run, model: Path) -> None:
    params = {"decoding": {"kind": "beam", "width": 4}, "maxAnswerTokens": 4}
    assert run("sample", params, {"model": model, "prompts": ""}).rows("answers") == []
