"""From text to batches: prompt and answer tokenised apart, no BOS, EOS after the answer, targets on answer and EOS only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ilr_trainer.errors import TrainerError

IGNORED = -100
"""Label of a position whose token is no target."""


@dataclass(frozen=True)
class Tokens:
    """Token ids, of which `ids[first_target:]` are to be predicted."""

    ids: list[int]
    first_target: int

    @property
    def targets(self) -> int:
        """Number of targets."""
        return len(self.ids) - self.first_target

    @property
    def read(self) -> int:
        """Tokens that the model needs to read: nothing follows the last."""
        return len(self.ids) - 1


def encode(tokenizer: Any, text: str) -> list[int]:
    """Token ids of a text; no token is added in front or behind."""
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def answered(tokenizer: Any, prompt: str, answer: str, row: str, max_positions: int) -> Tokens:
    """A prompt and its answer with EOS. Without a prompt the first answer token has nothing to be predicted from.

    Raises `unsupported` for a row that is too long or in which nothing is predicted: nothing is cut silently.
    """
    before = encode(tokenizer, prompt)
    ids = [*before, *encode(tokenizer, answer), tokenizer.eos_token_id]
    tokens = Tokens(ids, max(len(before), 1))
    if tokens.targets == 0:
        raise TrainerError("unsupported", f"{row} has neither a prompt nor an answer", "drop empty rows")
    check_length(tokens.read, max_positions, row)
    return tokens


def check_length(length: int, max_positions: int, row: str) -> None:
    """Raises `unsupported` for a row that the model has no positions for."""
    if length > max_positions:
        hint = "shorten or drop the row, or take a model with more positions"
        raise TrainerError("unsupported", f"{row} takes {length} tokens; the model has {max_positions} positions", hint)


def max_positions(model: Any) -> int:
    """Positions of a model."""
    return int(getattr(model.config, "max_position_embeddings", 2**31))


@dataclass(frozen=True)
class Batch:
    """Sequences as tensors. Padded [n, time], or without padding [1, tokens] (`padding_free`).

    `labels` are `IGNORED` outside targets; `owners` says which sequence each position belongs to.
    """

    inputs: dict[str, Tensor]
    labels: Tensor
    owners: Tensor

    @property
    def tensors(self) -> dict[str, Tensor]:
        """All tensors by name, as a Trainer hands them around."""
        return {**self.inputs, "labels": self.labels, "owners": self.owners}

    @staticmethod
    def of(tensors: Mapping[str, Any]) -> Batch:
        """The batch in what a Trainer hands around."""
        names = ("input_ids", "attention_mask", "position_ids")
        inputs = {name: tensors[name] for name in names if name in tensors}
        return Batch(inputs, tensors["labels"], tensors["owners"])

    def to(self, device: torch.device) -> Batch:
        """The batch on a device."""
        inputs = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        return Batch(inputs, self.labels.to(device), self.owners.to(device))


def batched(sequences: Sequence[Tokens], *, padding_free: bool = False) -> Batch:
    """A batch of sequences: right-padded, or joined to one row in which positions start again at 0."""
    if padding_free:
        return _joined(sequences)
    time = max(len(tokens.ids) for tokens in sequences)
    ids = torch.zeros((len(sequences), time), dtype=torch.long)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, IGNORED)
    for row, tokens in enumerate(sequences):
        length = len(tokens.ids)
        ids[row, :length] = torch.tensor(tokens.ids)
        mask[row, :length] = 1
        labels[row, tokens.first_target : length] = ids[row, tokens.first_target : length]
    owners = torch.arange(len(sequences))[:, None].expand(-1, time)
    return Batch({"input_ids": ids, "attention_mask": mask}, labels, owners)


def _joined(sequences: Sequence[Tokens]) -> Batch:
    # transformers recognises positions that start again, without a mask, as sequences that do not see each other.
    ids = torch.tensor([[token for tokens in sequences for token in tokens.ids]])
    positions = torch.cat([torch.arange(len(tokens.ids)) for tokens in sequences])[None]
    owners = torch.cat([torch.full((len(tokens.ids),), row) for row, tokens in enumerate(sequences)])[None]
    firsts = torch.tensor([tokens.first_target for tokens in sequences])
    labels = torch.where(positions >= firsts[owners], ids, IGNORED)
    return Batch({"input_ids": ids, "position_ids": positions}, labels, owners)


def length_batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Indices in batches of at most about `tokens` tokens (padding counted) and similar lengths, longest first."""
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    batch: list[int] = []
    for index in order:
        if batch and (len(batch) + 1) * lengths[batch[0]] > tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
