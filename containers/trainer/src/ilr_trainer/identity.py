"""What this trainer is: the part of a step's key that says who computed it."""

from __future__ import annotations

import json
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "transformers", "trl", "peft", "vllm")
"""Packages whose version may change a result."""


def versions() -> dict[str, str | None]:
    """Installed versions; None for what is missing."""
    return {name: _version(name) for name in PACKAGES}


def identity() -> str:
    """sha256 over this package's sources (by path inside the package) and the versions of what computes."""
    root = Path(__file__).parent
    sources = {
        path.relative_to(root).as_posix(): sha256(path.read_bytes()).hexdigest() for path in sorted(root.rglob("*.py"))
    }
    document = {"sources": sources, "versions": versions()}
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
