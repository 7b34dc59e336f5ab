"""Supervised fine-tuning: the loss is on the answer and EOS only (paper, section 2; fidelity flag F6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor, nn
from trl import SFTConfig, SFTTrainer

from ilr_trainer.context import StepContext
from ilr_trainer.logprobs import answer_logprobs
from ilr_trainer.models import Loaded, load
from ilr_trainer.params import Sft
from ilr_trainer.rows import Fields, read_rows
from ilr_trainer.sequences import Batch, Tokens, answered, batched, max_positions
from ilr_trainer.step import checkpoint_name
from ilr_trainer.training import PlannedTrainer, Recipe, epoch_plan, training_arguments

DEMONSTRATION: Fields = {"id": "string", "prompt": "string", "answer": "string"}


def sft(context: StepContext[Sft]) -> None:
    """Every row in every epoch, in seeded order; checkpoints evenly spaced, the last after the last step."""
    params = context.params
    loaded = load(context, precision=params.precision, trained=True, lora=params.lora)
    demonstrations = read_demonstrations(context, loaded)
    recipe = sft_recipe(context, demonstrations)
    trainer = SftStep(loaded, context, recipe)
    due = checkpoint_steps(params.checkpoints, len(recipe.steps))

    def save_checkpoints(step: int) -> bool:
        for k, at in enumerate(due, 1):
            if at == step:
                trainer.save_as(checkpoint_name(k), loaded)
        return False

    recipe.after_step = save_checkpoints
    trainer.run()
    trainer.save_as("model", loaded)


def sft_recipe(context: StepContext[Sft], demonstrations: list[Tokens]) -> Recipe:
    """What to train on, in which order, and what a row's weight is (F6)."""
    params = context.params

    def collate(rows: list[Tokens]) -> dict[str, Any]:
        tensors = batched(rows, padding_free=context.resources.padding_free).tensors
        if params.loss_weighting == "per-token":
            tensors["count"] = torch.tensor([float(tokens.targets) for tokens in rows])
        return tensors

    return Recipe(
        optimizer=params.optimizer,
        precision=params.precision,
        rows=demonstrations,
        steps=epoch_plan(len(demonstrations), params.batch_size, params.epochs, context.seed, "sft"),
        collate=collate,
        tokens=lambda tokens: tokens.read,
    )


class SftStep(PlannedTrainer, SFTTrainer):  # type: ignore[misc]
    """TRL's SFTTrainer (fused head, adapters, checkpointing) with exact weights (F6) and the kit's order of the data."""

    def __init__(self, loaded: Loaded, context: StepContext[Sft], recipe: Recipe) -> None:
        self.per_example = context.params.loss_weighting == "per-example"
        arguments = training_arguments(context, recipe)
        config = SFTConfig(**arguments, dataset_kwargs={"skip_prepare_dataset": True}, max_length=None)
        # TRL wants to see a data set; the batches come from the plan.
        shown = Dataset.from_list([{"input_ids": tokens.ids, "labels": tokens.ids} for tokens in recipe.rows[:1]])
        SFTTrainer.__init__(self, loaded.model, config, train_dataset=shown, processing_class=loaded.tokenizer)
        self.use(context, recipe)

    def row_losses(self, model: nn.Module, inputs: Mapping[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        """Per example, the mean over its targets, so that every example counts the same; per token, their sum [n]."""
        logprobs, targets = answer_logprobs(model, Batch.of(inputs), len(inputs["alive"]))
        return (-logprobs / targets if self.per_example else -logprobs), {}


def read_demonstrations(context: StepContext[Sft], loaded: Loaded) -> list[Tokens]:
    """The demonstrations as tokens. Raises `input-damaged`, `unsupported` naming the row."""
    positions = max_positions(loaded.model)
    return [
        answered(loaded.tokenizer, row["prompt"], row["answer"], f"demonstration {row['id']}", positions)
        for row in read_rows(context.input("demonstrations"), DEMONSTRATION)
    ]


def checkpoint_steps(checkpoints: int, steps: int) -> list[int]:
    """After which step each checkpoint is saved: evenly spaced (halves rounded up, as JavaScript does)."""
    return [max(1, int(k * steps / checkpoints + 0.5)) for k in range(1, checkpoints + 1)]
