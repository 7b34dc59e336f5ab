"""Scratch models, a word tokenizer, and steps in temporary folders; everything runs in this process, on the CPU."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "TRANSFORMERS_OFFLINE", "CI"):
    os.environ[name] = "1"

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from ilr_trainer.events import Events
from ilr_trainer.run import run_step

torch.set_num_threads(1)

WORDS = ["+", "-", "=", "the", "apples", "has", "####"]
SPECIALS = ["<pad>", "<eos>", "<unk>"]
ARCHITECTURE = {
    "vocabSize": 20,
    "hiddenSize": 16,
    "layers": 2,
    "heads": 2,
    "intermediateSize": 24,
    "maxPositions": 64,
}
ADAMW = {"name": "adamw", "lr": 1e-2}


def tokenizer_json() -> dict[str, Any]:
    """The kit's word-level tokenizer, with decoder."""
    vocabulary = [*SPECIALS, *"0123456789", *WORDS]
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": k, "content": content, **plain} for k, content in enumerate(SPECIALS)],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Digits", "individual_digits": True}],
        },
        "post_processor": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"Regex": "^"}, "content": " "},
                {"type": "Fuse"},
                {"type": "Replace", "pattern": {"Regex": "(?<=[0-9]) (?=[0-9])"}, "content": ""},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {"type": "WordLevel", "vocab": {w: k for k, w in enumerate(vocabulary)}, "unk_token": "<unk>"},
    }


def write_tokenizer(folder: Path) -> None:
    """The tokenizer's files of a model folder."""
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json()))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def tiny_model(seed: int = 0, *, tied: bool = False, layers: int = 2) -> LlamaForCausalLM:
    """Random weights, spread enough to be decided about something."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=20, hidden_size=16, intermediate_size=24, num_hidden_layers=layers, num_attention_heads=2,
        max_position_embeddings=64, rms_norm_eps=1e-5, tie_word_embeddings=tied, initializer_range=0.4,
        bos_token_id=None, eos_token_id=1, pad_token_id=0,
    )  # fmt: skip
    return LlamaForCausalLM(config)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder with a scratch model."""
    return save_tiny(tmp_path / "scratch-model", tiny_model())


def save_tiny(folder: Path, model: Any) -> Path:
    """Saves a scratch model with its tokenizer."""
    model.save_pretrained(folder)
    write_tokenizer(folder)
    return folder


class Done:
    """A step that ended."""

    def __init__(self, folder: Path, events: list[dict[str, Any]]) -> None:
        self.folder, self.events = folder, events

    def path(self, name: str) -> Path:
        """An output."""
        return self.folder / "outputs" / name

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Rows of a data output."""
        return [json.loads(line) for line in self.path(name).read_text("utf-8").splitlines()]


Run = Callable[..., Done]


@pytest.fixture
def step_folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes the folder of a step. Inputs are rows, a JSON object, text, or the path of a folder."""
    count = 0

    def make(
        verb: str,
        params: Mapping[str, Any],
        inputs: Mapping[str, Any],
        *,
        seed: int = 0,
        resources: Mapping[str, Any] | None = None,
    ) -> Path:
        nonlocal count
        count += 1
        folder = tmp_path / f"step-{count}"
        (folder / "inputs").mkdir(parents=True)
        for name, value in inputs.items():
            place = folder / "inputs" / name
            if isinstance(value, Path):
                place.symlink_to(value, target_is_directory=value.is_dir())
            elif isinstance(value, list):
                place.write_text("".join(json.dumps(row) + "\n" for row in value))
            else:
                place.write_text(value if isinstance(value, str) else json.dumps(value))
        digests = dict.fromkeys(inputs, "file:" + "0" * 64)
        document = {"verb": verb, "contract": 1, "params": params, "inputs": digests, "seed": seed}
        (folder / "step.json").write_text(json.dumps(document))
        if resources is not None:
            (folder / "resources.json").write_text(json.dumps(resources))
        return folder

    return make


@pytest.fixture
def run(step_folder: Callable[..., Path]) -> Run:
    """Runs a step in this process."""

    def run_one(*arguments: Any, **options: Any) -> Done:
        folder = step_folder(*arguments, **options)
        lines: list[str] = []
        run_step(folder, Events(lines.append))
        return Done(folder, [json.loads(line) for line in lines])

    return run_one


def sums(count: int = 11) -> list[tuple[str, str, str, str]]:
    """Id, prompt, right and wrong answer, of different lengths."""
    return [
        (f"q{k}", f"the {k * 7 % 13} + {k % 5} =", f"#### {k * 7 % 13 + k % 5}", "#### " + "1 apples " * (1 + k % 3))
        for k in range(count)
    ]


DEMONSTRATIONS = [{"id": q, "prompt": prompt, "answer": right + " has" * (len(q) * k % 4)}
                  for k, (q, prompt, right, _) in enumerate(sums())]  # fmt: skip
PAIRS = [{"id": q, "prompt": prompt, "chosen": right, "rejected": wrong} for q, prompt, right, wrong in sums()]
PROMPTS = [{"id": q, "prompt": prompt} for q, prompt, _, _ in sums()]
EXAMPLES = [{"id": f"{q}{label}", "text": f"{prompt} {answer}", "label": label}
            for q, prompt, right, wrong in sums() for label, answer in ((1, right), (0, wrong))]  # fmt: skip
