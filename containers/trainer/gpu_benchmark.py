"""How fast LoRA training of a 7B model is on this machine, in the paper's setting and in better ones; for gpu_check.py."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from gpu_table import Measured, against_first, free_memory, peak_memory, utilisation
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import MistralConfig, MistralForCausalLM, PreTrainedTokenizerFast, set_seed

from ilr_trainer.context import StepContext
from ilr_trainer.errors import as_trainer_error
from ilr_trainer.events import Events
from ilr_trainer.fields import Fields
from ilr_trainer.logprobs import with_fused_head
from ilr_trainer.models import Loaded, add_fresh_adapter, device
from ilr_trainer.params import PARSERS, Lora, Verb
from ilr_trainer.resources import Resources
from ilr_trainer.sequences import Tokens
from ilr_trainer.verbs.dpo import DpoStep, Pair, dpo_recipe, set_reference
from ilr_trainer.verbs.sft import SftStep, sft_recipe

WORDS = 500


@dataclass(frozen=True)
class Size:
    """How large things are."""

    scratch: Mapping[str, int]
    benchmark: Mapping[str, int]
    prompt: int
    answer: int
    batch: int
    rows: int
    texts: int
    """Texts that the evaluator scores in batches; one in sixteen of them is scored alone, too."""
    questions: int
    """Prompts that vLLM answers six times each; transformers answers one in sixteen of them."""
    precision: str


# Prompt and answer lengths are about GSM8K's under Mistral's tokenizer; batch 32 is Table 1's.
FULL = Size(
    scratch={"hiddenSize": 256, "layers": 4, "heads": 4, "intermediateSize": 688, "maxPositions": 256},
    benchmark={
        "vocab_size": 32000,
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
    },
    prompt=120,
    answer=160,
    batch=32,
    rows=96,
    texts=1024,
    questions=256,
    precision="bfloat16",
)
TINY = Size(
    scratch={"hiddenSize": 16, "layers": 1, "heads": 2, "intermediateSize": 24, "maxPositions": 64},
    benchmark={
        "vocab_size": 600,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
    },
    prompt=6,
    answer=8,
    batch=4,
    rows=12,
    texts=64,
    questions=32,
    precision="float32",
)


@dataclass(frozen=True)
class Setting:
    """One way to lay a batch of 32 on a GPU."""

    name: str
    resources: Resources


SETTINGS = (
    Setting("paper: mini-batch 1, checkpointing, no packing", Resources(micro_batch=1, gradient_checkpointing=True)),
    Setting("mini-batch 8, checkpointing", Resources(micro_batch=8, gradient_checkpointing=True)),
    Setting("mini-batch 8", Resources(micro_batch=8)),
    Setting("mini-batch 8, padding-free", Resources(micro_batch=8, padding_free=True)),
)
"""The first of each verb is what the others are held against: in speed, and in the loss of every step."""


def word_tokenizer(count: int) -> tuple[str, list[str]]:
    """A `tokenizer.json` of so many words, and the words."""
    words = [f"w{k}" for k in range(count)]
    vocabulary = {word: k for k, word in enumerate(["<pad>", "<eos>", "<unk>", *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.add_special_tokens(["<pad>", "<eos>", "<unk>"])
    return tokenizer.to_str(), words


def benchmark(root: Path, size: Size, name: str) -> Iterator[Measured]:
    """LoRA SFT and DPO (rank 64, as in the paper) in every setting, from the same adapter; then scoring and sampling."""
    from gpu_inference import benchmark_reading, benchmark_vllm

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(word_tokenizer(WORDS)[0]), eos_token="<eos>", pad_token="<pad>"
    )
    base = random_model(size)
    parameters = sum(weight.numel() for weight in base.parameters())
    print(
        f"{name}: {parameters / 1e9:.2f} G parameters, LoRA rank 64, batch {size.batch}, {size.precision}", flush=True
    )
    model = add_fresh_adapter(base, Lora(64, 128)).to(device())
    loaded = Loaded(model, tokenizer, root)
    fresh = {key: weight.detach().cpu().clone() for key, weight in model.named_parameters() if weight.requires_grad}
    yield from against_first(train(loaded, fresh, size, root, parameters, name))
    base = model.unload()
    folder = root / "base"
    base.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    yield from benchmark_reading(Loaded(base, tokenizer, folder), size, root, parameters, name)
    del base, model, loaded, fresh
    free_memory()
    yield from benchmark_vllm(folder, size, root)


def random_model(size: Size) -> Any:
    """A model of the benchmark's size on this process's device, in the format that frozen weights have."""
    set_seed(0)
    config = MistralConfig(**size.benchmark, max_position_embeddings=4096, sliding_window=None)
    torch.set_default_dtype(torch.bfloat16 if size.precision == "bfloat16" else torch.float32)
    with device():
        base = MistralForCausalLM(config)
    torch.set_default_dtype(torch.float32)
    return base


def train(
    loaded: Loaded, fresh: Mapping[str, torch.Tensor], size: Size, root: Path, parameters: int, name: str
) -> Iterator[Measured]:
    """Both verbs in every setting; each starts from the `fresh` adapter."""
    for setting in SETTINGS:
        for verb, run in (("sft", run_sft), ("dpo", run_dpo)):
            loaded.model.load_state_dict(fresh, strict=False)
            yield measure(verb, setting, run, loaded, size, root, parameters, name)


def measure(
    verb: Verb,
    setting: Setting,
    run: Callable[[StepContext[Any], Loaded, Size], int],
    loaded: Loaded,
    size: Size,
    root: Path,
    parameters: int,
    name: str,
) -> Measured:
    """Speed of the optimizer steps after the first, which compiles and allocates."""
    # Rates at which a few steps change the loss: settings that train differently are to be seen.
    document: dict[str, Any] = {
        "epochs": 1,
        "batchSize": size.batch,
        "precision": size.precision,
        "optimizer": {"name": "rmsprop" if verb == "dpo" else "adamw", "lr": 1e-2},
        **({"beta": 0.1} if verb == "dpo" else {}),
    }
    params = PARSERS[verb](Fields(document, "params"))
    clock = Clock()
    context = StepContext(params, 0, root / f"bench {verb} {setting.name}", setting.resources, Events(clock))
    # The model is the one of the settings before; what they switched on and kept is theirs.
    loaded.model.gradient_checkpointing_disable()
    free_memory()
    try:
        tokens = run(context, loaded, size)
    except Exception as error:
        return Measured(verb, setting.name, None, None, None, as_trainer_error(error).message)
    speed = tokens * clock.steps / clock.seconds
    # Frozen weights get no gradient of their own: 2 N operations forward, 2 N backward. Recomputation does not count.
    mfu = utilisation(speed, 4 * parameters, name)
    return Measured(verb, setting.name, speed, peak_memory(), mfu, losses=tuple(clock.losses))


class Clock:
    """Times optimizer steps by their metric events, which the benchmark lets through without a pause; keeps their losses."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self.losses: list[float] = []

    def __call__(self, event: str) -> None:
        said = json.loads(event)
        if said["type"] != "metric":
            return
        if said["name"] == "loss":
            self.losses.append(said["value"])
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self._times.append(time.perf_counter())

    @property
    def steps(self) -> int:
        return max(1, len(self._times) - 1)

    @property
    def seconds(self) -> float:
        return max(self._times[-1] - self._times[0], 1e-9)


