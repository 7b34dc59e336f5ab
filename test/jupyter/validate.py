"""Validates notebooks with nbformat and writes them again its way. Input: [path, ...]; output: the texts."""

from __future__ import annotations

import json
import sys

import nbformat


def rewritten(path: str) -> str:
    """The notebook as nbformat writes it; raises when it is not valid."""
    with open(path, encoding="utf8", newline="") as file:
        text = file.read()
    nbformat.validate(json.loads(text), version=4)
    return nbformat.writes(nbformat.reads(text, as_version=4))


if __name__ == "__main__":
    json.dump([rewritten(path) for path in json.load(sys.stdin)], sys.stdout)
