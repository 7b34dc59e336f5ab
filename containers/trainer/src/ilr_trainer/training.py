"""Training that is the same for every batch layout: a plan of optimizer steps, exact weights, and a log of what happened.

transformers' Trainer runs the loop (accumulation, clipping, FSDP, autocast). What it would decide by itself, the order of
the data, what a mean is over, optimizer and schedule, is fixed here to the contract's meaning.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from transformers import Trainer

from ilr_trainer.context import StepContext
from ilr_trainer.errors import TrainerError
from ilr_trainer.models import Loaded, process_count, save
from ilr_trainer.optimizers import make_optimizer, make_schedule
from ilr_trainer.outputs import publish_rows
from ilr_trainer.params import Optimizer, Precision
from ilr_trainer.seeded import SeededRandom

DEFAULT_MICRO_BATCH = 8


@dataclass(frozen=True)
class PlannedStep:
    """One optimizer step: indices of its rows."""

    epoch: int
    rows: Sequence[int]


def epoch_plan(count: int, size: int, epochs: int, seed: int, verb: str) -> list[PlannedStep]:
    """Every row in every epoch, in seeded order; the last batch of an epoch may be smaller. The embedded engine's order."""
    steps = []
    for epoch in range(1, epochs + 1):
        order = SeededRandom(seed, verb, "order", epoch).shuffle(range(count))
        steps += [PlannedStep(epoch, order[start : start + size]) for start in range(0, count, size)]
    return steps


def micro_batches(steps: Sequence[PlannedStep], micro_batch: int, rank: int, world: int) -> tuple[list[list[int]], int]:
    """One process's micro-batches of all steps, in order, and how many of them make one step.

    Every step gets equally many, so that all processes stay in step; where rows run out, a row is repeated that must not
    count (~index).
    """
    largest = max(len(step.rows) for step in steps)
    per_step = math.ceil(math.ceil(largest / world) / micro_batch)
    batches: list[list[int]] = []
    for step in steps:
        mine = list(step.rows[rank::world])
        cut = [mine[start : start + micro_batch] for start in range(0, len(mine), micro_batch)]
        batches += cut + [[~step.rows[0]]] * (per_step - len(cut))
    return batches, per_step


@dataclass
class Recipe:
    """What to train with, and what to do after each step (from 1); `after_step` returning True ends the training."""

    optimizer: Optimizer
    precision: Precision
    rows: Sequence[Any]
    steps: Sequence[PlannedStep]
    collate: Callable[[list[Any]], dict[str, Any]]
    """Rows to tensors. May hold `count` [n]: what each row adds to the denominator of the mean (default 1)."""
    tokens: Callable[[Any], int]
    """Tokens that the model reads of a row."""
    total_tokens: int | None = None
    """Progress counts tokens, not steps."""
    after_step: Callable[[int], bool] = field(default=lambda step: False)


