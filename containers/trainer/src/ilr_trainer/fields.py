"""Strict reading of JSON objects: every field is checked, unknown ones are refused, errors name the path."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Iterable
from typing import Any

from ilr_trainer.errors import TrainerError

REQUIRED: Any = object()
Check = Callable[[Any], bool]


def is_count(value: Any) -> bool:
    """A whole number from 1."""
    return is_whole(value) and value >= 1


def is_whole(value: Any) -> bool:
    """A whole number from 0; JSON's 1.0 counts as 1."""
    return _is_number(value) and value == int(value) and value >= 0


def is_positive(value: Any) -> bool:
    """A finite number above 0."""
    return _is_number(value) and value > 0


def is_from_0(value: Any) -> bool:
    """A finite number from 0."""
    return _is_number(value) and value >= 0


def is_fraction(value: Any) -> bool:
    """A number from 0 to 1."""
    return _is_number(value) and 0 <= value <= 1


def is_boolean(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


def is_true(value: Any) -> bool:
    """True, or no such field."""
    return value is True


def is_string(value: Any) -> bool:
    """A string."""
    return isinstance(value, str)


class Fields:
    """The fields of one JSON object, taken one by one; `done` refuses what is left."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise invalid(f"{path} is {_shown(value)}; expected an object")
        self._rest: dict[str, Any] = dict(value)
        self._known: list[str] = []
        self._path = path

    def take(self, name: str, check: Check, default: Any = REQUIRED) -> Any:
        """The field's value, or its default where it is absent."""
        value = self.raw(name, default)
        if name_is_default(value, default):
            return default
        if not check(value):
            expected = (check.__doc__ or "another value").splitlines()[0].rstrip(".").lower()
            raise invalid(f"{self._path}.{name} is {_shown(value)}; expected {expected}")
        return value

    def one_of(self, name: str, choices: Iterable[str], default: Any = REQUIRED) -> Any:
        """A string that is one of the choices."""
        allowed = list(choices)
        value = self.raw(name, default)
        if value in allowed or name_is_default(value, default):
            return value
        raise invalid(f"{self._path}.{name} is {_shown(value)}; expected one of {', '.join(allowed)}")

    def whole(self, name: str, default: Any = REQUIRED) -> int:
        """A whole number from 1."""
        return int(self.take(name, is_count, default))

    def number(self, name: str, check: Check, default: Any = REQUIRED) -> float:
        """A number as float."""
        return float(self.take(name, check, default))

    def raw(self, name: str, default: Any = REQUIRED) -> Any:
        """The field's value, unchecked."""
        self._known.append(name)
        if name in self._rest:
            return self._rest.pop(name)
        if default is REQUIRED:
            raise invalid(f"{self._path} lacks {name}")
        return default

    def done(self) -> None:
        """Refuses unknown fields, with a guess at what was meant."""
        for name in self._rest:
            near = difflib.get_close_matches(name, self._known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"fields of {self._path}: {', '.join(self._known)}"
            raise invalid(f"{self._path} has an unknown field {name!r}", hint)


def invalid(message: str, hint: str | None = None) -> TrainerError:
    """The error of a document that breaks the contract."""
    return TrainerError("step-invalid", message, hint or "docs/contract.md says what a step may hold")


def name_is_default(value: Any, default: Any) -> bool:
    """Whether a field was absent; defaults need no check."""
    return default is not REQUIRED and value is default


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
