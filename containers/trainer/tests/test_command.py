"""The command: what is on stdout, exit statuses, cancellation, `check`, and several GPUs' command lines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import ADAMW, DEMONSTRATIONS
from ilr_trainer.cli import CANCELLED, run_command
from ilr_trainer.errors import as_trainer_error
from ilr_trainer.events import Events
from ilr_trainer.launch import _relay, launch_commands
from ilr_trainer.resources import Resources, read_resources
from ilr_trainer.run import limit_gpus
from ilr_trainer.seeded import SeededRandom
from ilr_trainer.step import read_step

SOURCES = str(Path(__file__).parents[1] / "src")
SFT = {"epochs": 1, "batchSize": 4, "optimizer": ADAMW}
ENVIRONMENT = {**os.environ, "PYTHONPATH": SOURCES, "OMP_NUM_THREADS": "1"}


def in_process(folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """The command's body without taking this process's stdout."""
    lines: list[str] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        status = run_command(folder, lines.append)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return status, [json.loads(line) for line in lines]


def test_stdout_holds_events_only_and_sigterm_stops_within_seconds(
    step_folder: Callable[..., Path], model: Path
) -> None:
    folder = step_folder("sft", {**SFT, "epochs": 100_000}, {"model": model, "demonstrations": DEMONSTRATIONS})
    command = [sys.executable, "-m", "ilr_trainer", "run", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert process.stdout
    first = json.loads(process.stdout.readline())
    assert (first["type"], first["unit"]) == ("progress", "steps")
    process.terminate()
    rest, errors = process.communicate(timeout=10)
    events = [json.loads(line) for line in rest.splitlines()]
    assert process.returncode == CANCELLED, errors
    assert events[-1]["type"] == "error"
    assert events[-1]["code"] == "cancelled"
    assert {event["type"] for event in events[:-1]} <= {"progress", "metric", "note"}
    assert not (folder / "outputs/model").exists()


def test_failures_are_events_and_exit_1(step_folder: Callable[..., Path], model: Path, tmp_path: Path) -> None:
    assert in_process(tmp_path / "nowhere")[1][0]["code"] == "input-missing"
    folder = step_folder("sft", SFT, {"model": model, "demonstrations": "{}\n"})
    status, events = in_process(folder)
    assert status == 1
    assert events == [
        {
            "type": "error",
            "code": "input-damaged",
            "message": "demonstrations, line 1: id is missing; expected a string",
            "hint": "data artifacts are JSON Lines, one object a line",
        }
    ]
    (folder / "inputs/demonstrations").unlink()
    assert in_process(folder)[1][0]["code"] == "input-missing"


def test_divergence_is_said_and_leaves_no_model(step_folder: Callable[..., Path], model: Path) -> None:
    diverging = {"name": "adamw", "lr": 1e30, "warmup": 0, "schedule": "constant"}
    params = {**SFT, "epochs": 3, "optimizer": diverging}
    folder = step_folder("sft", params, {"model": model, "demonstrations": DEMONSTRATIONS})
    status, events = in_process(folder)
    assert (status, events[-1]["code"]) == (1, "training-diverged")
    assert [path.name for path in (folder / "outputs").iterdir()] == ["log"]


def test_out_of_memory_has_a_remedy() -> None:
    import torch

    error = as_trainer_error(torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
    assert error.code == "step-failed"
    assert "microBatch" in (error.hint or "")
    assert as_trainer_error(OSError(28, "No space left on device")).code == "store-full"


def test_check_says_what_is_there() -> None:
    command = [sys.executable, "-m", "ilr_trainer", "check"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT).stdout)
    assert found["problems"] == []
    assert found["versions"]["torch"]
    assert set(found) == {
        "package", "version", "contract", "identity", "versions", "devices", "capabilities", "problems",
    }  # fmt: skip
    # -S hides installed packages: a machine without torch.
    without = json.loads(
        subprocess.run([command[0], "-S", *command[1:]], check=True, capture_output=True, env=ENVIRONMENT).stdout
    )
    assert without["versions"]["torch"] is None
    assert without["problems"][0]["problem"] == "torch is not installed"
    assert without["problems"][0]["remedy"]
    # Other versions may compute other results.
    assert without["identity"] != found["identity"]


def test_several_gpus_are_asked_of_accelerate(step_folder: Callable[..., Path], model: Path) -> None:
    resources = {"gpus": 4, "gradientCheckpointing": True}
    inputs = {"model": model, "demonstrations": DEMONSTRATIONS}
    folder = step_folder("sft", {**SFT, "precision": "bfloat16"}, inputs, resources=resources)
    (command,) = launch_commands(read_step(folder), read_resources(folder), folder)
    text = " ".join(command)
    assert text.startswith(f"{sys.executable} -m accelerate.commands.launch")
    assert text.endswith(f"-m ilr_trainer run {folder}")
    for option in ("--num_processes 4", "--mixed_precision bf16", "--use_fsdp", "--fsdp_version 2",
                   "--fsdp_activation_checkpointing true"):  # fmt: skip
        assert option in text
    from accelerate.commands.launch import launch_command_parser

    parsed = launch_command_parser().parse_args(command[3:])
    assert (parsed.num_processes, parsed.training_script, parsed.training_script_args) == (
        4,
        "ilr_trainer",
        ["run", str(folder)],
    )
    dpo = {"beta": 0.1, "epochs": 1, "batchSize": 4, "optimizer": ADAMW}
    folder = step_folder("dpo", dpo, {"model": model, "pairs": ""})
    commands = launch_commands(read_step(folder), Resources(gpus=2), folder)
    assert [command[-1] for command in commands] == ["--only-reference", str(folder)]


@pytest.mark.parametrize(
    ("visible", "count", "left"),
    [(None, 1, "0"), (None, 3, "0,1,2"), ("4,5,6", 1, "4"), ("4,5,6", 2, "4,5"), ("", 1, "")],
)
def test_a_process_sees_the_gpus_it_may_use(visible: str | None, count: int, left: str, monkeypatch: Any) -> None:
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    limit_gpus(count)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == left


def test_of_several_processes_errors_the_cause_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        {"type": "progress", "done": 1, "total": 2, "unit": "steps"},
        {"type": "error", "code": "cancelled", "message": "stopped by the launcher"},
        {"type": "error", "code": "step-failed", "message": "out of memory", "hint": "smaller"},
    ]
    script = "import sys; print('noise'); [print(line) for line in sys.argv[1:]]; sys.exit(1)"
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(json.dumps, lines)], stdout=subprocess.PIPE, text=True
    )
    passed: list[str] = []
    with pytest.raises(Exception, match="out of memory"):
        _relay(process, passed.append)
    assert [json.loads(line)["type"] for line in passed] == ["progress"]
    assert "noise" in capsys.readouterr().err


def test_events_never_hold_what_json_cannot() -> None:
    lines: list[str] = []
    events = Events(lines.append, main_process=False)
    events.note("only the first process talks")
    assert lines == []
    with pytest.raises(ValueError, match="JSON"):
        Events(lines.append).metric("loss", float("nan"), 1)


def test_draws_are_the_kits() -> None:
    # kernel-lib/src/core/random.ts: seededRandom(0, "split"), then seededRandom("sample", 0, "q\"é", 3).
    random = SeededRandom(0, "split")
    assert [random.below(1000) for _ in range(5)] == KIT["below"]
    assert SeededRandom("sample", 0, 'q"é', 3).next() == KIT["next"]
    assert SeededRandom(1, "x").normal() == pytest.approx(KIT["normal"], rel=1e-14)
    assert SeededRandom(1, "x").shuffle(range(8)) == KIT["shuffle"]


KIT: dict[str, Any] = {
    "below": [809, 734, 423, 94, 250],
    "next": 0.5748951729562493,
    "normal": 0.3969153101728676,
    "shuffle": [5, 7, 1, 3, 2, 4, 6, 0],
}


@pytest.mark.slow
@pytest.mark.parametrize("weighting", ["per-example", "per-token"])
def test_two_processes_take_the_steps_of_one(weighting: str, step_folder: Callable[..., Path], model: Path) -> None:
    params = {**SFT, "epochs": 2, "lossWeighting": weighting, "checkpoints": 2}
    inputs = {"model": model, "demonstrations": DEMONSTRATIONS}
    folders = [step_folder("sft", params, inputs, resources={"gpus": gpus, "microBatch": 2}) for gpus in (1, 2)]
    logs = []
    for folder in folders:
        command = [sys.executable, "-m", "ilr_trainer", "run", str(folder)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT)
        assert done.returncode == 0, done.stderr
        assert all(json.loads(line) for line in done.stdout.splitlines())
        logs.append([json.loads(line) for line in (folder / "outputs/log").read_text().splitlines()])
    for field in ("loss", "gradNorm", "lr", "tokens"):
        one, two = ([row[field] for row in log] for log in logs)
        assert two == pytest.approx(one, rel=1e-4)
