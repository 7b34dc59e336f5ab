"""Next-token training of a small Llama from random weights: the scratch models of the CPU-sized tasks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, TrainingArguments

from ilr_trainer.context import StepContext
from ilr_trainer.errors import TrainerError
from ilr_trainer.logprobs import answer_logprobs, with_fused_head
from ilr_trainer.models import device, write_model
from ilr_trainer.outputs import published
from ilr_trainer.params import Architecture, Pretrain
from ilr_trainer.rows import read_rows, read_text
from ilr_trainer.seeded import SeededRandom
from ilr_trainer.sequences import Batch, Tokens, batched, encode
from ilr_trainer.training import PlannedStep, PlannedTrainer, Recipe, training_arguments


@dataclass(frozen=True)
class WordTokenizer:
    """A tokenizer and the text of its `tokenizer.json`."""

    tokenizer: PreTrainedTokenizerFast
    text: str


def pretrain(context: StepContext[Pretrain]) -> None:
    """The documents, in seeded order and each ended by EOS, make one stream of tokens, which is cut into sequences.

    The stream's last incomplete sequence is left out. When the sequences run out they are shuffled again.
    """
    params = context.params
    check_params(params)
    words = read_tokenizer(context)
    check_vocabulary(words, params.architecture)
    texts = [row["text"] for row in read_rows(context.input("corpus"), {"text": "string"})]
    stream = token_stream(texts, words.tokenizer, context.seed)
    length = params.sequence_length
    count = (len(stream) - 1) // length
    if count < 1:
        hint = "a corpus must hold at least one sequence and one token"
        message = f"the corpus has {len(stream)} tokens; sequenceLength is {length}"
        raise TrainerError("step-invalid", message, hint)
    # A sequence's last target is the next one's first token.
    sequences = [Tokens(stream[k * length : (k + 1) * length + 1], 1) for k in range(count)]
    per_step = params.batch_size * length
    steps = stream_plan(count, params.batch_size, math.ceil(params.tokens / per_step), context.seed)
    context.events.note(f"{len(texts)} documents, {len(stream)} tokens, {count} sequences, {len(steps)} steps")
    model = fresh_model(params, words.tokenizer, context.seed).to(device())
    with_fused_head(model)

    recipe = Recipe(
        optimizer=params.optimizer,
        precision=params.precision,
        rows=sequences,
        steps=steps,
        collate=lambda rows: batched(rows).tensors,
        tokens=lambda tokens: tokens.read,
        total_tokens=len(steps) * per_step,
    )
    trainer = PretrainStep(model, context, recipe)
    trainer.run()
    state = trainer.gathered_state()
    if trainer.is_world_process_zero():
        publish(context, trainer.accelerator.unwrap_model(trainer.model), words, state)


class PretrainStep(PlannedTrainer):
    """One step: the mean over all tokens; as sequences are equally long, the mean over sequences of their means."""

    def __init__(self, model: Any, context: StepContext[Pretrain], recipe: Recipe) -> None:
        super().__init__(model=model, args=TrainingArguments(**training_arguments(context, recipe)))
        self.use(context, recipe)

    def row_losses(self, model: nn.Module, inputs: Mapping[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        """Means over each sequence's tokens [n], in nats."""
        logprobs, targets = answer_logprobs(model, Batch.of(inputs), len(inputs["alive"]))
        return -logprobs / targets, {}


def token_stream(texts: Sequence[str], tokenizer: Any, seed: int) -> list[int]:
    """All documents in seeded order, each followed by EOS."""
    shuffled = SeededRandom(seed, "pretrain", "documents").shuffle(texts)
    return [token for text in shuffled for token in (*encode(tokenizer, text), tokenizer.eos_token_id)]


def stream_plan(count: int, batch_size: int, steps: int, seed: int) -> list[PlannedStep]:
    """Exactly `steps` batches: one pass over the shuffled sequences after the other, without a gap between them."""
    epoch = 0
    queue: list[int] = []
    plan = []
    for _ in range(steps):
        rows = []
        for _ in range(batch_size):
            if not queue:
                epoch += 1
                queue = SeededRandom(seed, "pretrain", "order", epoch).shuffle(range(count))[::-1]
            rows.append(queue.pop())
        plan.append(PlannedStep(epoch, rows))
    return plan


