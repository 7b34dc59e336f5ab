"""Runs several steps in one Python process, for the parity tests: starting PyTorch costs more than the steps.

    python run_steps.py <folder>...

Events go to `<folder>/events.jsonl`. A folder with `logits.json` {"model", "ids"} instead of a step gets `logits.out.json`:
log-probabilities after each token by transformers alone, [time][vocabulary].
"""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import torch
from transformers import AutoModelForCausalLM

from ilr_trainer.events import Events
from ilr_trainer.run import run_step

torch.set_num_threads(1)


def logits(folder: Path) -> None:
    request = json.loads((folder / "logits.json").read_text())
    model = AutoModelForCausalLM.from_pretrained(request["model"], dtype=torch.float32).eval()
    with torch.inference_mode():
        rows = [model(torch.tensor([ids])).logits[0].log_softmax(-1).tolist() for ids in request["ids"]]
    (folder / "logits.out.json").write_text(json.dumps(rows))


for folder in map(Path, sys.argv[1:]):
    if (folder / "logits.json").exists():
        logits(folder)
        continue
    with (folder / "events.jsonl").open("w") as events:
        run_step(folder, Events(lambda line, file=events: file.write(line + "\n")))
