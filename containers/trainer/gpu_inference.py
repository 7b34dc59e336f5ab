"""How fast a 7B evaluator scores and a 7B model answers on this machine; for gpu_benchmark.py."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from gpu_benchmark import WORDS, Size, random_tokens
from gpu_table import Measured, free_memory, line, peak_memory, utilisation
from transformers import MistralForSequenceClassification

from ilr_trainer.context import StepContext
from ilr_trainer.decoding.answers import Question
from ilr_trainer.errors import as_trainer_error
from ilr_trainer.events import Events
from ilr_trainer.fields import Fields
from ilr_trainer.models import Loaded, device
from ilr_trainer.params import PARSERS, Verb
from ilr_trainer.resources import Resources
from ilr_trainer.verbs.sample import choose_engine, has_vllm
from ilr_trainer.verbs.score import class_probabilities

EOS = 1
"""Of `word_tokenizer`."""
ALONE = 16
"""One in so many texts and prompts is enough to time the slow ways."""
SAMPLES = 6
"""Answers to a prompt, as DPO's preferences take them (paper, section 4)."""


def benchmark_reading(loaded: Loaded, size: Size, root: Path, parameters: int, name: str) -> Iterator[Measured]:
    """Scoring one text at a time and in batches, and sampling with transformers."""
    draw = random.Random(0)
    texts = [random_tokens(draw, size).ids for _ in range(size.texts)]
    classifier = Loaded(with_class_head(loaded.model), loaded.tokenizer, loaded.folder)
    context = step(root, "score", {"kind": "classifier", "precision": size.precision})

    def score(batches: Sequence[list[list[int]]]) -> int:
        for batch in batches:
            class_probabilities(context, classifier, batch)
        return sum(len(text) for batch in batches for text in batch)

    def report(setting: str, batches: Sequence[list[list[int]]]) -> Measured:
        free_memory()
        score(batches[:1])
        speed = timed(lambda: score(batches))
        return shown(Measured("score", setting, speed, peak_memory(), utilisation(speed, 2 * parameters, name)))

    yield report("one text at a time", [[text] for text in texts[::ALONE]])
    yield report("batches of similar lengths", [texts])
    yield sampling("transformers", loaded.folder, size, root, size.questions // ALONE)


def benchmark_vllm(folder: Path, size: Size, root: Path) -> Iterator[Measured]:
    """Sampling with vLLM, once nothing else lives on the GPU."""
    if has_vllm():
        yield sampling("vllm", folder, size, root, size.questions)


def with_class_head(model: Any) -> Any:
    """An evaluator with the body of a language model and a random head."""
    with torch.device("meta"):
        classifier = MistralForSequenceClassification(model.config)
    classifier.model = model.model
    weight = model.lm_head.weight
    classifier.score = torch.nn.Linear(weight.shape[1], 2, bias=False, device=weight.device, dtype=weight.dtype)
    return classifier


def sampling(engine: Literal["transformers", "vllm"], folder: Path, size: Size, root: Path, questions: int) -> Measured:
    """Tokens written a second; loading and compiling do not count."""
    draw = random.Random(0)
    decoding = {"kind": "temperature", "temperature": 0.7, "samples": SAMPLES}
    params = {"decoding": decoding, "maxAnswerTokens": size.answer, "precision": size.precision}
    context = step(root / engine, "sample", params, Resources(engine=engine))
    context.input("model").parent.mkdir(parents=True)
    context.input("model").symlink_to(folder, target_is_directory=True)
    lengths = [draw.randint(size.prompt // 2, size.prompt * 3 // 2) for _ in range(questions)]
    asked = [Question(str(k), draw.choices(range(3, WORDS), k=length), size.answer) for k, length in enumerate(lengths)]
    free_memory()
    try:
        # Random weights hardly ever write EOS, so nearly all answers are as long as they may be.
        model = choose_engine(context, folder, None, EOS, asked)

        def write(chosen: Sequence[Question]) -> int:
            answers = model.answers(chosen, context.params.decoding, 0, lambda done: None)
            return sum(len(answer.tokens) for several in answers for answer in several)

        write(asked[:2])
        speed = timed(lambda: write(asked))
    except Exception as error:
        return shown(Measured("sample", engine, None, None, None, as_trainer_error(error).message))
    # vLLM's memory is that of a process of its own, and most of it is cache by design.
    return shown(Measured("sample", engine, speed, peak_memory() if engine == "transformers" else None, None))


def step(root: Path, verb: Verb, document: dict[str, Any], resources: Resources | None = None) -> StepContext[Any]:
    """A step that says nothing."""
    params = PARSERS[verb](Fields(document, "params"))
    return StepContext(params, 0, root / f"bench {verb}", resources or Resources(), Events(lambda line: None))


def timed(work: Any) -> float:
    """Tokens a second of work that returns its tokens."""
    started = time.perf_counter()
    tokens: int = work()
    if device().type == "cuda":
        torch.cuda.synchronize()
    return tokens / max(time.perf_counter() - started, 1e-9)


def shown(row: Measured) -> Measured:
    """The row, printed."""
    print(line(row), flush=True)
    return row
