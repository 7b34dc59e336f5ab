"""What a running step says: one JSON object a line on the real standard output, and nothing else ever there."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

INTERVAL = 0.2
"""Least seconds between two progress events."""

Write = Callable[[str], None]


def take_standard_output() -> Write:
    """Keeps the real stdout for events; whatever libraries print, from Python or C, goes to stderr from now on.

    Returns: writes one line to the real stdout at once.
    """
    sys.stdout.flush()
    events = os.dup(1)
    os.dup2(2, 1)

    def write(line: str) -> None:
        data = (line + "\n").encode()
        while data:
            data = data[os.write(events, data) :]

    return write


class Events:
    """The event stream of kernel-lib/src/core/events.ts."""

    def __init__(self, write: Write, *, main_process: bool = True) -> None:
        self._write = write
        self._main = main_process

    def progress(self, done: int, total: int, unit: str) -> None:
        """How much is done, in `unit`s."""
        self._say({"type": "progress", "done": done, "total": total, "unit": unit})

    def metric(self, name: str, value: float, step: int) -> None:
        """A number at an optimizer step."""
        self._say({"type": "metric", "name": name, "value": value, "step": step})

    def note(self, text: str) -> None:
        """A line for people."""
        self._say({"type": "note", "text": text})

    def error(self, code: str, message: str, hint: str | None = None) -> None:
        """Why the step failed; the last event of a failed step. Every rank of a multi-GPU step may say it."""
        event = {"type": "error", "code": code, "message": message}
        self._write(json.dumps(event if hint is None else {**event, "hint": hint}))

    def reporter(self, unit: str, total: int) -> Callable[[int], bool]:
        """Progress at most five times a second; the last one (`done == total`) always gets through.

        Returns: tells whether this call was let through, so that metrics can keep the same pace.
        """
        last = float("-inf")

        def report(done: int) -> bool:
            nonlocal last
            now = time.monotonic()
            if done < total and now - last < INTERVAL:
                return False
            last = now
            self.progress(done, total, unit)
            return True

        return report

    def _say(self, event: Mapping[str, Any]) -> None:
        # A value that is not finite has no JSON; the step fails anyway with `training-diverged`.
        if self._main:
            self._write(json.dumps(event, allow_nan=False))
