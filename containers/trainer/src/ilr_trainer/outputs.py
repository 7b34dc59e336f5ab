"""Outputs appear whole or not at all: written beside their place, synced, renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ilr_trainer.errors import TrainerError
from ilr_trainer.rows import Row, write_rows


@contextmanager
def published(folder: Path, name: str) -> Iterator[Path]:
    """A path to write a file or folder to; when the block ends well, it becomes `folder/name`, whole and on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    staged, final = folder / f".{name}.partial", folder / name
    _remove(staged)
    try:
        yield staged
        _sync(staged)
        _remove(final)
        os.rename(staged, final)
        _sync_one(folder)
    except PermissionError as cause:
        hint = "check that the step's folder is writable"
        raise TrainerError("store-unwritable", f"cannot write output {name}: {cause}", hint) from cause
    finally:
        _remove(staged)


def publish_rows(folder: Path, name: str, rows: Iterable[Row]) -> None:
    """Writes a data output."""
    with published(folder, name) as path:
        write_rows(path, rows)


def _sync(path: Path) -> None:
    if path.is_dir():
        for child in sorted(path.iterdir()):
            _sync(child)
    _sync_one(path)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
