"""PyTorch's side of training.ts: the same model, data and optimizer in eager mode on one thread.

Reads JSON lines: first the model and batches, then `{"steps": n}` as often as wanted; answers each with seconds.
"""

import json
import re
import sys
import time

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM


def collate(rows: list[dict]) -> dict[str, torch.Tensor]:
    """Right padding; labels are the tokens from `from` on, shifted by the model."""
    length = max(len(row["ids"]) for row in rows) + 1
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    labels = torch.full((len(rows), length), -100)
    mask = torch.zeros(len(rows), length, dtype=torch.long)
    for k, row in enumerate(rows):
        whole = torch.tensor([*row["ids"], row["last"]])
        ids[k, : len(whole)] = whole
        mask[k, : len(whole)] = 1
        labels[k, row["from"] + 1 : len(whole)] = whole[row["from"] + 1 :]
    return {"input_ids": ids, "labels": labels, "attention_mask": mask}


def main() -> None:
    torch.set_num_threads(1)
    if "--version" in sys.argv:
        blas = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
        parts = [
            f"PyTorch {torch.__version__}",
            f"transformers {transformers.__version__}",
            f"BLAS {blas.group(1) if blas else 'unknown'}",
            torch.backends.cpu.get_cpu_capability(),
        ]
        print(", ".join(parts))
        return
    setup = json.loads(sys.stdin.readline())
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=setup["vocabSize"], hidden_size=setup["hiddenSize"], num_hidden_layers=setup["layers"],
            num_attention_heads=setup["heads"], intermediate_size=setup["intermediateSize"],
            max_position_embeddings=setup["maxPositions"], tie_word_embeddings=False,
        )
    ).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
    batches = setup["batches"]

    def step(k: int) -> None:
        loss = model(**collate(batches[k % len(batches)]), use_cache=False).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    step(0)
    step(1)
    print(0, flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        for k in range(json.loads(line)["steps"]):
            step(k)
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
