"""Executes notebooks with nbclient, to compare with our runner. Input: [{"notebook": path, "output": path}, ...]."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def execute(notebook: Path, output: Path) -> dict[str, object]:
    """Executes one notebook in its folder, writes it with its outputs, and tells whether a cell failed."""
    book = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        book,
        timeout=120,
        # The times of a run are not part of its result.
        record_timing=False,
        resources={"metadata": {"path": str(notebook.parent)}},
    )
    failed = False
    try:
        client.execute(stdout=subprocess.DEVNULL)  # ours is for the answer alone
    except CellExecutionError:
        failed = True
    nbformat.write(book, output)
    return {"failed": failed}


if __name__ == "__main__":
    jobs = json.load(sys.stdin)
    json.dump([execute(Path(job["notebook"]), Path(job["output"])) for job in jobs], sys.stdout)
