"""The step document is read strictly, and inputs that break their form are named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conftest import ADAMW, DEMONSTRATIONS, Run
from ilr_trainer import schema_file
from ilr_trainer.errors import TrainerError
from ilr_trainer.step import parse_step, read_step

SFT = {"epochs": 1, "batchSize": 2, "optimizer": {"name": "adamw", "lr": 1e-3}}


def document(**changes: Any) -> dict[str, Any]:
    inputs = {"model": "tree:0", "demonstrations": "file:0"}
    return {"verb": "sft", "contract": 1, "params": SFT, "inputs": inputs, "seed": 0, **changes}


def test_defaults_are_the_contracts() -> None:
    params = parse_step(document()).params
    assert params.loss_weighting == "per-example"  # type: ignore[union-attr]
    assert params.precision == "float32"
    optimizer = params.optimizer  # type: ignore[union-attr]
    assert (optimizer.beta1, optimizer.beta2, optimizer.alpha, optimizer.eps) == (0.9, 0.999, 0.99, 1e-8)
    assert (optimizer.schedule, optimizer.warmup, optimizer.clip_norm, optimizer.weight_decay) == ("cosine", 0.05, 1, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verb": "stf"}, 'step.verb is "stf"; expected one of pretrain, sft'),
        ({"contract": 2}, "step.contract is 2"),
        ({"seed": -1}, "step.seed is -1; expected a whole number from 0"),
        ({"seeed": 1}, "unknown field 'seeed'"),
        ({"inputs": {"model": "tree:0"}}, 'sft lacks input "demonstrations"'),
        ({"inputs": {"model": "t", "demonstrations": "f", "pairs": "f"}}, 'sft has no input "pairs"'),
        ({"params": {**SFT, "epochs": 0}}, "params.epochs is 0; expected a whole number from 1"),
        ({"params": {**SFT, "epochs": True}}, "params.epochs is true"),
        ({"params": {**SFT, "batchsize": 1}}, "params has an unknown field 'batchsize'"),
        (
            {"params": {**SFT, "optimizer": {**ADAMW, "lr": 0}}},
            "params.optimizer.lr is 0; expected a finite number above 0",
        ),
        ({"params": {**SFT, "optimizer": {"name": "adamw"}}}, "params.optimizer lacks lr"),
        ({"params": {**SFT, "lora": {"rank": 4}}}, "params.lora lacks alpha"),
        ({"params": {**SFT, "precision": "int8"}}, 'params.precision is "int8"'),
        ({"params": {**SFT, "checkpoints": 100}}, "params.checkpoints is 100"),
    ],
)
def test_what_breaks_the_contract_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainerError) as caught:
        parse_step(document(**changes))
    assert caught.value.code == "step-invalid"
    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            '{"id": "a", "prompt": "the", "answer": "1"}\n{"id": "b", "prompt": 3, "answer": ""}\n',
            "line 2: prompt is 3",
        ),
        ('{"id": "a", "prompt": "the"', "line 1: not JSON"),
        ("[1]\n", "line 1: expected an object"),
        ("\n\n", "demonstrations has no rows"),
    ],
)
def test_damaged_rows_are_named(rows: str, message: str, run: Run, model: Any) -> None:
    with pytest.raises(TrainerError, match=message) as caught:
        run("sft", SFT, {"model": model, "demonstrations": rows})
    assert caught.value.code == "input-damaged"


def test_rows_may_hold_line_separators_of_unicode(run: Run, model: Any) -> None:
    rows = [{"id": "a", "prompt": "the \u2028 1", "answer": "\u0085 1"}]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    assert run("score", {"kind": "logprob"}, {"model": model, "rows": text}).rows("scores")[0]["id"] == "a"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "long", "prompt": "1 " * 80, "answer": "1"}, "demonstration long takes 81 tokens; the model has 64"),
        ({"id": "void", "prompt": "", "answer": ""}, "demonstration void has neither a prompt nor an answer"),
    ],
)
def test_rows_that_do_not_fit_are_refused(row: dict[str, str], message: str, run: Run, model: Any) -> None:
    with pytest.raises(TrainerError, match=message) as caught:
        run("sft", SFT, {"model": model, "demonstrations": [row]})
    assert caught.value.code == "unsupported"


def test_models_that_are_not_whole_are_refused(run: Run, model: Any) -> None:
    from safetensors.torch import load_file, save_file

    inputs = {"model": model, "demonstrations": DEMONSTRATIONS}
    weights = load_file(model / "model.safetensors")
    removed = weights.pop("model.norm.weight")
    save_file(weights, model / "model.safetensors", {"format": "pt"})
    with pytest.raises(TrainerError, match=r'lack tensor "model\.norm\.weight"') as caught:
        run("sft", SFT, inputs)
    assert caught.value.code == "input-damaged"
    save_file({**weights, "model.norm.weight": removed}, model / "model.safetensors", {"format": "pt"})
    whole = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TrainerError) as caught:
        run("sft", SFT, inputs)
    assert caught.value.code == "input-damaged"


def test_a_language_model_is_no_evaluator(run: Run, model: Any) -> None:
    with pytest.raises(TrainerError, match="head lm; expected classifier"):
        run("score", {"kind": "classifier"}, {"model": model, "rows": [{"id": "a", "text": "the"}]})


def test_an_adapter_needs_its_base(run: Run, model: Any) -> None:
    inputs = {"model": model, "demonstrations": DEMONSTRATIONS}
    adapter = run("sft", {**SFT, "lora": {"rank": 2, "alpha": 4}}, inputs).path("model")
    with pytest.raises(TrainerError, match='there is no input "base"') as caught:
        run("sft", SFT, {**inputs, "model": adapter})
    assert caught.value.code == "step-invalid"
    other = {**SFT, "lora": {"rank": 3, "alpha": 4}}
    with pytest.raises(TrainerError, match="rank 3"):
        run("sft", other, {**inputs, "model": adapter, "base": model})


def test_a_pointer_names_a_snapshot_of_the_hub(run: Run, model: Any, tmp_path: Any, monkeypatch: Any) -> None:
    asked: list[tuple[Any, ...]] = []

    def snapshot(repo: str, *, revision: str, local_files_only: bool, **patterns: Any) -> str:
        asked.append((repo, revision, local_files_only))
        return str(model)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    pointer = tmp_path / "pointer"
    pointer.mkdir()
    (pointer / "hub.json").write_text(json.dumps({"repo": "owner/name", "revision": "abc"}))
    rows = [{"id": "a", "prompt": "the", "answer": "1"}]
    by_pointer = run("score", {"kind": "logprob"}, {"model": pointer, "rows": rows}).rows("scores")
    assert by_pointer == run("score", {"kind": "logprob"}, {"model": model, "rows": rows}).rows("scores")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    run("score", {"kind": "logprob"}, {"model": pointer, "rows": rows})
    assert asked == [("owner/name", "abc", True), ("owner/name", "abc", False)]


def test_a_snapshot_that_is_not_there_is_missing(run: Run, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    pointer = tmp_path / "pointer"
    pointer.mkdir()
    (pointer / "hub.json").write_text(json.dumps({"repo": "owner/no-such-model", "revision": "abc"}))
    with pytest.raises(TrainerError, match="cannot get owner/no-such-model at abc") as caught:
        run("score", {"kind": "logprob"}, {"model": pointer, "rows": []})
    assert caught.value.code == "input-missing"
    assert "HF_HUB_OFFLINE=0" in (caught.value.hint or "")


def test_a_packaged_schema_is_a_second_check(step_folder: Any, tmp_path: Any, monkeypatch: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    assert jsonschema
    file = tmp_path / "step.schema.json"
    verb = {"const": "sft"}
    params = {"properties": {"lossWeighting": {"default": "per-example"}}, "required": ["lossWeighting"]}
    alternative = {"properties": {"verb": verb, "seed": {"maximum": 5}, "params": params}}
    file.write_text(json.dumps({"anyOf": [{"properties": {"verb": {"const": "dpo"}}}, alternative]}))
    monkeypatch.setattr(schema_file, "schema_file", lambda: file)
    read_step(step_folder("sft", SFT, {"model": "", "demonstrations": ""}, seed=5))
    folder = step_folder("sft", SFT, {"model": "", "demonstrations": ""}, seed=6)
    with pytest.raises(TrainerError, match=r"\$\.seed"):
        read_step(folder)
