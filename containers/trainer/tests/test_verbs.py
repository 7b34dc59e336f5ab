"""Every verb end to end: files in, files out, the same bytes twice."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM

from conftest import ADAMW, ARCHITECTURE, DEMONSTRATIONS, EXAMPLES, PAIRS, PROMPTS, Done, Run, tokenizer_json

LORA = {"rank": 4, "alpha": 8}
SCORED = [{"id": row["id"], "prompt": row["prompt"], "answer": row["answer"]} for row in DEMONSTRATIONS]


def digests(done: Done) -> dict[str, str]:
    root = done.folder / "outputs"
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def job(name: str, run: Run, model: Path) -> Done:
    sft = {"epochs": 2, "batchSize": 4, "optimizer": ADAMW}
    dpo = {"beta": 0.5, "epochs": 1, "batchSize": 4, "optimizer": {"name": "rmsprop", "lr": 1e-3}}
    if name == "pretrain":
        corpus = [{"text": f"{row['prompt']} {row['answer']}"} for row in DEMONSTRATIONS]
        params = {"architecture": ARCHITECTURE, "tokens": 300, "sequenceLength": 16, "batchSize": 2, "optimizer": ADAMW}
        return run("pretrain", params, {"corpus": corpus, "tokenizer": tokenizer_json()})
    if name == "sft":
        return run("sft", {**sft, "checkpoints": 3}, {"model": model, "demonstrations": DEMONSTRATIONS})
    if name == "sft lora":
        return run("sft", {**sft, "lora": LORA}, {"model": model, "demonstrations": DEMONSTRATIONS})
    if name == "dpo":
        return run("dpo", dpo, {"model": model, "pairs": PAIRS})
    if name == "dpo lora":
        return run("dpo", {**dpo, "lora": LORA}, {"model": model, "pairs": PAIRS})
    if name == "evaluator":
        params = {"epochs": 3, "batchSize": 4, "optimizer": ADAMW, "patience": 3}
        return run("evaluator", params, {"model": model, "train": EXAMPLES, "validation": EXAMPLES[:6]})
    if name == "sample":
        decoding = {"kind": "temperature", "temperature": 0.7, "samples": 3}
        return run("sample", {"decoding": decoding, "maxAnswerTokens": 8}, {"model": model, "prompts": PROMPTS})
    return run("score", {"kind": "logprob"}, {"model": model, "rows": SCORED})


JOBS = ["pretrain", "sft", "sft lora", "dpo", "dpo lora", "evaluator", "sample", "score"]


@pytest.mark.parametrize("name", JOBS)
def test_same_step_twice_leaves_the_same_bytes(name: str, run: Run, model: Path) -> None:
    first, second = job(name, run, model), job(name, run, model)
    assert digests(first) == digests(second)
    assert {event["type"] for event in first.events} <= {"progress", "metric", "note"}
    last = [event for event in first.events if event["type"] == "progress"][-1]
    assert last["done"] == last["total"]
    assert not list((first.folder / "outputs").glob(".*"))


def test_sft_learns_and_leaves_its_checkpoints(run: Run, model: Path) -> None:
    done = run("sft", {"epochs": 12, "batchSize": 4, "optimizer": ADAMW, "checkpoints": 3},
               {"model": model, "demonstrations": DEMONSTRATIONS})  # fmt: skip
    log = done.rows("log")
    assert [row["step"] for row in log] == list(range(1, 37))
    assert log[0]["epoch"] == 1
    assert log[-1]["epoch"] == 12
    assert log[-1]["loss"] < 0.5 * log[0]["loss"]
    assert set(log[0]) == {"step", "epoch", "loss", "lr", "gradNorm", "tokens", "split"}
    names = sorted(path.name for path in (done.folder / "outputs").iterdir())
    assert names == ["checkpoint-01", "checkpoint-02", "checkpoint-03", "log", "model"]
    weights = [done.path(name) / "model.safetensors" for name in ("checkpoint-02", "checkpoint-03", "model")]
    assert weights[0].read_bytes() != weights[1].read_bytes() == weights[2].read_bytes()


def test_evaluator_keeps_the_best_epoch_and_scores(run: Run, model: Path) -> None:
    # The validation labels are the wrong way round: each epoch of learning makes it worse, and the first is the best.
    reversed_labels = [{**row, "label": 1 - row["label"]} for row in EXAMPLES]
    params = {"epochs": 9, "batchSize": 4, "optimizer": {"name": "adamw", "lr": 1e-2}, "patience": 2}
    done = run("evaluator", params, {"model": model, "train": EXAMPLES, "validation": reversed_labels})
    losses = [row["loss"] for row in done.rows("log") if row["split"] == "validation"]
    assert len(losses) == 3
    assert min(losses) == losses[0] < losses[2]
    rows = [{"id": row["id"], "text": row["text"]} for row in EXAMPLES]
    scores = run("score", {"kind": "classifier"}, {"model": done.path("model"), "rows": rows}).rows("scores")
    import math

    labels = {row["id"]: row["label"] for row in reversed_labels}
    measured = -sum(math.log(row["probabilities"][labels[row["id"]]]) for row in scores) / len(scores)
    assert measured == pytest.approx(min(losses), rel=1e-5)
    assert all(sum(row["probabilities"]) == pytest.approx(1) for row in scores)


def test_adapters_are_trained_sampled_and_scored_on_their_base(run: Run, model: Path) -> None:
    adapter = job("sft lora", run, model).path("model")
    assert (adapter / "adapter_model.safetensors").is_file()
    assert (adapter / "tokenizer.json").read_bytes() == (model / "tokenizer.json").read_bytes()
    assert str(model) not in (adapter / "adapter_config.json").read_text()
    inputs = {"model": adapter, "base": model}
    dpo = {"beta": 0.1, "epochs": 1, "batchSize": 4, "optimizer": {"name": "rmsprop", "lr": 1e-3}}
    log = run("dpo", dpo, {**inputs, "pairs": PAIRS}).rows("log")
    # Policy and reference start as one: h = 0, so the loss is log 2 and the margin nothing, to the last bit of a sum.
    assert log[0]["loss"] == pytest.approx(0.6931471805599453, abs=1e-6)
    assert abs(log[0]["margin"]) < 1e-6
    greedy = {"decoding": {"kind": "greedy"}, "maxAnswerTokens": 6}
    answers = run("sample", greedy, {**inputs, "prompts": PROMPTS}).rows("answers")
    asked = {row["id"]: row["prompt"] for row in PROMPTS}
    finished = [row for row in answers if row["finished"]]
    rows = [{"id": row["id"], "prompt": asked[row["id"]], "answer": row["answer"]} for row in finished]
    scores = run("score", {"kind": "logprob"}, {**inputs, "rows": rows}).rows("scores")
    assert [row["logprob"] for row in scores] == pytest.approx([row["logprob"] for row in finished], abs=1e-4)
    assert [row["tokens"] for row in scores] == [row["tokens"] for row in finished]


def test_bfloat16_trains_near_float32(run: Run, model: Path) -> None:
    params = {"epochs": 1, "batchSize": 4, "optimizer": ADAMW}
    inputs = {"model": model, "demonstrations": DEMONSTRATIONS}
    full = run("sft", params, inputs).rows("log")
    half = run("sft", {**params, "precision": "bfloat16"}, inputs)
    assert [row["loss"] for row in half.rows("log")] == pytest.approx([row["loss"] for row in full], rel=0.05)
    # Master weights stay in float32: an update of 1e-6 would vanish in bfloat16.
    assert AutoModelForCausalLM.from_pretrained(half.path("model")).dtype.itemsize == 4


def test_adafactor_trains(run: Run, model: Path) -> None:
    params = {"epochs": 6, "batchSize": 4, "optimizer": {"name": "adafactor", "lr": 1e-2}}
    log = run("sft", params, {"model": model, "demonstrations": DEMONSTRATIONS}).rows("log")
    assert log[-1]["loss"] < log[0]["loss"]
