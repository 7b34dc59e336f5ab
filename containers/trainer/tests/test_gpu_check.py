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
    assert len(found["benchmark"]) == 8
    assert all(row["problem"] is None and row["tokens_per_second"] > 0 for row in found["benchmark"]), found
