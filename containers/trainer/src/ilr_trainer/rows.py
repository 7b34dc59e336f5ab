"""JSON Lines: the form of every data artifact."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from ilr_trainer.errors import TrainerError

Row = Mapping[str, Any]
Fields = Mapping[str, Literal["string", "label"]]

HINT = "data artifacts are JSON Lines, one object a line"


def read_rows(file: Path, fields: Fields, *, may_be_empty: bool = False) -> list[Row]:
    """The rows of a file, checked for the named fields; further fields are kept.

    Nothing to answer or to score is no error (`may_be_empty`); nothing to train on is.
    Raises `input-missing`, or `input-damaged` naming the line.
    """
    rows = [
        _parse_row(line, fields, f"{file.name}, line {number}")
        # Only "\n" ends a line: str.splitlines would also cut at U+2028 and others, which JSON strings may hold.
        for number, line in enumerate(read_text(file).split("\n"), 1)
        if line.strip() != ""
    ]
    if not rows and not may_be_empty:
        raise TrainerError("input-damaged", f"{file.name} has no rows", HINT)
    return rows


def read_text(file: Path) -> str:
    """A text input. Raises `input-missing`, `input-damaged`."""
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as cause:
        raise TrainerError("input-damaged", f"{file.name} is not UTF-8 text: {cause}", HINT) from cause
    except OSError as cause:
        hint = "the step's inputs were not put in place"
        raise TrainerError("input-missing", f"cannot read input {file.name}", hint) from cause


def write_rows(file: Path, rows: Iterable[Row]) -> None:
    """Writes rows as JSON Lines. Numbers must be finite."""
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n" for row in rows)
    file.write_text("".join(lines), "utf-8")


def _parse_row(line: str, fields: Fields, where: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError as cause:
        raise TrainerError("input-damaged", f"{where}: not JSON", HINT) from cause
    if not isinstance(row, dict):
        raise TrainerError("input-damaged", f"{where}: expected an object, got {line[:40]}", HINT)
    for name, kind in fields.items():
        value = row.get(name)
        valid = isinstance(value, str) if kind == "string" else value in (0, 1) and not isinstance(value, bool)
        if not valid:
            expected = "a string" if kind == "string" else "0 or 1"
            got = json.dumps(value) if name in row else "missing"
            raise TrainerError("input-damaged", f"{where}: {name} is {got}; expected {expected}", HINT)
    return row
