"""Direct preference optimization (Rafailov et al. 2023), conservative DPO, IPO and formulas (paper, section 2; F7).

Built on transformers' Trainer with the loss written out, not on TRL's DPOTrainer, which is a straitjacket here: its
`sigmoid` loss ignores label smoothing, it averages per micro-batch (pairs of a smaller last batch would weigh more),
it orders the data itself, and it keeps reference log-probabilities in a cache outside the step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import TrainingArguments

from ilr_trainer.context import StepContext
from ilr_trainer.formula import Formula
from ilr_trainer.logprobs import all_answer_logprobs, answer_logprobs, with_fused_head
from ilr_trainer.models import Loaded, load
from ilr_trainer.params import Dpo
from ilr_trainer.rows import Fields, read_rows
from ilr_trainer.sequences import Batch, Tokens, answered, batched, max_positions
from ilr_trainer.training import PlannedTrainer, Recipe, epoch_plan, training_arguments

PAIR: Fields = {"id": "string", "prompt": "string", "chosen": "string", "rejected": "string"}


@dataclass
class Pair:
    """Both answers after the prompt, and what the reference says: log ref(chosen) - log ref(rejected) in nats."""

    chosen: Tokens
    rejected: Tokens
    reference: float = 0.0


def dpo(context: StepContext[Dpo]) -> None:
    """The policy starts from `model`; the reference (`reference`, or `model`) is frozen and asked once.

    With an adapter the policy is a copy of it and the reference is the adapter as it was: nothing is merged, so the
    reference does not drift by rounding. As its log-probabilities are computed first, only one model is in memory.
    """
    params = context.params
    loaded = load(context, precision=params.precision, trained=True, lora=params.lora)
    with_fused_head(loaded.model)
    pairs = read_pairs(context, loaded)
    set_reference(context, loaded, pairs)
    context.events.note(f"reference log-probabilities of {len(pairs)} pairs computed")

    trainer = DpoStep(loaded, context, dpo_recipe(context, pairs))
    trainer.run()
    trainer.save_as("model", loaded)


def dpo_recipe(context: StepContext[Dpo], pairs: list[Pair]) -> Recipe:
    """What to train on, and in which order."""
    params = context.params

    def collate(rows: list[Pair]) -> dict[str, Any]:
        # Chosen and rejected answers alternate: sequence 2 k and 2 k + 1 are pair k.
        both = [tokens for pair in rows for tokens in (pair.chosen, pair.rejected)]
        batch = batched(both, padding_free=context.resources.padding_free)
        reference = torch.tensor([pair.reference for pair in rows])
        return {**batch.tensors, "reference": reference}

    return Recipe(
        optimizer=params.optimizer,
        precision=params.precision,
        rows=pairs,
        steps=epoch_plan(len(pairs), params.batch_size, params.epochs, context.seed, "dpo"),
        collate=collate,
        tokens=lambda pair: pair.chosen.read + pair.rejected.read,
    )


class DpoStep(PlannedTrainer):
    """One step: the mean preference loss over the step's pairs."""

    def __init__(self, loaded: Loaded, context: StepContext[Dpo], recipe: Recipe) -> None:
        self.params = context.params
        super().__init__(model=loaded.model, args=TrainingArguments(**training_arguments(context, recipe)))
        self.use(context, recipe)

    def row_losses(self, model: nn.Module, inputs: Mapping[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses of pairs [n]; `margin` is the implicit reward's, beta * h, `accuracy` whether it is positive."""
        logprobs, targets = answer_logprobs(model, Batch.of(inputs), 2 * len(inputs["alive"]))
        margins = policy_margins(logprobs, targets, self.params.loss) - inputs["reference"]
        described = {"margin": self.params.beta * margins, "accuracy": (margins > 0).float()}
        return preference_losses(margins, self.params), described


def policy_margins(logprobs: Tensor, targets: Tensor, loss: str | Formula) -> Tensor:
    """Margins log pi(chosen) - log pi(rejected) [n] of alternating answers [2 n]; IPO takes means over tokens, as TRL does."""
    values = logprobs / targets if loss == "ipo" else logprobs
    return values[0::2] - values[1::2]


def preference_losses(margins: Tensor, params: Dpo) -> Tensor:
    """Losses [n] of margins h = log pi(chosen)/ref(chosen) - log pi(rejected)/ref(rejected) [n]."""
    if params.loss == "ipo":  # Azar et al. 2023, equation 17.
        return (margins - 1 / (2 * params.beta)) ** 2
    smoothing, scaled = params.label_smoothing, params.beta * margins
    if isinstance(params.loss, Formula):
        losses = params.loss.losses(margins, params.beta)
        return (
            losses
            if smoothing == 0
            else (1 - smoothing) * losses + smoothing * params.loss.losses(-margins, params.beta)
        )
    # Rafailov et al. 2023, equation 7; with smoothing, the comparison is the wrong way round with that probability.
    return -(1 - smoothing) * F.logsigmoid(scaled) - smoothing * F.logsigmoid(-scaled)


def read_pairs(context: StepContext[Dpo], loaded: Loaded) -> list[Pair]:
    """The pairs as tokens, EOS after both answers. Raises `input-damaged`, `unsupported` naming the row."""
    positions = max_positions(loaded.model)

    def tokens(row: Mapping[str, Any], answer: str) -> Tokens:
        return answered(loaded.tokenizer, row["prompt"], row[answer], f"pair {row['id']}", positions)

    rows = read_rows(context.input("pairs"), PAIR)
    return [Pair(tokens(row, "chosen"), tokens(row, "rejected")) for row in rows]


PREPARED = "scratch/reference.json"
"""Where a step on several GPUs finds the margins that one process computed before the others started."""


def prepare_reference(context: StepContext[Dpo]) -> None:
    """Asks the reference in one process, its layers spread over all GPUs, and leaves the margins for `set_reference`.

    A model that is trained in shards fits no single GPU as a whole; before training, no shards exist.
    """
    name = "reference" if context.input("reference").exists() else "model"
    loaded = load(context, name, precision=context.params.precision, spread=True)
    with_fused_head(loaded.model)
    pairs = read_pairs(context, loaded)
    margins = reference_margins(context, loaded, pairs)
    prepared = context.folder / PREPARED
    prepared.parent.mkdir(exist_ok=True)
    prepared.write_text(json.dumps(margins), "utf-8")


def set_reference(context: StepContext[Dpo], loaded: Loaded, pairs: list[Pair]) -> None:
    """Asks the frozen reference about all pairs, before the first step."""
    prepared = context.folder / PREPARED
    if prepared.exists():
        margins = json.loads(prepared.read_text("utf-8"))
    elif context.input("reference").exists():
        reference = load(context, "reference", precision=context.params.precision)
        with_fused_head(reference.model)
        margins = reference_margins(context, reference, pairs)
        del reference
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    else:
        margins = reference_margins(context, loaded, pairs)
    for pair, margin in zip(pairs, margins, strict=True):
        pair.reference = margin


def reference_margins(context: StepContext[Dpo], reference: Loaded, pairs: list[Pair]) -> list[float]:
    """What `policy_margins` gives for the reference, in nats [n]."""
    autocast = torch.autocast(
        next(reference.model.parameters()).device.type,
        dtype=torch.bfloat16,
        enabled=context.params.precision == "bfloat16",
    )
    with autocast:
        answers = [tokens for pair in pairs for tokens in (pair.chosen, pair.rejected)]
        logprobs, targets = all_answer_logprobs(reference.model, answers)
    margins = policy_margins(torch.tensor(logprobs), torch.tensor(targets).float(), context.params.loss)
    values: list[float] = margins.tolist()
    return values
