"""Optimizers and the learning-rate schedule of the contract, as the embedded engine has them (engine/schedule.ts)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from transformers.optimization import Adafactor

from ilr_trainer.params import Optimizer


def learning_rate(optimizer: Optimizer, step: int, total: int) -> float:
    """Learning rate of a step (from 0) of `total`: linear warm-up from 0, then a cosine to 0 or the peak for ever.

    Warm-up is rounded up to whole steps.
    """
    warmup = math.ceil(optimizer.warmup * total)
    if step < warmup:
        return optimizer.lr * step / max(1, warmup)
    if optimizer.schedule == "constant":
        return optimizer.lr
    progress = (step - warmup) / max(1, total - warmup)
    return optimizer.lr * 0.5 * (1 + math.cos(math.pi * progress))


def make_optimizer(optimizer: Optimizer, parameters: Iterable[tuple[str, nn.Parameter]]) -> torch.optim.Optimizer:
    """The optimizer over trainable parameters; weight decay on matrices only, not on norms."""
    trained = [(name, parameter) for name, parameter in parameters if parameter.requires_grad]
    # By name, too: FSDP may show a parameter flattened.
    matrices = [parameter for name, parameter in trained if parameter.ndim >= 2 and "norm" not in name]
    vectors = [parameter for name, parameter in trained if parameter.ndim < 2 or "norm" in name]
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": optimizer.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    if optimizer.name == "adamw":
        betas = (optimizer.beta1, optimizer.beta2)
        return torch.optim.AdamW(groups, lr=optimizer.lr, betas=betas, eps=optimizer.eps)
    if optimizer.name == "rmsprop":
        return torch.optim.RMSprop(groups, lr=optimizer.lr, alpha=optimizer.alpha, eps=optimizer.eps)
    # As transformers' trainer sets it up (the paper's 70B models): the step size is lr, not relative to the weights.
    # AdaFactor keeps its own small numbers; the contract's eps is AdamW's and RMSprop's.
    adafactor: torch.optim.Optimizer = Adafactor(groups, lr=optimizer.lr, scale_parameter=False, relative_step=False)
    return adafactor


def make_schedule(
    torch_optimizer: torch.optim.Optimizer, optimizer: Optimizer, total: int
) -> torch.optim.lr_scheduler.LambdaLR:
    """`learning_rate` as PyTorch's schedulers want it: a factor of the peak."""
    return torch.optim.lr_scheduler.LambdaLR(
        torch_optimizer, lambda step: learning_rate(optimizer, step, total) / optimizer.lr
    )
