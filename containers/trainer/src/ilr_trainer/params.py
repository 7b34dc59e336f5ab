"""Parameters of each verb: kernel-lib/src/steps/schema.ts as dataclasses, read strictly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ilr_trainer.fields import Fields, invalid, is_boolean, is_fraction, is_from_0, is_positive, is_true, is_whole
from ilr_trainer.formula import Formula, parse_formula

Precision = Literal["float32", "bfloat16"]
Verb = Literal["pretrain", "sft", "dpo", "evaluator", "sample", "score"]


@dataclass(frozen=True)
class Architecture:
    """A Llama-architecture decoder. Sizes are numbers of floats."""

    vocab_size: int
    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int
    max_positions: int
    rope_theta: float
    rms_norm_eps: float
    tied_embeddings: bool


@dataclass(frozen=True)
class Optimizer:
    """Optimizer and learning-rate schedule; `lr` is the peak, reached after `warmup` (a fraction of all steps)."""

    name: Literal["adamw", "rmsprop", "adafactor"]
    lr: float
    beta1: float
    beta2: float
    alpha: float
    eps: float
    weight_decay: float
    schedule: Literal["cosine", "constant"]
    warmup: float
    clip_norm: float


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters on all linear layers, without dropout (paper: rank 64, alpha 128)."""

    rank: int
    alpha: float


@dataclass(frozen=True)
class Pretrain:
    """Next-token training from random weights."""

    architecture: Architecture
    tokens: int
    sequence_length: int
    batch_size: int
    optimizer: Optimizer
    initializer_range: float
    storage: Precision
    precision: Precision


@dataclass(frozen=True)
class Sft:
    """Supervised fine-tuning; the loss is on the answer and EOS only."""

    epochs: int
    batch_size: int
    loss_weighting: Literal["per-example", "per-token"]
    optimizer: Optimizer
    checkpoints: int
    lora: Lora | None
    precision: Precision


@dataclass(frozen=True)
class Dpo:
    """Direct preference optimization."""

    beta: float
    loss: Literal["sigmoid", "ipo"] | Formula
    label_smoothing: float
    epochs: int
    batch_size: int
    optimizer: Optimizer
    lora: Lora | None
    precision: Precision


@dataclass(frozen=True)
class Evaluator:
    """Two-way sequence classifier with early stopping."""

    epochs: int
    batch_size: int
    patience: int
    optimizer: Optimizer
    precision: Precision


@dataclass(frozen=True)
class Decoding:
    """How answers are decoded; `width` of beams, `temperature` and `samples` of draws."""

    kind: Literal["greedy", "beam", "temperature"]
    width: int = 1
    temperature: float = 1.0
    samples: int = 1


@dataclass(frozen=True)
class Sample:
    """Answers to prompts."""

    decoding: Decoding
    max_answer_tokens: int
    precision: Precision


@dataclass(frozen=True)
class Score:
    """Classifier probabilities, or log-probabilities of answers in nats."""

    kind: Literal["classifier", "logprob"]
    precision: Precision
    bos: bool = False
    """F4: put the tokenizer's beginning-of-sequence token, if it has one, before each text that is classified."""


Params = Pretrain | Sft | Dpo | Evaluator | Sample | Score


def _architecture(value: Any) -> Architecture:
    fields = Fields(value, "params.architecture")
    architecture = Architecture(
        vocab_size=fields.whole("vocabSize"),
        hidden_size=fields.whole("hiddenSize"),
        layers=fields.whole("layers"),
        heads=fields.whole("heads"),
        intermediate_size=fields.whole("intermediateSize"),
        max_positions=fields.whole("maxPositions"),
        rope_theta=fields.number("ropeTheta", is_positive, 10000),
        rms_norm_eps=fields.number("rmsNormEps", is_positive, 1e-5),
        tied_embeddings=bool(fields.take("tiedEmbeddings", is_boolean, False)),
    )
    fields.done()
    return architecture


def _optimizer(value: Any) -> Optimizer:
    fields = Fields(value, "params.optimizer")
    optimizer = Optimizer(
        name=fields.one_of("name", ("adamw", "rmsprop", "adafactor")),
        lr=fields.number("lr", is_positive),
        beta1=fields.number("beta1", is_fraction, 0.9),
        beta2=fields.number("beta2", is_fraction, 0.999),
        alpha=fields.number("alpha", is_fraction, 0.99),
        eps=fields.number("eps", is_positive, 1e-8),
        weight_decay=fields.number("weightDecay", is_from_0, 0),
        schedule=fields.one_of("schedule", ("cosine", "constant"), "cosine"),
        warmup=fields.number("warmup", is_fraction, 0.05),
        clip_norm=fields.number("clipNorm", is_positive, 1),
    )
    fields.done()
    return optimizer


