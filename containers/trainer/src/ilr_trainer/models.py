"""Model folders: Hugging Face folders, PEFT adapters on a `base`, pointers into the Hub; and writing them again."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from ilr_trainer.context import StepContext
from ilr_trainer.errors import TrainerError
from ilr_trainer.outputs import published
from ilr_trainer.params import Lora, Precision

Head = Literal["lm", "classifier"]
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
)
DAMAGED = "config.json and model.safetensors must come from the same model; make or fetch the folder again"


@dataclass(frozen=True)
class Loaded:
    """A model with its tokenizer. `folder` is where the tokenizer's files lie."""

    model: Any
    tokenizer: Any
    folder: Path
    fresh_head: bool = False
    """A classifier whose head is not from the folder."""


def device() -> torch.device:
    """Where models live: this process's GPU, or the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def process_count() -> int:
    """Processes that share this step."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def compute_dtype(precision: Precision) -> torch.dtype:
    """The number format of weights that are only read."""
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def model_folder(path: Path) -> Path:
    """The folder itself, or the Hub snapshot that a folder with the single file `hub.json` {"repo", "revision"} names.

    Raises `input-missing`, `input-damaged`.
    """
    if not path.is_dir():
        raise TrainerError("input-missing", f"input {path.name} is not a folder", "a model is a folder")
    if [entry.name for entry in path.iterdir()] != ["hub.json"]:
        return path
    try:
        pointer = json.loads((path / "hub.json").read_text("utf-8"))
        repo, revision = str(pointer["repo"]), str(pointer["revision"])
    except (ValueError, KeyError, TypeError) as cause:
        hint = 'expected {"repo": "owner/name", "revision": "<commit>"}'
        raise TrainerError("input-damaged", f"{path.name}/hub.json is not a pointer", hint) from cause
    return _snapshot(repo, revision)


