"""How fast LoRA training of a 7B model is on this machine, in the paper's setting and in better ones; for gpu_check.py."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
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

PEAK_FLOPS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "RTX 4090": 165e12, "RTX 3090": 71e12}
"""Dense bfloat16 operations a second, by a part of the device's name (vendors' data sheets)."""
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
    rows=8,
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


@dataclass(frozen=True)
class Measured:
    """One benchmark; None where it did not run or the device's peak is unknown."""

    verb: str
    setting: str
    tokens_per_second: float | None
    peak_memory_gib: float | None
    mfu: float | None
    problem: str | None = None


def word_tokenizer(count: int) -> tuple[str, list[str]]:
    """A `tokenizer.json` of so many words, and the words."""
    words = [f"w{k}" for k in range(count)]
    vocabulary = {word: k for k, word in enumerate(["<pad>", "<eos>", "<unk>", *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.add_special_tokens(["<pad>", "<eos>", "<unk>"])
    return tokenizer.to_str(), words


def benchmark(root: Path, size: Size, name: str) -> Iterator[Measured]:
    """LoRA SFT and DPO (rank 64, as in the paper) in every setting; one model for all, as a real step has one."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(word_tokenizer(WORDS)[0]), eos_token="<eos>", pad_token="<pad>"
    )
    set_seed(0)
    config = MistralConfig(**size.benchmark, max_position_embeddings=4096, sliding_window=None)
    dtype = torch.bfloat16 if size.precision == "bfloat16" else torch.float32
    torch.set_default_dtype(dtype)
    with device():
        base = MistralForCausalLM(config)
    torch.set_default_dtype(torch.float32)
    parameters = sum(weight.numel() for weight in base.parameters())
    print(
        f"{name}: {parameters / 1e9:.2f} G parameters, LoRA rank 64, batch {size.batch}, {size.precision}", flush=True
    )
    model = add_fresh_adapter(base, Lora(64, 128)).to(device())
    loaded = Loaded(model, tokenizer, root)
    for setting in SETTINGS:
        yield measure("sft", setting, run_sft, loaded, size, root, parameters, name)
        yield measure("dpo", setting, run_dpo, loaded, size, root, parameters, name)


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
    document: dict[str, Any] = {
        "epochs": 1,
        "batchSize": size.batch,
        "precision": size.precision,
        "optimizer": {"name": "rmsprop", "lr": 1e-6} if verb == "dpo" else {"name": "adamw", "lr": 1e-4},
        **({"beta": 0.1} if verb == "dpo" else {}),
    }
    params = PARSERS[verb](Fields(document, "params"))
    clock = Clock()
    context = StepContext(params, 0, root / f"bench {verb} {setting.name}", setting.resources, Events(clock))
    # The model is the one of the settings before; what they switched on and kept is theirs.
    loaded.model.gradient_checkpointing_disable()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        tokens = run(context, loaded, size)
    except Exception as error:
        return Measured(verb, setting.name, None, None, None, as_trainer_error(error).message)
    speed = tokens * clock.steps / clock.seconds
    peak = next((flops for part, flops in PEAK_FLOPS.items() if part in name), None)
    # Frozen weights get no gradient of their own: 2 N operations forward, 2 N backward. Recomputation does not count.
    mfu = speed * 4 * parameters / peak if peak else None
    memory = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else None
    measured = Measured(verb, setting.name, speed, memory, mfu)
    print(line(measured), flush=True)
    return measured


class Clock:
    """Times optimizer steps by their progress events, which the benchmark lets through without a pause."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def __call__(self, event: str) -> None:
        if '"metric"' not in event:
            return
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


def line(row: Measured) -> str:
    """One line of the table."""
    if row.problem is not None:
        return f"{row.verb:4} {row.setting:48} {row.problem}"
    memory = "" if row.peak_memory_gib is None else f"{row.peak_memory_gib:6.1f} GiB"
    mfu = "" if row.mfu is None else f"{100 * row.mfu:5.1f} % MFU"
    return f"{row.verb:4} {row.setting:48} {row.tokens_per_second:9.0f} tokens/s {memory} {mfu}".rstrip()


def print_table(name: str, rows: Sequence[Measured]) -> None:
    """All benchmarks, beside the paper's settings."""
    if not rows:
        return
    print(f"\n{name}; every token that the model reads counts")
    for row in rows:
        base = next((r.tokens_per_second for r in rows if r.verb == row.verb and r.setting.startswith("paper")), None)
        faster = f"  x{row.tokens_per_second / base:.2f}" if base and row.tokens_per_second else ""
        print(line(row) + faster)