def _lora(value: Any) -> Lora | None:
    if value is None:
        return None
    fields = Fields(value, "params.lora")
    lora = Lora(rank=fields.whole("rank"), alpha=fields.number("alpha", is_positive))
    fields.done()
    return lora


def _precision(fields: Fields, name: str = "precision") -> Precision:
    precision: Precision = fields.one_of(name, ("float32", "bfloat16"), "float32")
    return precision


def _pretrain(fields: Fields) -> Pretrain:
    return Pretrain(
        architecture=_architecture(fields.raw("architecture")),
        tokens=fields.whole("tokens"),
        sequence_length=fields.whole("sequenceLength"),
        batch_size=fields.whole("batchSize"),
        optimizer=_optimizer(fields.raw("optimizer")),
        initializer_range=fields.number("initializerRange", is_positive, 0.02),
        storage=_precision(fields, "storage"),
        precision=_precision(fields),
    )


def _sft(fields: Fields) -> Sft:
    checkpoints = int(fields.take("checkpoints", is_whole, 0))
    if checkpoints > 99:
        raise invalid(f"params.checkpoints is {checkpoints}; expected at most 99")
    return Sft(
        epochs=fields.whole("epochs"),
        batch_size=fields.whole("batchSize"),
        loss_weighting=fields.one_of("lossWeighting", ("per-example", "per-token"), "per-example"),
        optimizer=_optimizer(fields.raw("optimizer")),
        checkpoints=checkpoints,
        lora=_lora(fields.raw("lora", None)),
        precision=_precision(fields),
    )


def _dpo(fields: Fields) -> Dpo:
    smoothing = fields.number("labelSmoothing", is_fraction, 0)
    if smoothing > 0.5:
        raise invalid(f"params.labelSmoothing is {smoothing}; expected a number from 0 to 0.5")
    return Dpo(
        beta=fields.number("beta", is_positive),
        loss=_preference_loss(fields),
        label_smoothing=smoothing,
        epochs=fields.whole("epochs"),
        batch_size=fields.whole("batchSize"),
        optimizer=_optimizer(fields.raw("optimizer")),
        lora=_lora(fields.raw("lora", None)),
        precision=_precision(fields),
    )


def _preference_loss(fields: Fields) -> Literal["sigmoid", "ipo"] | Formula:
    value = fields.raw("loss", "sigmoid")
    if not isinstance(value, dict):
        return Fields({"loss": value}, "params").one_of("loss", ("sigmoid", "ipo"))  # type: ignore[no-any-return]
    inner = Fields(value, "params.loss")
    formula = parse_formula(inner.raw("formula"))
    inner.done()
    return formula


def _evaluator(fields: Fields) -> Evaluator:
    return Evaluator(
        epochs=fields.whole("epochs"),
        batch_size=fields.whole("batchSize"),
        patience=fields.whole("patience", 1),
        optimizer=_optimizer(fields.raw("optimizer")),
        precision=_precision(fields),
    )


def _sample(fields: Fields) -> Sample:
    return Sample(
        decoding=_decoding(fields.raw("decoding")),
        max_answer_tokens=fields.whole("maxAnswerTokens"),
        precision=_precision(fields),
    )


def _decoding(value: Any) -> Decoding:
    fields = Fields(value, "params.decoding")
    kind = fields.one_of("kind", ("greedy", "beam", "temperature"))
    decoding = Decoding(kind)
    if kind == "beam":
        decoding = Decoding(kind, width=fields.whole("width"))
    if kind == "temperature":
        temperature = fields.number("temperature", is_positive)
        decoding = Decoding(kind, temperature=temperature, samples=fields.whole("samples"))
    fields.done()
    return decoding


def _score(fields: Fields) -> Score:
    return Score(
        kind=fields.one_of("kind", ("classifier", "logprob")),
        precision=_precision(fields),
        bos=fields.take("bos", is_true, None) is True,
    )


PARSERS: Mapping[Verb, Callable[[Fields], Params]] = {
    "pretrain": _pretrain,
    "sft": _sft,
    "dpo": _dpo,
    "evaluator": _evaluator,
    "sample": _sample,
    "score": _score,
}
"""How each verb's parameters are read."""