def _snapshot(repo: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download

    # The cache is HF_HOME; a token is read by the library from HF_TOKEN alone, and never printed.
    offline = os.environ.get("HF_HUB_OFFLINE", "1") != "0"
    try:
        folder = snapshot_download(
            repo,
            revision=revision,
            local_files_only=offline,
            allow_patterns=["*.json", "*.safetensors", "tokenizer.model", "merges.txt"],
            # The same weights again, in their makers' own format.
            ignore_patterns=["consolidated*", "original/*"],
        )
        return Path(folder)
    except Exception as cause:
        hint = (
            "fetch it into HF_HOME first, or allow downloads with HF_HUB_OFFLINE=0"
            if offline
            else "check the name, the revision, the network, and HF_TOKEN for models that need a licence"
        )
        raise TrainerError("input-missing", f"cannot get {repo} at {revision} from the Hub", hint) from cause


def load(
    context: StepContext[Any],
    name: str = "model",
    *,
    precision: Precision,
    head: Head = "lm",
    trained: bool = False,
    lora: Lora | None = None,
    spread: bool = False,
) -> Loaded:
    """The model of an input on this process's device.

    Weights that are only read come in `precision`; those that are trained stay in float32, and the forward pass is
    autocast. An adapter folder is put on the input `base`. With `lora`, a model without adapter gets a fresh one.
    `spread` lays the layers over all GPUs, for one process that only reads.
    """
    adapter, base = adapter_and_base(context, name)
    only_read = not trained or adapter is not None or lora is not None
    dtype = compute_dtype(precision) if only_read else torch.float32
    spread = spread and torch.cuda.device_count() > 1
    model, fresh_head = _from_pretrained(base, head, dtype, {"device_map": "auto"} if spread else {})
    if adapter is not None:
        model = _with_adapter(model, adapter, trained=trained, lora=lora)
    elif lora is not None:
        model = add_fresh_adapter(model, lora)
    tokenizer_folder = adapter if adapter is not None and (adapter / "tokenizer.json").is_file() else base
    if not spread and process_count() == 1:  # With several processes, FSDP moves what each one keeps.
        model.to(device())
    return Loaded(model, load_tokenizer(tokenizer_folder), tokenizer_folder, fresh_head)


def adapter_and_base(context: StepContext[Any], name: str) -> tuple[Path | None, Path]:
    """The folders of an input's adapter, if it is one, and of the model under it."""
    folder = model_folder(context.input(name))
    if not (folder / "adapter_config.json").is_file():
        return None, folder
    if not context.input("base").exists():
        hint = 'name the model that the adapter was trained on as input "base"'
        raise TrainerError("step-invalid", f'input "{name}" is an adapter, but there is no input "base"', hint)
    return folder, model_folder(context.input("base"))


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model folder. Raises `input-damaged`, `unsupported` without EOS."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as cause:
        raise TrainerError("input-damaged", f"cannot read the tokenizer of {folder.name}: {cause}", DAMAGED) from cause
    if tokenizer.eos_token_id is None:
        raise TrainerError("unsupported", "the tokenizer has no EOS token", "answers must be able to end")
    return tokenizer


def is_adapter(model: Any) -> bool:
    """Whether a model is a PEFT adapter on a base."""
    return isinstance(model, PeftModel)


def save(context: StepContext[Any], name: str, loaded: Loaded, state: dict[str, torch.Tensor] | None = None) -> None:
    """Publishes a model folder: weights, config, and the tokenizer's files as they were. Equal weights, equal bytes.

    `state` are full weights gathered from several GPUs.
    """
    with published(context.outputs, name) as path:
        write_model(path, loaded.model, state)
        for file in TOKENIZER_FILES:
            if (loaded.folder / file).is_file():
                shutil.copyfile(loaded.folder / file, path / file)


def write_model(path: Path, model: Any, state: dict[str, torch.Tensor] | None = None) -> None:
    """Weights and config of a model. An adapter does not say where its base lay: paths are no part of a result."""
    more = {} if state is None else {"state_dict": state}
    if not is_adapter(model):
        # One file: the embedded engine and the store read `model.safetensors`.
        model.save_pretrained(path, max_shard_size="1TB", **more)
        return
    model.save_pretrained(path, save_embedding_layers=False, **more)
    (path / "README.md").unlink(missing_ok=True)
    config = json.loads((path / "adapter_config.json").read_text("utf-8"))
    # PEFT keeps the names in a set, whose order changes from process to process.
    config |= {"base_model_name_or_path": None, "target_modules": sorted(config["target_modules"])}
    (path / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")


def _from_pretrained(folder: Path, head: Head, dtype: torch.dtype, placement: dict[str, Any]) -> tuple[Any, bool]:
    classes = {"lm": AutoModelForCausalLM, "classifier": AutoModelForSequenceClassification}
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
    except Exception as cause:
        raise TrainerError("input-damaged", f"{folder.name}: cannot read config.json: {cause}", DAMAGED) from cause
    found = (config.architectures or ["unknown"])[0]
    if head == "lm" and found.endswith("ForSequenceClassification"):
        hint = "kind logprob, sampling and training need a language model; kind classifier scores evaluators"
        raise TrainerError("unsupported", f"{folder.name} has head classifier; expected lm", hint)
    more = {"num_labels": 2} if head == "classifier" else {}
    try:
        model, report = classes[head].from_pretrained(
            folder, dtype=dtype, local_files_only=True, output_loading_info=True, **more, **placement
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as cause:
        if "out of memory" in str(cause).lower():
            raise
        raise TrainerError("input-damaged", f"{folder.name}: {cause}", DAMAGED) from cause
    # transformers fills gaps with random weights and goes on; only a fresh head may be missing.
    fresh_head = head == "classifier" and not found.endswith("ForSequenceClassification")
    missing = sorted(set(report["missing_keys"]) - ({"score.weight"} if fresh_head else set()))
    if missing:
        raise TrainerError("input-damaged", f'{folder.name}: the weights lack tensor "{missing[0]}"', DAMAGED)
    return model, fresh_head


def _with_adapter(model: Any, folder: Path, *, trained: bool, lora: Lora | None) -> Any:
    try:
        adapted = PeftModel.from_pretrained(model, folder, is_trainable=trained, local_files_only=True)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as cause:
        hint = "adapter and base must belong together"
        raise TrainerError("input-damaged", f"{folder.name} is no adapter of this base: {cause}", hint) from cause
    config = adapted.peft_config["default"]
    if lora is not None and (config.r, config.lora_alpha) != (lora.rank, lora.alpha):
        raise TrainerError(
            "step-invalid",
            f"params.lora is rank {lora.rank}, alpha {lora.alpha}; the adapter has {config.r}, {config.lora_alpha}",
            "an adapter that is trained further keeps its shape",
        )
    return adapted


def add_fresh_adapter(model: Any, lora: Lora) -> Any:
    """Puts untrained adapters on all linear layers of a model."""
    # "all-linear" is every linear layer but the output head. B starts at zero, so the adapter starts as no change;
    # A is drawn from torch's generator, seeded by the step.
    alpha = int(lora.alpha) if lora.alpha == int(lora.alpha) else lora.alpha
    config = LoraConfig(
        r=lora.rank, lora_alpha=alpha, lora_dropout=0.0, target_modules="all-linear", bias="none", task_type="CAUSAL_LM"
    )
    return get_peft_model(model, config)