@contextmanager
def every_event() -> Iterator[None]:
    """No pause between two progress events."""
    from ilr_trainer import events

    before, events.INTERVAL = events.INTERVAL, 0.0
    try:
        yield
    finally:
        events.INTERVAL = before


def random_tokens(draw: random.Random, size: Size) -> Tokens:
    """A row of GSM8K's lengths, give or take a half."""
    prompt = draw.randint(size.prompt // 2, size.prompt * 3 // 2)
    answer = draw.randint(size.answer // 2, size.answer * 3 // 2)
    return Tokens([draw.randrange(3, WORDS) for _ in range(prompt + answer)], prompt)


def run_sft(context: StepContext[Any], loaded: Loaded, size: Size) -> int:
    """Returns: tokens a step."""
    draw = random.Random(0)
    rows = [random_tokens(draw, size) for _ in range(size.rows)]
    trainer = SftStep(loaded, context, sft_recipe(context, rows))
    with every_event():
        trainer.train()
    return sum(tokens.read for tokens in rows) * size.batch // size.rows


def run_dpo(context: StepContext[Any], loaded: Loaded, size: Size) -> int:
    """Returns: tokens a step, both answers' together."""
    draw = random.Random(0)
    pairs = [Pair(random_tokens(draw, size), random_tokens(draw, size)) for _ in range(size.rows)]
    with_fused_head(loaded.model)
    set_reference(context, loaded, pairs)
    trainer = DpoStep(loaded, context, dpo_recipe(context, pairs))
    with every_event():
        trainer.train()
    return sum(pair.chosen.read + pair.rejected.read for pair in pairs) * size.batch // size.rows
