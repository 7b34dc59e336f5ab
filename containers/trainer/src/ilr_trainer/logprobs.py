"""Log-probabilities of answers, by TRL's fused head: logits of 32k tokens are never all in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from trl.trainer.utils import add_fused_lm_head

from ilr_trainer.events import Events
from ilr_trainer.sequences import IGNORED, Batch, Tokens, batched, length_batches

FORWARD_TOKENS = 16_384
"""Tokens of a batch without gradients."""


def with_fused_head(model: Any) -> Any:
    """Gives a causal language model (or the one under an adapter) the forward pass that `answer_logprobs` asks for."""
    add_fused_lm_head(model.get_base_model() if hasattr(model, "peft_config") else model)
    return model


def answer_logprobs(model: Any, batch: Batch, sequences: int) -> tuple[Tensor, Tensor]:
    """Sums over each sequence's targets.

    Returns: log-probabilities in nats and numbers of targets, both float32 [sequences]. Differentiable.
    """
    # Position t of the output is about token t + 1.
    logprobs = model(**batch.inputs, labels=batch.labels, fused_lm_head=True).log_probs.float().flatten()
    owners = batch.owners[:, 1:].flatten()
    is_target = (batch.labels[:, 1:] != IGNORED).flatten().float()
    zeros = torch.zeros(sequences, device=logprobs.device)
    return zeros.index_add(0, owners, logprobs * is_target), zeros.index_add(0, owners, is_target)


def all_answer_logprobs(
    model: Any, sequences: Sequence[Tokens], events: Events | None = None
) -> tuple[list[float], list[int]]:
    """`answer_logprobs` of many sequences without gradients, in their order, in batches of similar lengths."""
    sums, counts = [0.0] * len(sequences), [0] * len(sequences)
    device = next(model.parameters()).device
    report = events.reporter("rows", len(sequences)) if events else None
    done = 0
    model.eval()
    with torch.inference_mode():
        for indices in length_batches([len(tokens.ids) for tokens in sequences], FORWARD_TOKENS):
            batch = batched([sequences[index] for index in indices]).to(device)
            logprobs, targets = answer_logprobs(model, batch, len(indices))
            for index, logprob, count in zip(indices, logprobs.tolist(), targets.tolist(), strict=True):
                sums[index], counts[index] = logprob, int(count)
            done += len(indices)
            if report:
                report(done)
    return sums, counts
