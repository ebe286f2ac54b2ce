"""The settings as `facestream config` shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from facestream.configuration.given_settings import GivenSettings, settings, variable_of
from facestream.configuration.settings_problem import Problem
from facestream.configuration.settings_schema import fields, is_secret
from storage.redaction import redact_url


def effective_rows(given: GivenSettings) -> list[dict[str, Any]]:
    """All settings as they are in force, by key: what a value is and where it comes from; secrets masked."""
    whole, rows = settings(), []
    for key in fields():
        value: Any = whole
        for name in key.split("."):
            value = getattr(value, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None and is_secret(key):
            value = redact_url(value) if value else None
        origin = given.origins.get(key)
        rows.append(
            {
                "key": key,
                "value": value,
                "from": "default" if origin is None else "environment" if origin.variable else "file",
                "file": str(origin.path) if origin and origin.path else None,
                "line": origin.line if origin else None,
                "variable": variable_of(key),
            }
        )
    return rows


def shown_row(row: dict[str, Any]) -> tuple[str, str, str]:
    """Key, value and origin of a setting as text."""
    value = row["value"]
    written = "" if value is None else str(value).lower() if isinstance(value, bool) else _number(value)
    place = {
        "default": "default",
        "environment": row["variable"],
        "file": f"{row['file']}:{row['line']}",
    }
    return row["key"], written, place[row["from"]]


def problem_rows(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems for machines."""
    return [
        {
            "file": str(problem.origin.path) if problem.origin.path else None,
            "line": problem.origin.line,
            "variable": problem.origin.variable or None,
            "problem": problem.text,
        }
        for problem in problems
    ]


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