def fresh_model(params: Pretrain, tokenizer: Any, seed: int) -> LlamaForCausalLM:
    """Normal weights; the projections that end a residual branch are scaled down by sqrt(2 * layers); norms are 1.

    Drawn number by number as the embedded engine does, so that both trainers start alike: seconds for a million weights.
    """
    architecture, spread = params.architecture, params.initializer_range
    config = LlamaConfig(
        vocab_size=architecture.vocab_size,
        hidden_size=architecture.hidden_size,
        num_hidden_layers=architecture.layers,
        num_attention_heads=architecture.heads,
        intermediate_size=architecture.intermediate_size,
        max_position_embeddings=architecture.max_positions,
        rope_parameters={"rope_theta": architecture.rope_theta, "rope_type": "default"},
        rms_norm_eps=architecture.rms_norm_eps,
        tie_word_embeddings=architecture.tied_embeddings,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    named = dict(model.named_parameters())
    random = SeededRandom(seed, "pretrain", "weights")
    with torch.no_grad():
        for name in matrix_names(architecture):
            ends = "o_proj" in name or "down_proj" in name
            deviation = spread / math.sqrt(2 * architecture.layers) if ends else spread
            values = [deviation * random.normal() for _ in range(named[name].numel())]
            named[name].copy_(torch.tensor(values).view_as(named[name]))
        for name, parameter in named.items():
            if parameter.ndim == 1:
                torch.nn.init.ones_(named[name])
    return model


def matrix_names(architecture: Architecture) -> list[str]:
    """The matrices in the order of the embedded engine's parameters (engine/layout.ts)."""
    names = ["model.embed_tokens.weight"]
    for layer in range(architecture.layers):
        prefix = f"model.layers.{layer}"
        names += [f"{prefix}.self_attn.{part}_proj.weight" for part in "qkvo"]
        names += [f"{prefix}.mlp.{part}_proj.weight" for part in ("gate", "up", "down")]
    return names if architecture.tied_embeddings else [*names, "lm_head.weight"]


def read_tokenizer(context: StepContext[Pretrain]) -> WordTokenizer:
    """The tokenizer of an input `tokenizer.json` with the special tokens <eos> and <pad>."""
    text = read_text(context.input("tokenizer"))
    try:
        added = {token["content"]: token["id"] for token in json.loads(text)["added_tokens"]}
        more = {"unk_token": "<unk>"} if "<unk>" in added else {}
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(context.input("tokenizer")), eos_token="<eos>", pad_token="<pad>", **more
        )
    except Exception as cause:
        hint = "make the tokenizer again"
        raise TrainerError("input-damaged", f"tokenizer is not a tokenizer.json: {cause}", hint) from cause
    if "<eos>" not in added or "<pad>" not in added:
        raise TrainerError("unsupported", "tokenizer: added_tokens lacks <eos> or <pad>", "add both as special tokens")
    return WordTokenizer(tokenizer, text)


def check_params(params: Pretrain) -> None:
    """Raises `step-invalid` for sizes that do not fit together."""
    architecture = params.architecture
    if architecture.hidden_size % (2 * architecture.heads) != 0:
        raise TrainerError(
            "step-invalid",
            f"hiddenSize is {architecture.hidden_size}, heads {architecture.heads};"
            " expected hiddenSize to be a multiple of 2 * heads",
            "the size of a head must be a whole, even number",
        )
    if params.sequence_length > architecture.max_positions:
        raise TrainerError(
            "step-invalid",
            f"sequenceLength is {params.sequence_length}; the architecture has {architecture.max_positions} positions",
            "raise maxPositions or lower sequenceLength",
        )


def check_vocabulary(words: WordTokenizer, architecture: Architecture) -> None:
    """Raises `step-invalid` if the tokenizer is of another size."""
    size = max(words.tokenizer.get_vocab().values()) + 1
    if size != architecture.vocab_size:
        message = f"the tokenizer has {size} tokens; architecture.vocabSize is {architecture.vocab_size}"
        raise TrainerError("step-invalid", message, "set vocabSize to the tokenizer's size")


def publish(context: StepContext[Pretrain], model: Any, words: WordTokenizer, state: dict[str, Tensor] | None) -> None:
    """The model's folder, in the number format that the step asks for."""
    dtype = torch.bfloat16 if context.params.storage == "bfloat16" else torch.float32
    if state is not None:
        state = {name: tensor.to(dtype) for name, tensor in state.items()}
    tokenizer_config = {
        "eos_token": "<eos>",
        "model_max_length": context.params.architecture.max_positions,
        "pad_token": "<pad>",
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": "<unk>",
    }
    with published(context.outputs, "model") as path:
        write_model(path, model.to(dtype), state)
        (path / "tokenizer.json").write_text(words.text, "utf-8")
        (path / "tokenizer_config.json").write_text(json.dumps(tokenizer_config, indent=2) + "\n", "utf-8")
