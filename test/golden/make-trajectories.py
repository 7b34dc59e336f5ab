"""Golden training trajectories: transformers' Llama trained by PyTorch, for test/engine/golden.test.ts.

    python test/golden/make-trajectories.py > test/golden/trajectories.json

Weights and batches come from a 32-bit linear congruential generator that the test repeats, so the file holds only losses and norms.
"""

import json
import platform
import sys

import torch
import torch.nn.functional as F
import transformers
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

STEPS = 20
VOCAB, HIDDEN, LAYERS, HEADS, INTERMEDIATE, POSITIONS = 29, 24, 2, 2, 40, 64


class Generator:
    """x -> 1664525 x + 1013904223 mod 2^32 (Numerical Recipes)."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def next(self) -> float:
        self.state = (1664525 * self.state + 1013904223) % 2**32
        return self.state / 2**32

    def below(self, bound: int) -> int:
        return int(self.next() * bound)


def block_names(tied: bool, classifier: bool) -> list[str]:
    """The order of the engine's flat parameter vector."""
    matrices, norms = ["model.embed_tokens.weight"], []
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        matrices += [f"{prefix}.self_attn.{name}_proj.weight" for name in "qkvo"]
        matrices += [f"{prefix}.mlp.{name}_proj.weight" for name in ("gate", "up", "down")]
        norms += [f"{prefix}.input_layernorm.weight", f"{prefix}.post_attention_layernorm.weight"]
    if classifier:
        matrices.append("score.weight")
    elif not tied:
        matrices.append("lm_head.weight")
    return [*matrices, *norms, "model.norm.weight"]


def make_model(tied: bool, classifier: bool = False, seed: int = 1):
    config = LlamaConfig(
        vocab_size=VOCAB, hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=INTERMEDIATE, max_position_embeddings=POSITIONS, rms_norm_eps=1e-5, tie_word_embeddings=tied,
        num_labels=2, pad_token_id=0, attn_implementation="eager",
    )
    model = (LlamaForSequenceClassification if classifier else LlamaForCausalLM)(config)
    named = dict(model.named_parameters())
    generator = Generator(seed)
    with torch.no_grad():
        for name in block_names(tied, classifier):
            flat = named[name].view(-1)
            norm = "norm" in name
            values = [generator.next() - 0.5 for _ in range(flat.numel())]
            flat.copy_(torch.tensor([1 + 0.4 * v if norm else 0.5 * v for v in values]))
    return model.train()


def make_batches() -> list[list[dict]]:
    """Three batches of four rows: prompt, two answers, label."""
    generator = Generator(7)

    def tokens(low: int, high: int) -> list[int]:
        return [1 + generator.below(VOCAB - 1) for _ in range(low + generator.below(high - low))]

    return [
        [{"prompt": tokens(3, 9), "chosen": tokens(2, 10), "rejected": tokens(2, 10), "label": generator.below(2)} for _ in range(4)]
        for _ in range(3)
    ]


def answer_logprobs(model, prompt: list[int], answer: list[int]) -> torch.Tensor:
    logits = model(torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1]
    return logits.log_softmax(-1).gather(1, torch.tensor(answer)[:, None])[:, 0]


def sft_loss(weighting: str):
    def loss(model, batch, _reference):
        rows = [-answer_logprobs(model, row["prompt"], row["chosen"]) for row in batch]
        if weighting == "per-token":
            return torch.cat(rows).mean()
        return torch.stack([row.mean() for row in rows]).mean()

    return loss


def pretrain_loss(model, batch, _reference):
    streams = [row["prompt"] + row["chosen"] + row["rejected"] for row in batch]
    length = min(len(stream) for stream in streams)
    ids = torch.tensor([stream[:length] for stream in streams])
    return model(ids, labels=ids).loss


def dpo_loss(kind: str, beta: float, smoothing: float):
    def margin(model, row):
        reduce = torch.mean if kind == "ipo" else torch.sum
        return reduce(answer_logprobs(model, row["prompt"], row["chosen"])) - reduce(
            answer_logprobs(model, row["prompt"], row["rejected"])
        )

    def loss(model, batch, reference):
        losses = []
        for row in batch:
            with torch.no_grad():
                offset = margin(reference, row)
            h = margin(model, row) - offset
            if kind == "ipo":
                losses.append((h - 1 / (2 * beta)) ** 2)
            else:
                losses.append(-(1 - smoothing) * F.logsigmoid(beta * h) - smoothing * F.logsigmoid(-beta * h))
        return torch.stack(losses).mean()

    return loss


def classifier_loss(model, batch, _reference):
    rows = [model(torch.tensor([row["prompt"] + row["chosen"]])).logits for row in batch]
    return F.cross_entropy(torch.cat(rows), torch.tensor([row["label"] for row in batch]))


def trajectory(loss, *, tied=False, classifier=False, optimizer="adamw", weight_decay=0.0, lr=3e-3) -> dict:
    model = make_model(tied, classifier)
    reference = make_model(tied, classifier, seed=2) if not classifier else None
    matrices = [p for p in model.parameters() if p.ndim == 2]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    optim = torch.optim.AdamW(groups, lr=lr) if optimizer == "adamw" else torch.optim.RMSprop(groups, lr=lr)
    schedule = transformers.get_cosine_schedule_with_warmup(optim, 2, STEPS)
    batches = make_batches()
    losses, norms = [], []
    for step in range(STEPS):
        value = loss(model, batches[step % len(batches)], reference)
        optim.zero_grad()
        value.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
        optim.step()
        schedule.step()
        losses.append(value.item())
    return {"losses": losses, "gradientNorms": norms}


def main() -> None:
    torch.set_num_threads(1)
    # Double precision: what is compared is the engine's rounding alone.
    torch.set_default_dtype(torch.float64)
    cases = {
        "pretrain, tied": trajectory(pretrain_loss, tied=True),
        "pretrain, untied": trajectory(pretrain_loss),
        "sft per-example, untied": trajectory(sft_loss("per-example"), weight_decay=0.1),
        "sft per-token, tied": trajectory(sft_loss("per-token"), tied=True),
        "dpo sigmoid": trajectory(dpo_loss("sigmoid", 0.1, 0.0), optimizer="rmsprop", lr=3e-4),
        "dpo smoothing": trajectory(dpo_loss("sigmoid", 0.5, 0.2), optimizer="rmsprop", lr=3e-4, weight_decay=0.1),
        "dpo ipo": trajectory(dpo_loss("ipo", 0.3, 0.0), optimizer="rmsprop", lr=3e-4),
        "classifier": trajectory(classifier_loss, classifier=True),
    }
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "python": platform.python_version()}
    json.dump({"versions": versions, "cases": cases}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
