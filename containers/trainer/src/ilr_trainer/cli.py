"""The command `ilr-trainer`: `run <folder>` and `check`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from ilr_trainer import __version__
from ilr_trainer.errors import Cancelled, TrainerError, as_trainer_error
from ilr_trainer.events import Events, Write, take_standard_output

CANCELLED = 143
"""128 + SIGTERM, as a shell reports it."""
PATIENCE = 8.0
"""Seconds that an interrupted step gets to stop by itself."""

ENVIRONMENT = {
    # Nothing is fetched and nobody is told anything, unless the environment says otherwise.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry of the command. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="ilr-trainer", description="Runs steps of the ilr-lab trainer contract.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run the step in a folder: step.json and inputs/ to outputs/")
    run.add_argument("folder", type=Path)
    # For `launch` only.
    run.add_argument("--only-reference", action="store_true", help=argparse.SUPPRESS)
    commands.add_parser("check", help="print what this trainer is and what this machine can do, as one JSON object")
    parsed = parser.parse_args(arguments)
    # Before the first import of a library that reads them.
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    write = take_standard_output()
    if parsed.command == "check":
        from ilr_trainer.check import check

        write(json.dumps(check()))
        return 0
    return run_command(parsed.folder, write, only_reference=parsed.only_reference)


def run_command(folder: Path, write: Write, *, only_reference: bool = False) -> int:
    """Runs a step: events on the real stdout, exit status 0 only with every output in place."""
    events = Events(write, main_process=int(os.environ.get("RANK", "0")) == 0)
    cancelled = threading.Event()

    def give_up() -> None:
        _say(events, Cancelled())
        _leave(CANCELLED)

    def cancel(number: int, frame: FrameType | None) -> NoReturn:
        # The step stops where it is. A library may catch the exception, or turn it into one of its own while it is
        # imported; so it is remembered, and the process does not stay in any case.
        cancelled.set()
        last = threading.Timer(PATIENCE, give_up)
        last.daemon = True
        last.start()
        raise Cancelled

    signal.signal(signal.SIGTERM, cancel)
    signal.signal(signal.SIGINT, cancel)
    try:
        if not folder.is_dir():
            raise TrainerError("input-missing", f"{folder} is not a folder", "ilr-trainer run <folder with step.json>")
        from ilr_trainer.launch import launch_if_needed
        from ilr_trainer.run import run_step

        if only_reference or not launch_if_needed(folder, write):
            run_step(folder, events, only_reference=only_reference)
    except BaseException as failure:
        # A second signal must not interrupt the last words.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if isinstance(failure, SystemExit):
            raise
        if not isinstance(failure, (TrainerError, Cancelled)):
            traceback.print_exception(failure, file=sys.stderr)
        if cancelled.is_set() or isinstance(failure, Cancelled):
            _say(events, Cancelled())
            _leave(CANCELLED)
        _say(events, failure)
        return 1
    return 0


def _say(events: Events, failure: BaseException) -> None:
    error = as_trainer_error(failure)
    events.error(error.code, error.message, error.hint)


def _leave(status: int) -> NoReturn:
    # Threads and CUDA contexts of an interrupted library may hang at exit; there is nothing left to say.
    sys.stderr.flush()
    os._exit(status)
