"""Scores of rows, in their order: class probabilities of texts, or log-probabilities of answers in nats."""

from __future__ import annotations

from typing import Any

import torch

from ilr_trainer.classifier import class_logits, encoded_text, padded
from ilr_trainer.context import StepContext
from ilr_trainer.errors import TrainerError
from ilr_trainer.logprobs import FORWARD_TOKENS, all_answer_logprobs, with_fused_head
from ilr_trainer.models import Loaded, load
from ilr_trainer.outputs import publish_rows
from ilr_trainer.params import Score
from ilr_trainer.rows import read_rows
from ilr_trainer.sequences import answered, length_batches, max_positions


def score(context: StepContext[Score]) -> None:
    """One score a row."""
    scores = classifier_scores(context) if context.params.kind == "classifier" else logprob_scores(context)
    publish_rows(context.outputs, "scores", scores)


def logprob_scores(context: StepContext[Score]) -> list[dict[str, Any]]:
    """Rows {id, prompt, answer}: log-probability of answer and EOS after the prompt, tokenised apart as in training."""
    loaded = load(context, precision=context.params.precision, spread=context.resources.gpus > 1)
    with_fused_head(loaded.model)
    rows = read_rows(context.input("rows"), {"id": "string", "prompt": "string", "answer": "string"}, may_be_empty=True)
    positions = max_positions(loaded.model)
    sequences = [
        answered(loaded.tokenizer, row["prompt"], row["answer"], f"row {row['id']}", positions) for row in rows
    ]
    logprobs, tokens = all_answer_logprobs(loaded.model, sequences, context.events)
    return [
        {"id": row["id"], "logprob": logprob, "tokens": count}
        for row, logprob, count in zip(rows, logprobs, tokens, strict=True)
    ]


def classifier_scores(context: StepContext[Score]) -> list[dict[str, Any]]:
    """Rows {id, text}: probabilities of the two classes."""
    loaded = load_classifier(context)
    rows = read_rows(context.input("rows"), {"id": "string", "text": "string"}, may_be_empty=True)
    positions = max_positions(loaded.model)
    before = beginning(context, loaded)
    texts = [encoded_text(loaded, row["text"], f"row {row['id']}", positions, before) for row in rows]
    probabilities = class_probabilities(context, loaded, texts)
    return [{"id": row["id"], "probabilities": both} for row, both in zip(rows, probabilities, strict=True)]


def beginning(context: StepContext[Score], loaded: Loaded) -> list[int]:
    """What stands before each text: nothing, or with `bos` (F4) the tokenizer's BOS. Notes a tokenizer that has none."""
    if not context.params.bos:
        return []
    bos = loaded.tokenizer.bos_token_id
    if bos is None:
        context.events.note("this tokenizer has no beginning-of-sequence token: F4 changes nothing")
        return []
    return [int(bos)]


def class_probabilities(context: StepContext[Score], loaded: Loaded, texts: list[list[int]]) -> list[list[float]]:
    """Probabilities [n][2] of texts, in batches of similar lengths."""
    results: list[list[float]] = [[] for _ in texts]
    device = next(loaded.model.parameters()).device
    report = context.events.reporter("rows", len(texts))
    done = 0
    loaded.model.eval()
    with torch.inference_mode():
        for indices in length_batches([len(text) for text in texts], FORWARD_TOKENS):
            inputs = {name: t.to(device) for name, t in padded([texts[index] for index in indices], loaded).items()}
            # In double precision: both probabilities keep their digits, and they sum to 1.
            both = class_logits(loaded.model, inputs).double().softmax(-1).tolist()
            for index, probabilities in zip(indices, both, strict=True):
                results[index] = probabilities
            done += len(indices)
            report(done)
    return results


def load_classifier(context: StepContext[Score]) -> Loaded:
    """An evaluator. Raises `unsupported` for a language model, whose head would be random."""
    loaded = load(context, precision=context.params.precision, head="classifier")
    if loaded.fresh_head:
        hint = "kind logprob scores language models, kind classifier scores evaluators"
        raise TrainerError("unsupported", "this model has head lm; expected classifier", hint)
    return loaded