class _Rows(Dataset[Any]):
    """Rows by index; ~index is a row that must not count."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> tuple[Any, bool]:
        return (self._rows[index], True) if index >= 0 else (self._rows[~index], False)


class PlannedTrainer(Trainer):  # type: ignore[misc]
    """Runs a recipe. Subclasses give `row_losses`; the loss of a step is their mean over all rows of the step.

    The mean is exact for every micro-batch, accumulation, padding and number of GPUs: numerators are summed, and divided
    by the denominator of the whole step (`_get_num_items_in_batch`).
    """

    loss_is_scaled_for_ga = True

    def use(self, context: StepContext[Any], recipe: Recipe) -> PlannedTrainer:
        """Sets what to train. Call before `train`."""
        self.context, self.recipe = context, recipe
        self.log_rows: list[dict[str, Any]] = []
        self._sums: dict[str, Tensor] = {}
        unit, total = ("tokens", recipe.total_tokens) if recipe.total_tokens else ("steps", len(recipe.steps))
        self._report = context.events.reporter(unit, total)
        self._seen = 0
        return self

    def row_losses(self, model: nn.Module, inputs: Mapping[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses of a micro-batch's rows [n] (with `count`: sums over what is counted), and what to average for the log [n]."""
        raise NotImplementedError

    def run(self) -> None:
        """Trains; leaves the log in `outputs/log`, also when it fails."""
        try:
            self.train()
        except BaseException:
            self._publish_log(failed=True)
            raise
        self._publish_log(failed=False)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The plan's micro-batches of this process."""
        state = self.accelerator
        batches, _ = micro_batches(
            self.recipe.steps, self.args.per_device_train_batch_size, state.process_index, state.num_processes
        )
        return DataLoader(_Rows(self.recipe.rows), batch_sampler=batches, collate_fn=self._collate)

    def _collate(self, items: list[tuple[Any, bool]]) -> dict[str, Any]:
        batch = self.recipe.collate([row for row, _ in items])
        alive = torch.tensor([float(counts) for _, counts in items])
        batch["alive"] = alive
        batch["count"] = batch.get("count", torch.ones_like(alive)) * alive
        return batch

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """The contract's optimizer."""
        parameters = (self.model if model is None else model).named_parameters()
        self.optimizer: torch.optim.Optimizer = make_optimizer(self.recipe.optimizer, parameters)
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """The contract's schedule, over the steps of the plan."""
        self.lr_scheduler = make_schedule(optimizer or self.optimizer, self.recipe.optimizer, len(self.recipe.steps))
        return self.lr_scheduler

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> Tensor:
        counted: Tensor = sum(batch["count"].sum() for batch in batch_samples).to(device)
        total: Tensor = self.accelerator.gather(counted).sum()
        return total

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Tensor:
        """This micro-batch's part of the step's mean."""
        losses, described = self.row_losses(model, inputs)
        alive = inputs["alive"]
        # Gradients are averaged over processes; the factor makes that a sum.
        scale = self.accelerator.num_processes / num_items_in_batch
        for name, values in described.items():
            part = (values.detach() * alive).sum() * scale
            self._sums[name] = self._sums.get(name, torch.zeros_like(part)) + part
        loss: Tensor = (losses * alive).sum() * scale
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """One row per optimizer step."""
        if "grad_norm" not in logs:
            return
        step = self.state.global_step
        planned = self.recipe.steps[step - 1]
        loss, norm = float(logs["loss"]), float(logs["grad_norm"])
        if not (math.isfinite(loss) and math.isfinite(norm)):
            hint = "lower the learning rate, or clip gradients to a smaller norm"
            raise TrainerError("training-diverged", f"step {step}: loss {loss}, gradient norm {norm}", hint)
        tokens = sum(self.recipe.tokens(self.recipe.rows[row]) for row in planned.rows)
        described = {name: float(self.accelerator.reduce(value, "mean")) for name, value in self._sums.items()}
        self._sums = {}
        row = {"step": step, "epoch": planned.epoch, "loss": loss, "lr": logs["learning_rate"], "gradNorm": norm}
        self.log_rows.append({**row, "tokens": tokens, "split": "train", **described})
        self._seen += tokens
        total = self.recipe.total_tokens
        if self._report(min(self._seen, total) if total else step):
            self.context.events.metric("loss", loss, step)
        if self.recipe.after_step(step):
            self.control.should_training_stop = True

    def save_as(self, name: str, loaded: Loaded) -> None:
        """Publishes the weights as they are now, with the rest of the folder that they were loaded from."""
        state = self.gathered_state()
        if self.is_world_process_zero():
            save(self.context, name, replace(loaded, model=self.accelerator.unwrap_model(self.model)), state)

    def gathered_state(self) -> dict[str, Tensor] | None:
        """Full weights from all GPUs; None where the model has them itself."""
        if self.accelerator.num_processes == 1:
            return None
        state: dict[str, Tensor] = self.accelerator.get_state_dict(self.model)
        return state

    def _publish_log(self, *, failed: bool) -> None:
        if not self.is_world_process_zero():
            return
        try:
            publish_rows(self.context.outputs, "log", self.log_rows)
        except Exception:
            # The rows so far help to see what went wrong; that they cannot be written must not hide it.
            if not failed:
                raise


def training_arguments(context: StepContext[Any], recipe: Recipe) -> dict[str, Any]:
    """Arguments of the Trainer that leave every decision to the recipe."""
    resources = context.resources
    world = process_count()
    largest = max(len(step.rows) for step in recipe.steps)
    # Batches on a CPU are small; on a GPU the paper's mini-batch is 1.
    micro_batch = min(resources.micro_batch or DEFAULT_MICRO_BATCH, max(1, math.ceil(largest / world)))
    _, accumulation = micro_batches(recipe.steps, micro_batch, 0, world)
    return {
        "output_dir": tempfile.gettempdir(),
        "per_device_train_batch_size": micro_batch,
        "gradient_accumulation_steps": accumulation,
        "max_steps": len(recipe.steps),
        "max_grad_norm": recipe.optimizer.clip_norm,
        "bf16": recipe.precision == "bfloat16",
        # With several processes FSDP does it, and transformers refuses both.
        "gradient_checkpointing": resources.gradient_checkpointing and world == 1,
        "use_cpu": not torch.cuda.is_available(),
        "seed": context.seed % 2**32,
        "logging_steps": 1,
        "logging_strategy": "steps",
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "eval_strategy": "no",
        "report_to": "none",
        "remove_unused_columns": False,
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }
