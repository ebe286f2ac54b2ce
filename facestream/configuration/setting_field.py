"""One setting as it is declared: its type, what it means, and what it takes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

# No control characters, of which a NUL is in no path.
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$")]
Seconds = Annotated[float, Field(gt=0, le=86400)]
SECONDS = "a number of seconds above 0"
TABLE_CONFIG = ConfigDict(frozen=True, hide_input_in_errors=True)


def setting(default: Any, description: str, accepts: str) -> Any:
    """A field with what it means, and what it takes as an error message says it."""
    return Field(default, description=description, json_schema_extra={"accepts": accepts})
