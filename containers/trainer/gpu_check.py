"""Does everything run on this machine, and how fast? Every verb on a scratch model, then the paper's 7B settings.

    python containers/trainer/gpu_check.py            # on a machine with a GPU; about ten minutes
    python containers/trainer/gpu_check.py --tiny     # on a CPU, in seconds: checks the check

Prints a table, and with `--json FILE` writes what was measured. The benchmark's weights are random: its speed is that of
Mistral 7B, its losses mean nothing. Ends with status 1 if a verb fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
# Works in a checkout, too, where only the dependencies are installed.
sys.path.insert(0, str(Path(__file__).parent / "src"))

import torch
from gpu_benchmark import FULL, TINY, WORDS, Size, benchmark, word_tokenizer
from gpu_table import print_table

from ilr_trainer.errors import as_trainer_error
from ilr_trainer.events import Events
from ilr_trainer.params import Verb
from ilr_trainer.run import limit_gpus, run_step


def main() -> int:
    """Runs both parts. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="small enough for a CPU")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write what was measured")
    parser.add_argument("--skip-benchmark", action="store_true", help="run the verbs only")
    options = parser.parse_args()
    limit_gpus(1)
    if not options.tiny and not torch.cuda.is_available():
        print("No GPU was found; --tiny runs on the CPU. `ilr-trainer check` says more.", file=sys.stderr)
        return 1
    size = TINY if options.tiny else FULL
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    with tempfile.TemporaryDirectory(prefix="ilr-gpu-check-") as folder:
        verbs = check_verbs(Path(folder), size)
        measured = [] if options.skip_benchmark else list(benchmark(Path(folder), size, name))
    print_table(name, measured)
    if options.json:
        document = {"device": name, "verbs": verbs, "benchmark": [asdict(row) for row in measured]}
        options.json.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    return 0 if all(problem is None for problem in verbs.values()) else 1


def check_verbs(root: Path, size: Size) -> dict[str, str | None]:
    """Every verb, each on what the one before it made. Returns: what failed, by step."""
    outcome: dict[str, str | None] = {}
    for step, verb, params, inputs in scratch_steps(root, size):
        folder = lay_out(root / step, verb, params, inputs)
        started = time.perf_counter()
        try:
            run_step(folder, Events(lambda line: None))
            outcome[step] = None
            print(f"ok      {step} ({time.perf_counter() - started:.1f} s)")
        except Exception as error:
            known = as_trainer_error(error)
            outcome[step] = f"{known.code}: {known.message}"
            print(f"FAILED  {step}: {outcome[step]}")
            break
    return outcome


def scratch_steps(root: Path, size: Size) -> Iterator[tuple[str, Verb, dict[str, Any], dict[str, Any]]]:
    """Name, verb, parameters and inputs of each step."""
    draw = random.Random(0)
    tokenizer, words = word_tokenizer(WORDS)
    texts = [" ".join(draw.choices(words, k=12)) for _ in range(64)]
    demonstrations = [{"id": str(k), "prompt": text, "answer": text[:20]} for k, text in enumerate(texts)]
    pairs = [{**row, "chosen": row["answer"], "rejected": row["prompt"][-12:]} for row in demonstrations]
    examples = [{"id": str(k), "text": text, "label": k % 2} for k, text in enumerate(texts)]
    optimizer = {"name": "adamw", "lr": 1e-3}
    common = {"precision": size.precision}
    training = {**common, "epochs": 1, "batchSize": 16, "optimizer": optimizer}
    lora = {"lora": {"rank": 8, "alpha": 16}}
    architecture = {**size.scratch, "vocabSize": len(words) + 3}
    decoding = {"maxAnswerTokens": 16, **common}
    model = {"model": root / "pretrain/outputs/model"}
    adapter = {"model": root / "sft, LoRA/outputs/model", "base": model["model"]}
    corpus = {"corpus": [{"text": text} for text in texts], "tokenizer": tokenizer}
    yield (
        "pretrain",
        "pretrain",
        {
            **common,
            "architecture": architecture,
            "tokens": 2048,
            "sequenceLength": 32,
            "batchSize": 4,
            "optimizer": optimizer,
        },
        corpus,
    )
    yield "sft", "sft", {**training, "checkpoints": 2}, {**model, "demonstrations": demonstrations}
    yield "sft, LoRA", "sft", {**training, **lora}, {**model, "demonstrations": demonstrations}
    yield "dpo", "dpo", {**training, "beta": 0.1}, {**model, "pairs": pairs}
    yield "dpo, LoRA", "dpo", {**training, "beta": 0.1}, {**adapter, "pairs": pairs}
    yield "evaluator", "evaluator", training, {**model, "train": examples, "validation": examples[:16]}
    for kind in (
        {"kind": "greedy"},
        {"kind": "beam", "width": 4},
        {"kind": "temperature", "temperature": 0.7, "samples": 2},
    ):
        yield f"sample {kind['kind']}", "sample", {**decoding, "decoding": kind}, {**adapter, "prompts": demonstrations}
    yield "score answers", "score", {**common, "kind": "logprob"}, {**adapter, "rows": demonstrations}
    evaluator = {"model": root / "evaluator/outputs/model"}
    yield "score classes", "score", {**common, "kind": "classifier"}, {**evaluator, "rows": examples}


def lay_out(folder: Path, verb: Verb, params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Path:
    """A step's folder."""
    (folder / "inputs").mkdir(parents=True)
    for name, value in inputs.items():
        place = folder / "inputs" / name
        if isinstance(value, Path):
            place.symlink_to(value, target_is_directory=True)
        else:
            text = value if isinstance(value, str) else "".join(json.dumps(row) + "\n" for row in value)
            place.write_text(text, "utf-8")
    digests = dict.fromkeys(inputs, "file:" + "0" * 64)
    document = {"verb": verb, "contract": 1, "params": params, "inputs": digests, "seed": 0}
    (folder / "step.json").write_text(json.dumps(document), "utf-8")
    return folder


if __name__ == "__main__":
    sys.exit(main())
