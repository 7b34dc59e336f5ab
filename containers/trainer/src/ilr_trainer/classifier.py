"""Two-way classifiers: what is read, and where the answer stands (LlamaForSequenceClassification's last token)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ilr_trainer.errors import TrainerError
from ilr_trainer.models import Loaded
from ilr_trainer.sequences import check_length, encode

NOTHING: Sequence[int] = ()


def encoded_text(loaded: Loaded, text: str, row: str, positions: int, before: Sequence[int] = NOTHING) -> list[int]:
    """Token ids of a text, behind those of `before` (none: evaluators are trained without BOS).

    Raises `unsupported` where there is no last token to read, or too many tokens.
    """
    ids = encode(loaded.tokenizer, text)
    if not ids:
        raise TrainerError("unsupported", f"{row} has no tokens; a classifier reads the last one", "drop empty texts")
    if ids[-1] == pad_id(loaded):
        # transformers finds the last token as the last that is no padding.
        raise TrainerError("unsupported", f"{row} ends with the padding token", "drop the row")
    ids = [*before, *ids]
    check_length(len(ids), positions, row)
    return ids


def pad_id(loaded: Loaded) -> int:
    """The padding token; models without one are padded with EOS, which no text ends with."""
    found = getattr(loaded.model.config, "pad_token_id", None)
    if found is None:
        found = loaded.tokenizer.pad_token_id
    return int(loaded.tokenizer.eos_token_id if found is None else found)


def padded(texts: Sequence[list[int]], loaded: Loaded) -> dict[str, Tensor]:
    """Right-padded ids and mask, int64 [n, time]."""
    pad = pad_id(loaded)
    # The model's own config must agree, or it would read padding.
    loaded.model.config.pad_token_id = pad
    time = max(map(len, texts))
    ids = torch.tensor([text + [pad] * (time - len(text)) for text in texts])
    mask = torch.tensor([[1] * len(text) + [0] * (time - len(text)) for text in texts])
    return {"input_ids": ids, "attention_mask": mask}


def class_logits(model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """Logits of the two classes, float32 [n, 2]."""
    logits: Tensor = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
    return logits.float()
