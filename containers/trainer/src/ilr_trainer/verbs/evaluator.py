"""The evaluator: full fine-tuning with a fresh 2-way classification head, early stopping (paper, section 4; F4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import TrainingArguments

from ilr_trainer.classifier import class_logits, encoded_text, padded
from ilr_trainer.context import StepContext
from ilr_trainer.errors import TrainerError
from ilr_trainer.models import Loaded, load, save
from ilr_trainer.params import Evaluator
from ilr_trainer.rows import Fields, read_rows
from ilr_trainer.seeded import SeededRandom
from ilr_trainer.sequences import length_batches, max_positions
from ilr_trainer.training import PlannedTrainer, Recipe, epoch_plan, training_arguments

HEAD_DEVIATION = 0.02
"""Standard deviation of a fresh head (Llama's `initializer_range`)."""
VALIDATION_TOKENS = 16_384
EXAMPLE: Fields = {"id": "string", "text": "string", "label": "label"}


@dataclass(frozen=True)
class Example:
    """A text and its class."""

    ids: list[int]
    label: int


@dataclass
class Best:
    """The best epoch so far."""

    loss: float = float("inf")
    epoch: int = 0
    state: dict[str, Tensor] | None = None


def evaluator(context: StepContext[Evaluator]) -> None:
    """After each epoch the validation loss is measured; training stops after `patience` epochs without a better one.

    The best epoch's weights are the output.
    """
    params = context.params
    loaded = load_with_head(context)
    train = read_examples(context, "train", loaded)
    validation = read_examples(context, "validation", loaded)
    steps = epoch_plan(len(train), params.batch_size, params.epochs, context.seed, "evaluator")
    per_epoch = len(steps) // params.epochs
    best = Best()

    def collate(rows: list[Example]) -> dict[str, Any]:
        return {**padded([row.ids for row in rows], loaded), "labels": torch.tensor([row.label for row in rows])}

    def after_step(step: int) -> bool:
        if step % per_epoch != 0:
            return False
        epoch = step // per_epoch
        loss, accuracy = validate(context, loaded, validation)
        row = {"step": step, "epoch": epoch, "loss": loss, "accuracy": accuracy, "split": "validation"}
        trainer.log_rows.append(row)
        context.events.metric("validationLoss", loss, step)
        if loss < best.loss:
            best.loss, best.epoch = loss, epoch
            best.state = {name: weight.detach().cpu().clone() for name, weight in loaded.model.state_dict().items()}
        return epoch - best.epoch >= params.patience

    recipe = Recipe(
        optimizer=params.optimizer,
        precision=params.precision,
        rows=train,
        steps=steps,
        collate=collate,
        tokens=lambda example: len(example.ids),
        after_step=after_step,
    )
    trainer = EvaluatorStep(loaded, context, recipe)
    trainer.run()
    if best.state is None:
        hint = "lower the learning rate, or clip gradients to a smaller norm"
        raise TrainerError("training-diverged", "the validation loss was never finite", hint)
    context.events.note(f"best validation loss {best.loss:.4f} after epoch {best.epoch}")
    loaded.model.load_state_dict(best.state)
    save(context, "model", loaded)


class EvaluatorStep(PlannedTrainer):
    """One step: the mean cross entropy over the step's examples."""

    def __init__(self, loaded: Loaded, context: StepContext[Evaluator], recipe: Recipe) -> None:
        super().__init__(model=loaded.model, args=TrainingArguments(**training_arguments(context, recipe)))
        self.use(context, recipe)

    def row_losses(self, model: nn.Module, inputs: Mapping[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross entropies [n] in nats, and whether the right class got more than half."""
        logits = class_logits(model, inputs)
        losses = F.cross_entropy(logits, inputs["labels"], reduction="none")
        return losses, {"accuracy": right(logits, inputs["labels"])}


def load_with_head(context: StepContext[Evaluator]) -> Loaded:
    """The model with its 2-way head, or with a fresh one, drawn as the embedded engine draws it."""
    if (context.input("model") / "adapter_config.json").is_file():
        # Full fine-tuning of an adapter has no meaning; the paper's evaluators start from the small pretrained model.
        hint = "give its base as `model`"
        raise TrainerError("unsupported", "an evaluator is trained from a full model; got an adapter", hint)
    loaded = load(context, precision=context.params.precision, head="classifier", trained=True)
    if loaded.fresh_head:
        draw_head(loaded.model.score.weight, context.seed)
    loaded.model.config.architectures = [type(loaded.model).__name__]
    return loaded


def draw_head(weight: Tensor, seed: int) -> None:
    """Fills a head [2, hidden] with normal numbers, the same for a seed in both trainers."""
    random = SeededRandom("classifier head", seed)
    values = [random.normal() * HEAD_DEVIATION for _ in range(weight.numel())]
    with torch.no_grad():
        weight.copy_(torch.tensor(values, dtype=weight.dtype).view_as(weight))


def read_examples(context: StepContext[Evaluator], name: str, loaded: Loaded) -> list[Example]:
    """Examples as tokens. Raises `input-damaged`, `unsupported` naming the row."""
    positions = max_positions(loaded.model)
    return [
        Example(encoded_text(loaded, row["text"], f"{name} example {row['id']}", positions), int(row["label"]))
        for row in read_rows(context.input(name), EXAMPLE)
    ]


def validate(context: StepContext[Evaluator], loaded: Loaded, examples: Sequence[Example]) -> tuple[float, float]:
    """Mean cross entropy (nats) and accuracy."""
    loaded.model.eval()
    device = next(loaded.model.parameters()).device
    loss = correct = 0.0
    autocast = torch.autocast(device.type, dtype=torch.bfloat16, enabled=context.params.precision == "bfloat16")
    with torch.no_grad(), autocast:
        for indices in length_batches([len(example.ids) for example in examples], VALIDATION_TOKENS):
            inputs = padded([examples[index].ids for index in indices], loaded)
            labels = torch.tensor([examples[index].label for index in indices]).to(device)
            logits = class_logits(loaded.model, {name: tensor.to(device) for name, tensor in inputs.items()})
            loss += float(F.cross_entropy(logits, labels, reduction="sum"))
            correct += float(right(logits, labels).sum())
    return loss / len(examples), correct / len(examples)


def right(logits: Tensor, labels: Tensor) -> Tensor:
    """1 where the right class got more than half of the probability [n]."""
    return (logits.detach().argmax(-1) == labels).float()
