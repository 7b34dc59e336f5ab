"""Answers to prompts, in the order of the prompts, with the samples of each in theirs (paper, appendix; F5)."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import AutoConfig

from ilr_trainer.context import StepContext
from ilr_trainer.decoding.answers import Engine, Question
from ilr_trainer.decoding.by_transformers import TransformersEngine
from ilr_trainer.errors import TrainerError
from ilr_trainer.models import adapter_and_base, load, load_tokenizer
from ilr_trainer.outputs import publish_rows
from ilr_trainer.params import Sample
from ilr_trainer.rows import Row, read_rows
from ilr_trainer.sequences import encode


def sample(context: StepContext[Sample]) -> None:
    """`tokens` of the output counts EOS when the answer is finished, as `logprob` does."""
    adapter, base = adapter_and_base(context, "model")
    own = adapter is not None and (adapter / "tokenizer.json").is_file()
    tokenizer = load_tokenizer(adapter if adapter is not None and own else base)
    prompts = read_rows(context.input("prompts"), {"id": "string", "prompt": "string"}, may_be_empty=True)
    check_distinct(prompts)
    config = AutoConfig.from_pretrained(base, local_files_only=True)
    check_width(context.params, int(config.vocab_size))
    questions = read_questions(context, tokenizer, prompts, int(config.max_position_embeddings))
    decoding = context.params.decoding
    answers = []
    if questions:
        report = context.events.reporter("answers", len(questions) * decoding.samples)
        engine = choose_engine(context, base, adapter, tokenizer.eos_token_id, questions)
        answers = engine.answers(questions, decoding, context.seed, report)
    rows = [
        {
            "id": question.id,
            "sample": number,
            "answer": tokenizer.decode(answer.tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False),
            "tokens": len(answer.tokens) + int(answer.finished),
            "logprob": answer.logprob,
            "finished": answer.finished,
        }
        for question, several in zip(questions, answers, strict=True)
        for number, answer in enumerate(several)
    ]
    publish_rows(context.outputs, "answers", rows)


def choose_engine(
    context: StepContext[Sample], base: Path, adapter: Path | None, eos: int, questions: Sequence[Question]
) -> Engine:
    """VLLM where a GPU and vLLM are, unless the step's resources say otherwise."""
    wanted = context.resources.engine
    usable = has_vllm()
    if wanted == "vllm" and not usable:
        hint = 'install ilr-trainer[gpu] on a machine with a GPU, or set "engine": "auto" in the step\'s resources'
        raise TrainerError("unsupported", "vLLM was asked for, but it or a GPU is missing", hint)
    if wanted == "transformers" or not usable:
        loaded = load(context, precision=context.params.precision, spread=context.resources.gpus > 1)
        return TransformersEngine(loaded.model, eos, context.resources.micro_batch)
    from ilr_trainer.decoding.by_vllm import VllmEngine

    rank = 0
    if adapter is not None:
        rank = int(json.loads((adapter / "adapter_config.json").read_text("utf-8"))["r"])
    return VllmEngine(
        base,
        adapter=adapter,
        rank=rank,
        eos=eos,
        precision=context.params.precision,
        gpus=context.resources.gpus,
        seed=context.seed,
        longest=max(len(question.prompt) + question.limit for question in questions),
        width=context.params.decoding.width,
    )


def has_vllm() -> bool:
    """Whether vLLM can run here."""
    import torch

    return torch.cuda.is_available() and importlib.util.find_spec("vllm") is not None


def read_questions(
    context: StepContext[Sample], tokenizer: Any, prompts: Sequence[Row], positions: int
) -> list[Question]:
    """Prompts as tokens. Raises `unsupported` for one that is empty or leaves no position for an answer."""
    questions = []
    for row in prompts:
        prompt = encode(tokenizer, row["prompt"])
        if not 0 < len(prompt) < positions:
            hint = "the model must read at least one token and have a position left for an answer"
            message = f'prompt "{row["id"]}" has {len(prompt)} tokens; expected 1 to {positions - 1}'
            raise TrainerError("unsupported", message, hint)
        questions.append(Question(row["id"], prompt, min(context.params.max_answer_tokens, positions - len(prompt))))
    return questions


def check_distinct(prompts: Sequence[Row]) -> None:
    """Samples are seeded by id: two questions of one id would silently get the same draws."""
    seen: set[str] = set()
    for row in prompts:
        if row["id"] in seen:
            raise TrainerError("input-damaged", f'prompts: id "{row["id"]}" appears twice', "ids name prompts")
        seen.add(row["id"])


def check_width(params: Sample, vocabulary: int) -> None:
    """Raises `unsupported` for more beams than a small vocabulary can feed."""
    width = params.decoding.width
    if params.decoding.kind == "beam" and 2 * width > vocabulary:
        message = f"beam width {width} needs a vocabulary of {2 * width}; it has {vocabulary}"
        raise TrainerError("unsupported", message, "take fewer beams")
