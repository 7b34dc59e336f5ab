"""Executes a notebook with nbclient and prints when what was done, in ms since 1970. Arguments: notebook, output."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

marks = {"loaded": time.time() * 1000}


def mark(name: str) -> None:
    """Notes the time of the first event of that name."""
    marks.setdefault(name, time.time() * 1000)


def mark_cell_end(**_: object) -> None:
    """Notes the time of the last event."""
    marks["done"] = time.time() * 1000


if __name__ == "__main__":
    notebook, output = map(Path, sys.argv[1:])
    book = nbformat.read(notebook, as_version=4)
    NotebookClient(
        book,
        resources={"metadata": {"path": str(notebook.parent)}},
        on_cell_execute=lambda **_: mark("ready"),
        on_cell_executed=mark_cell_end,
    ).execute(stdout=subprocess.DEVNULL)
    nbformat.write(book, output)
    print(json.dumps(marks))
