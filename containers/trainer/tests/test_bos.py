"""F4: an evaluator that was trained without BOS can be asked with it, as the released code does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from conftest import ADAMW, EXAMPLES, Run
from ilr_trainer.errors import TrainerError
from ilr_trainer.step import parse_step

BOS = 2
"""`<unk>` stands in as the beginning of sequences: the scratch tokenizer has no token of its own for it."""
TEXTS = [{"id": row["id"], "text": row["text"]} for row in EXAMPLES]
CLASSIFIER = {"kind": "classifier"}


@pytest.fixture
def evaluator(run: Run, model: Path) -> Path:
    params = {"epochs": 2, "batchSize": 4, "optimizer": ADAMW}
    return run("evaluator", params, {"model": model, "train": EXAMPLES, "validation": EXAMPLES[:6]}).path("model")


def with_bos(folder: Path) -> None:
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "bos_token": "<unk>"}))


def test_bos_stands_before_each_classified_text(run: Run, evaluator: Path) -> None:
    with_bos(evaluator)
    inputs = {"model": evaluator, "rows": TEXTS}
    plain = run("score", CLASSIFIER, inputs).rows("scores")
    done = run("score", {**CLASSIFIER, "bos": True}, inputs)
    asked = done.rows("scores")
    assert not [event for event in done.events if event["type"] == "note"]
    # transformers alone, one text at a time, without padding.
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(evaluator)
    classifier = AutoModelForSequenceClassification.from_pretrained(evaluator).eval()
    for row, without, got in zip(TEXTS, plain, asked, strict=True):
        ids = tokenizer(row["text"], add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            for tokens, scored in (([BOS, *ids], got), (ids, without)):
                expected = classifier(torch.tensor([tokens])).logits[0].double().softmax(-1).tolist()
                assert scored["probabilities"] == pytest.approx(expected, abs=1e-5)
    assert max(abs(a["probabilities"][1] - b["probabilities"][1]) for a, b in zip(plain, asked, strict=True)) > 1e-3


def test_a_tokenizer_without_bos_changes_nothing_and_says_so(run: Run, evaluator: Path) -> None:
    inputs = {"model": evaluator, "rows": TEXTS}
    done = run("score", {**CLASSIFIER, "bos": True}, inputs)
    assert done.rows("scores") == run("score", CLASSIFIER, inputs).rows("scores")
    notes = [event["text"] for event in done.events if event["type"] == "note"]
    assert notes == ["this tokenizer has no beginning-of-sequence token: F4 changes nothing"]


def test_bos_takes_a_position(run: Run, evaluator: Path) -> None:
    with_bos(evaluator)
    inputs = {"model": evaluator, "rows": [{"id": "long", "text": "1 " * 64}]}
    assert len(run("score", CLASSIFIER, inputs).rows("scores")) == 1
    with pytest.raises(TrainerError, match="row long takes 65 tokens; the model has 64 positions"):
        run("score", {**CLASSIFIER, "bos": True}, inputs)


def test_an_empty_text_stays_an_error(run: Run, evaluator: Path) -> None:
    # BOS alone would give a score, of nothing.
    with_bos(evaluator)
    with pytest.raises(TrainerError, match="row void has no tokens"):
        run("score", {**CLASSIFIER, "bos": True}, {"model": evaluator, "rows": [{"id": "void", "text": ""}]})


def test_bos_is_true_or_absent() -> None:
    document = {"verb": "score", "contract": 1, "inputs": {"model": "tree:0", "rows": "file:0"}, "seed": 0}
    assert parse_step({**document, "params": CLASSIFIER}).params.bos is False  # type: ignore[union-attr]
    with pytest.raises(TrainerError, match=r"params\.bos is false; expected true, or no such field"):
        parse_step({**document, "params": {**CLASSIFIER, "bos": False}})
