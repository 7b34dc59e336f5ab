"""The JSON Schema that the TypeScript side exports, where it is packaged: a second, independent check of step.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ilr_trainer.fields import invalid

NAME = "step.schema.json"


def schema_file() -> Path | None:
    """The schema beside this package's sources, or in containers/contract of a source tree; None without either."""
    here = Path(__file__).parent
    candidates = (here / NAME, here.parents[2] / "contract" / NAME)
    return next((path for path in candidates if path.is_file()), None)


def validate_against_schema_file(document: dict[str, Any]) -> None:
    """Raises `step-invalid` naming the field. Does nothing without the schema or without `jsonschema`."""
    file = schema_file()
    if file is None:
        return
    try:
        import jsonschema
    except ImportError:
        return
    schema = _of_verb(json.loads(file.read_text("utf-8")), document["verb"])
    complete = _with_defaults(schema, document)
    worst = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(complete))
    if worst is not None:
        raise invalid(f"{worst.json_path}: {worst.message}", f"see containers/contract/{NAME}")


def _of_verb(schema: dict[str, Any], verb: str) -> dict[str, Any]:
    """The alternative for a verb: "none of six alternatives fits" helps nobody."""
    for alternative in schema.get("anyOf", []):
        if alternative["properties"]["verb"].get("const") == verb:
            return dict(alternative)
    return schema


def _with_defaults(schema: dict[str, Any], value: Any) -> Any:
    """The schema describes complete documents; what may be left out is filled in."""
    if not isinstance(value, dict):
        return value
    properties = schema.get("properties", {})
    defaults = {name: part["default"] for name, part in properties.items() if "default" in part}
    given = {name: _with_defaults(properties.get(name, {}), member) for name, member in value.items()}
    return {**defaults, **given}
