"""The step document, read strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ilr_trainer import CONTRACT
from ilr_trainer.errors import TrainerError
from ilr_trainer.fields import Fields, invalid, is_whole
from ilr_trainer.params import PARSERS, Params, Sample, Score, Sft, Verb
from ilr_trainer.schema_file import validate_against_schema_file


@dataclass(frozen=True)
class Step:
    """One step, complete: equal steps and equal trainers give equal outputs."""

    verb: Verb
    params: Params
    inputs: Mapping[str, str]
    seed: int

    @property
    def outputs(self) -> dict[str, Literal["file", "tree"]]:
        """The outputs that the step must leave (kernel-lib/src/steps/outputs.ts)."""
        if isinstance(self.params, Sample):
            return {"answers": "file"}
        if isinstance(self.params, Score):
            return {"scores": "file"}
        names: dict[str, Literal["file", "tree"]] = {"model": "tree", "log": "file"}
        if isinstance(self.params, Sft):
            names |= {checkpoint_name(k + 1): "tree" for k in range(self.params.checkpoints)}
        return names


INPUTS: Mapping[Verb, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pretrain": (("corpus", "tokenizer"), ()),
    "sft": (("model", "demonstrations"), ("base",)),
    "dpo": (("model", "pairs"), ("reference", "base")),
    "evaluator": (("model", "train", "validation"), ("base",)),
    "sample": (("model", "prompts"), ("base",)),
    "score": (("model", "rows"), ("base",)),
}
"""Required and optional inputs. `base` is the model under an adapter folder."""


def checkpoint_name(k: int) -> str:
    """Name of the k-th checkpoint (from 1): "checkpoint-03"."""
    return f"checkpoint-{k:02d}"


def read_step(folder: Path) -> Step:
    """The step of a folder. Raises `input-missing`, `step-invalid` naming the field."""
    file = folder / "step.json"
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as cause:
        raise TrainerError("input-missing", f"cannot read {file}", "the folder must hold step.json") from cause
    except ValueError as cause:
        raise invalid(f"step.json is not JSON: {cause}") from cause
    step = parse_step(document)
    validate_against_schema_file(document)
    return step


def parse_step(document: Any) -> Step:
    """A step from its JSON document. Raises `step-invalid` naming the field, what was got and what is allowed."""
    fields = Fields(document, "step")
    verb: Verb = fields.one_of("verb", INPUTS)
    contract = fields.raw("contract")
    if contract != CONTRACT:
        hint = "install the trainer that belongs to the library's version"
        raise invalid(f"step.contract is {contract!r}; this trainer speaks contract {CONTRACT}", hint)
    seed = int(fields.take("seed", is_whole))
    inputs = fields.raw("inputs")
    if not isinstance(inputs, dict) or not all(isinstance(digest, str) for digest in inputs.values()):
        raise invalid("step.inputs must be an object of digests")
    _check_input_names(verb, list(inputs))
    params = Fields(fields.raw("params"), "params")
    fields.done()
    parsed = PARSERS[verb](params)
    params.done()
    return Step(verb, parsed, inputs, seed)


def _check_input_names(verb: Verb, names: list[str]) -> None:
    required, optional = INPUTS[verb]
    hint = f"inputs of {verb}: {', '.join(required)}" + (f", and optionally {', '.join(optional)}" if optional else "")
    for name in required:
        if name not in names:
            raise invalid(f'{verb} lacks input "{name}"', hint)
    for name in names:
        if name not in required + optional:
            raise invalid(f'{verb} has no input "{name}"', hint)
