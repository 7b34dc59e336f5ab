"""TRL's and transformers' side of epoch.ts: SFTTrainer, DPOTrainer and `generate` on one thread, in their fastest fair settings.

Reads a line of JSON a request and answers it with one. Imports and the loading of the model are outside the clock; making the
trainer (tokenisation, reference log-probabilities) and training are inside. Float32, no evaluation, saving, reporting or gradient
checkpointing; the data loader has no workers. For a model as small as this, "eager" attention trains 3 % faster than "sdpa", and `generate`
with a static cache takes 10 % less than with the one that grows.
"""

import io
import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

import datasets
import torch
import transformers
import trl
from datasets import Dataset
from measure import forget_peak, memory
from sampling_torch import CACHE, arguments, batches
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer


def options(request: dict, folder: str) -> dict:
    """Arguments that both trainers share."""
    params = request["params"]
    optimizer = params["optimizer"]
    return {
        "output_dir": folder,
        "num_train_epochs": params["epochs"],
        "per_device_train_batch_size": params["batchSize"],
        "learning_rate": optimizer["lr"],
        "optim": {"adamw": "adamw_torch_fused", "rmsprop": "rmsprop"}[optimizer["name"]],
        "adam_beta1": optimizer["beta1"],
        "adam_beta2": optimizer["beta2"],
        "adam_epsilon": optimizer["eps"],
        "weight_decay": optimizer["weightDecay"],
        "max_grad_norm": optimizer["clipNorm"],
        "lr_scheduler_type": optimizer["schedule"],
        "warmup_steps": optimizer["warmup"],
        "train_sampling_strategy": request["strategy"],
        "length_column_name": "length",
        "gradient_checkpointing": False,
        "bf16": False,
        "use_cpu": True,
        "report_to": "none",
        "save_strategy": "no",
        "logging_strategy": "no",
        "disable_tqdm": True,
        "max_length": None,
    }


def train(request: dict, model: PreTrainedModel, tokenizer: object, rows: list[dict]) -> dict:
    """Makes a trainer and runs it; seconds of the making apart."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        data = Dataset.from_list(rows)
        shared = {"model": model, "processing_class": tokenizer, "train_dataset": data}
        if request["verb"] == "sft":
            trainer = SFTTrainer(args=SFTConfig(completion_only_loss=True, **options(request, folder)), **shared)
        else:
            config = DPOConfig(
                beta=request["params"]["beta"],
                precompute_ref_log_probs=True,
                precompute_ref_batch_size=64,
                remove_unused_columns=False,  # It would remove the lengths.
                **options(request, folder),
            )
            trainer = DPOTrainer(args=config, **shared)
        prepared = time.perf_counter() - start
        loss = trainer.train().training_loss
    return {"prepare": prepared, "loss": loss}


def generate(request: dict, model: PreTrainedModel, tokenizer: object, rows: list[dict]) -> dict:
    """Sampled answers, batches sorted by length, decoded to text."""
    prompts = tokenizer([row["prompt"] for row in rows])["input_ids"]
    given = {
        "max_new_tokens": request["params"]["maxAnswerTokens"],
        **CACHE,
        **arguments(request["params"]["decoding"]),
    }
    answers = tokens = 0
    for ids, mask in batches(prompts, request["batch"]):
        with torch.inference_mode():
            written = model.generate(ids, attention_mask=mask, **given)[:, ids.shape[1] :]
        answers += len(tokenizer.batch_decode(written, skip_special_tokens=True))
        tokens += int((written != tokenizer.pad_token_id).sum())
    return {"answers": answers, "tokens": tokens}


def main() -> None:
    torch.set_num_threads(1)
    if "--version" in sys.argv:
        print(f"PyTorch {torch.__version__}, transformers {transformers.__version__}, TRL {trl.__version__}")
        return
    answers, sys.stdout = sys.stdout, io.StringIO()  # Trainers print what they logged.
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    datasets.disable_progress_bars()
    datasets.disable_caching()
    for line in sys.stdin:
        request = json.loads(line)
        rows = [json.loads(row) for row in Path(request["rows"]).read_text().splitlines()]
        tokenizer = AutoTokenizer.from_pretrained(request["model"])
        model = AutoModelForCausalLM.from_pretrained(
            request["model"], dtype=torch.float32, attn_implementation="eager"
        )
        forget_peak()
        before = memory("VmRSS")
        start, cpu_start = time.perf_counter(), time.process_time()
        if request["verb"] == "sample":
            result = generate(request, model.eval(), tokenizer, rows)
        else:
            result = train(request, model, tokenizer, rows)
        result |= {"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu_start}
        result |= {"before": before, "peak": memory("VmHWM")}
        print(json.dumps(result), file=answers, flush=True)


if __name__ == "__main__":
    main()
