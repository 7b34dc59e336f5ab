"""Failures with a code, what went wrong, and what to do next; the codes are those of kernel-lib/src/core/errors.ts."""

from __future__ import annotations

import errno
from typing import Literal

ErrorCode = Literal[
    "input-damaged",
    "input-missing",
    "store-unwritable",
    "store-full",
    "step-failed",
    "step-invalid",
    "cancelled",
    "training-diverged",
    "unsupported",
    "internal",
]


class TrainerError(Exception):
    """An error that says what was got, what was expected, and what to do next."""

    def __init__(self, code: ErrorCode, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.hint = hint


class Cancelled(BaseException):
    """Raised in the main thread by SIGTERM or SIGINT. No Exception, so that no library can swallow it."""


def as_trainer_error(error: BaseException) -> TrainerError:
    """Any failure as one of ours: memory, disk and cancellation keep their meaning, the rest is the step's failure."""
    if isinstance(error, TrainerError):
        return error
    if isinstance(error, (Cancelled, KeyboardInterrupt)):
        hint = "finished steps are kept; the same command goes on where it stopped"
        return TrainerError("cancelled", "the step was cancelled", hint)
    # By name: this module must work where torch is missing or broken.
    if type(error).__name__ == "OutOfMemoryError" or "out of memory" in str(error).lower():
        hint = (
            'set a smaller "microBatch" or "gradientCheckpointing": true in the step\'s resources, or take a larger GPU'
        )
        said = (str(error).splitlines() or [""])[0]
        return TrainerError("step-failed", f"the device is out of memory: {said}", hint)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TrainerError("store-full", f"no space left on the device: {error}", "free some space and run again")
    if isinstance(error, ImportError):
        return TrainerError("unsupported", str(error), "`ilr-trainer check` says which packages are missing")
    return TrainerError("step-failed", f"{type(error).__name__}: {error}")
