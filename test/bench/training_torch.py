"""PyTorch's side of training.ts: the same model, data and optimizer on one thread, eager or (`--compile`) compiled.

Reads JSON lines: first the model, its batches and the steps of a warm-up, then `{"steps": n}` as often as wanted; answers each with what
they took, or `{"problem": text}`.
"""

import json
import re
import sys
import time
from collections.abc import Callable

import torch
import transformers
from measure import forget_peak, memory
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


def trainer(setup: dict, compiled: bool) -> Callable[[int], None]:
    """One optimizer step on the k-th batch."""
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=setup["vocabSize"], hidden_size=setup["hiddenSize"], num_hidden_layers=setup["layers"],
            num_attention_heads=setup["heads"], intermediate_size=setup["intermediateSize"],
            max_position_embeddings=setup["maxPositions"], tie_word_embeddings=False,
            attn_implementation=setup["attention"],
        )
    ).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
    forward = torch.compile(model) if compiled else model
    batches = setup["batches"]

    def step(k: int) -> None:
        loss = forward(**collate(batches[k % len(batches)]), use_cache=False).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def run(step: Callable[[int], None], steps: int) -> dict:
    """What some steps take."""
    forget_peak()
    before = memory("VmRSS")
    start, cpu_start = time.perf_counter(), time.process_time()
    for k in range(steps):
        step(k)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu_start
    return {"wall": wall, "cpu": cpu, "before": before, "peak": memory("VmHWM")}


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
    step = trainer(setup, "--compile" in sys.argv)
    try:
        print(json.dumps(run(step, setup["steps"])), flush=True)
    except RuntimeError as error:  # No compiler, or one that cannot: the other sides go on.
        print(json.dumps({"problem": str(error).strip().splitlines()[0]}), flush=True)
        return
    for line in sys.stdin:
        print(json.dumps(run(step, json.loads(line)["steps"])), flush=True)


if __name__ == "__main__":
    main()
