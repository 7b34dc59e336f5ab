"""The GPU check itself, on a CPU."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def test_gpu_check_runs_every_verb_and_every_setting(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    module = importlib.import_module("gpu_check")
    monkeypatch.setattr(sys, "argv", ["gpu_check.py", "--tiny", "--json", str(tmp_path / "found.json")])
    assert module.main() == 0, capsys.readouterr().out
    found = json.loads((tmp_path / "found.json").read_text())
    assert len(found["verbs"]) == 11
    rows = found["benchmark"]
    assert [row["verb"] for row in rows] == ["sft", "dpo"] * 4 + ["score"] * 2 + ["sample"]
    assert all(row["problem"] is None and row["tokens_per_second"] > 0 for row in rows), found
    # Equal effective batch, equal losses: mini-batches, checkpointing and packing only change the speed.
    for verb in ("sft", "dpo"):
        settings = [row for row in rows if row["verb"] == verb]
        losses = settings[0]["losses"]
        assert len(losses) == 3
        assert max(losses) - min(losses) > 1e-3, "nothing was learned"
        assert all(row["loss_gap"] < 1e-5 for row in settings), [row["losses"] for row in settings]
