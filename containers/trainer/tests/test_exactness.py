"""The loss is what the contract says for every way of cutting a batch, and what TRL and PyTorch compute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from transformers import get_constant_schedule_with_warmup, get_cosine_schedule_with_warmup

from conftest import ADAMW, DEMONSTRATIONS, PAIRS, Run, save_tiny, tiny_model
from ilr_trainer.errors import TrainerError
from ilr_trainer.fields import Fields
from ilr_trainer.optimizers import learning_rate, make_optimizer, make_schedule
from ilr_trainer.params import PARSERS
from ilr_trainer.training import PlannedStep, micro_batches
from ilr_trainer.verbs.dpo import preference_losses
from ilr_trainer.verbs.sft import checkpoint_steps

LAYOUTS: list[dict[str, Any]] = [
    {"microBatch": 2},
    {"microBatch": 3, "gradientCheckpointing": True},
    {"microBatch": 5, "paddingFree": True},
]


def close(got: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    for field in ("loss", "gradNorm", "margin"):
        if field in expected[0]:
            assert [row[field] for row in got] == pytest.approx([row[field] for row in expected], rel=2e-5, abs=1e-6)


@pytest.mark.parametrize("weighting", ["per-example", "per-token"])
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_sft_equals_mini_batch_1(weighting: str, layout: dict[str, Any], run: Run, model: Path) -> None:
    # 11 rows in batches of 9: the last batch of an epoch has two rows, so rows are repeated that must not count;
    # micro-batches of 2 and 5 do not divide 9.
    params = {"epochs": 2, "batchSize": 9, "optimizer": {**ADAMW, "lr": 1e-4, "warmup": 0}, "lossWeighting": weighting}
    inputs = {"model": model, "demonstrations": DEMONSTRATIONS}
    one = run("sft", params, inputs, resources={"microBatch": 1}).rows("log")
    close(run("sft", params, inputs, resources=layout).rows("log"), one)


@pytest.mark.parametrize("verb", ["sft", "dpo"])
def test_checkpointing_changes_no_adapter_gradient(verb: str, run: Run, model: Path) -> None:
    params = {"epochs": 1, "batchSize": 5, "optimizer": ADAMW, "lora": {"rank": 4, "alpha": 8}}
    params |= {"beta": 0.5} if verb == "dpo" else {}
    inputs = {"model": model, **({"pairs": PAIRS} if verb == "dpo" else {"demonstrations": DEMONSTRATIONS})}
    plain = run(verb, params, inputs).rows("log")
    assert plain[0]["gradNorm"] > 1e-3
    close(run(verb, params, inputs, resources={"gradientCheckpointing": True}).rows("log"), plain)


def test_the_two_weightings_differ(run: Run, model: Path) -> None:
    params = {"epochs": 1, "batchSize": 5, "optimizer": ADAMW}
    inputs = {"model": model, "demonstrations": DEMONSTRATIONS}
    example = run("sft", {**params, "lossWeighting": "per-example"}, inputs).rows("log")[0]
    token = run("sft", {**params, "lossWeighting": "per-token"}, inputs).rows("log")[0]
    assert abs(example["loss"] - token["loss"]) > 1e-3


@pytest.mark.parametrize("loss", ["sigmoid", "ipo"])
@pytest.mark.parametrize("layout", LAYOUTS[::2], ids=str)
def test_dpo_equals_mini_batch_1(loss: str, layout: dict[str, Any], run: Run, model: Path, tmp_path: Path) -> None:
    # Small steps: RMSprop divides by gradients, so that rounding of small ones would grow from step to step.
    optimizer = {"name": "rmsprop", "lr": 1e-6, "warmup": 0}
    params = {"beta": 0.5, "loss": loss, "epochs": 2, "batchSize": 9, "optimizer": optimizer}
    reference = save_tiny(tmp_path / "reference", tiny_model(9))
    inputs = {"model": model, "reference": reference, "pairs": PAIRS}
    one = run("dpo", params, inputs, resources={"microBatch": 1}).rows("log")
    assert abs(one[0]["margin"]) > 0.1
    close(run("dpo", params, inputs, resources=layout).rows("log"), one)


def test_margins_that_one_process_prepared_are_the_same(run: Run, step_folder: Any, model: Path) -> None:
    from ilr_trainer.events import Events
    from ilr_trainer.run import run_step

    params = {"beta": 0.5, "epochs": 1, "batchSize": 5, "optimizer": {"name": "rmsprop", "lr": 1e-3}}
    inputs = {"model": model, "pairs": PAIRS}
    folder = step_folder("dpo", params, inputs)
    run_step(folder, Events(lambda line: None), only_reference=True)
    assert not (folder / "outputs").exists()
    run_step(folder, Events(lambda line: None))
    expected = run("dpo", params, inputs).path("log").read_bytes()
    assert (folder / "outputs/log").read_bytes() == expected


def test_preference_losses_are_the_papers() -> None:
    margins = torch.tensor([-2.0, 0.0, 0.3, 5.0], dtype=torch.float64)

    def losses(**changes: Any) -> torch.Tensor:
        document = {"beta": 0.3, "epochs": 1, "batchSize": 1, "optimizer": {"name": "rmsprop", "lr": 1}, **changes}
        return preference_losses(margins, PARSERS["dpo"](Fields(document, "params")))  # type: ignore[arg-type]

    chosen, rejected = torch.sigmoid(0.3 * margins), torch.sigmoid(-0.3 * margins)
    torch.testing.assert_close(losses(), -chosen.log())
    torch.testing.assert_close(losses(labelSmoothing=0.2), -0.8 * chosen.log() - 0.2 * rejected.log())
    torch.testing.assert_close(losses(loss="ipo"), (margins - 1 / 0.6) ** 2)
    torch.testing.assert_close(losses(loss={"formula": "-log_sigmoid(beta * margin)"}), losses())
    smoothed = {"labelSmoothing": 0.2}
    torch.testing.assert_close(losses(loss={"formula": "softplus(-beta*margin)"}, **smoothed), losses(**smoothed))
    hinge = torch.tensor([1.6, 1.0, 0.91, 0.0], dtype=torch.float64)
    torch.testing.assert_close(losses(loss={"formula": "max(0, 1 - beta * margin)"}), hinge)


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os')",
        "margin.exp()",
        "margin ** 2",
        "exp(margin, 2)",
        "max(*[margin])",
        "1 + beta",
        "margin if 1 else 0",
        3,
    ],
)
def test_a_formula_is_arithmetic_and_nothing_else(formula: object) -> None:
    document = {
        "beta": 0.3,
        "epochs": 1,
        "batchSize": 1,
        "optimizer": {"name": "rmsprop", "lr": 1},
        "loss": {"formula": formula},
    }
    with pytest.raises(TrainerError, match=r"params\.loss\.formula"):
        PARSERS["dpo"](Fields(document, "params"))


def test_sft_loss_is_what_transformers_says(run: Run, model: Path) -> None:
    # One batch of all rows against a forward pass row by row, without any of the trainer's code.
    params = {"epochs": 1, "batchSize": 11, "optimizer": {**ADAMW, "warmup": 0}}
    got = run("sft", params, {"model": model, "demonstrations": DEMONSTRATIONS}).rows("log")[0]
    from ilr_trainer.models import load_tokenizer

    scratch, tokenizer = tiny_model(), load_tokenizer(model)
    losses = []
    for row in DEMONSTRATIONS:
        prompt = tokenizer(row["prompt"], add_special_tokens=False)["input_ids"]
        answer = [*tokenizer(row["answer"], add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
        logits = scratch(torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1]
        losses.append(F.cross_entropy(logits, torch.tensor(answer)))
    loss = torch.stack(losses).mean()
    loss.backward()
    norm = torch.nn.utils.get_total_norm([p.grad for p in scratch.parameters() if p.grad is not None])
    assert got["loss"] == pytest.approx(loss.item(), rel=1e-6)
    assert got["gradNorm"] == pytest.approx(norm.item(), rel=1e-5)


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
@pytest.mark.parametrize(("warmup", "total"), [(0, 7), (0.05, 30), (0.33, 10), (1, 4)])
def test_schedule_is_transformers(schedule: str, warmup: float, total: int) -> None:
    import math

    document = {"name": "adamw", "lr": 3e-4, "schedule": schedule, "warmup": warmup}
    optimizer = PARSERS["sft"](Fields({"epochs": 1, "batchSize": 1, "optimizer": document}, "params")).optimizer
    weight = torch.nn.Parameter(torch.zeros(2, 2))
    own = make_schedule(make_optimizer(optimizer, [("w", weight)]), optimizer, total)
    theirs_of = torch.optim.SGD([weight], lr=3e-4)
    steps = math.ceil(warmup * total)
    theirs = (
        get_cosine_schedule_with_warmup(theirs_of, steps, total)
        if schedule == "cosine"
        else get_constant_schedule_with_warmup(theirs_of, steps)
    )
    for step in range(total):
        rate = learning_rate(optimizer, step, total)
        assert rate == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        assert rate == pytest.approx(own.get_last_lr()[0], rel=1e-12)
        theirs_of.step()
        theirs.step()
        own.optimizer.step()
        own.step()


def test_weight_decay_spares_norms_and_takes_the_contracts_numbers() -> None:
    document = {"name": "rmsprop", "lr": 1e-3, "alpha": 0.9, "eps": 1e-6, "weightDecay": 0.1}
    optimizer = PARSERS["sft"](Fields({"epochs": 1, "batchSize": 1, "optimizer": document}, "params")).optimizer
    made = make_optimizer(optimizer, tiny_model().named_parameters())
    decayed, spared = made.param_groups
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.1, 0.0)
    assert (decayed["alpha"], decayed["eps"], decayed["lr"]) == (0.9, 1e-6, 1e-3)
    assert {p.ndim for p in decayed["params"]} == {2}
    assert len(spared["params"]) == 5


@pytest.mark.parametrize(("micro", "world"), [(1, 1), (2, 1), (3, 2), (8, 4)])
def test_micro_batches_hold_every_row_once(micro: int, world: int) -> None:
    steps = [PlannedStep(1, [3, 1, 4, 0, 2]), PlannedStep(1, [5]), PlannedStep(2, [0, 5, 2, 1, 3])]
    ranks = [micro_batches(steps, micro, rank, world) for rank in range(world)]
    per_step = ranks[0][1]
    for batches, count in ranks:
        assert count == per_step
        assert len(batches) == per_step * len(steps)
        assert all(0 < len(batch) <= micro for batch in batches)
    for k, step in enumerate(steps):
        mine = [batch for batches, _ in ranks for batch in batches[k * per_step : (k + 1) * per_step]]
        assert sorted(row for batch in mine for row in batch if row >= 0) == sorted(step.rows)


def test_checkpoints_are_evenly_spaced() -> None:
    assert checkpoint_steps(3, 36) == [12, 24, 36]
    # JavaScript's Math.round: halves up.
    assert checkpoint_steps(4, 10) == [3, 5, 8, 10]
    assert checkpoint_steps(5, 2) == [1, 1, 1, 2, 2]
    assert checkpoint_steps(0, 9) == []
