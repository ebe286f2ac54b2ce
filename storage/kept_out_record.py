"""Templates of people who were forgotten, kept so that they are not taken in anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from storage.errors import RecordError
from storage.template_record import TemplateTable, template_dtype


@dataclass(frozen=True, slots=True, eq=False)
class KeptOut:
    """What is kept of the face of somebody who was forgotten, and of nothing else.

    Attributes:
        ids: The ids that they had, the last one first.
        templates: Each owned by the first of these ids; at least one. Their track ids are numbers.
    """

    ids: tuple[str, ...]
    templates: TemplateTable

    @classmethod
    def decode(cls, field: str, rows: bytes, dimension: int) -> Self:
        """Read what stands in a field.

        Args:
            field: The field.
            rows: Its value, opened.
            dimension: Length of the vectors.

        Raises:
            RecordError: If it is damaged.
        """
        ids = ids_of_field(field)
        size = template_dtype(dimension).itemsize
        numbered = {b"%d" % (at // size): rows[at : at + size] for at in range(0, len(rows), size)}
        owner = ids[0].encode() if ids else b""
        templates = TemplateTable.of(numbered, dict.fromkeys(numbered, owner), dimension)
        if not ids or not templates.track_ids:
            raise RecordError(f"field {field[:80]!r} of kept_out holds no template", field=field[:80])
        return cls(ids, templates)


def field_of(ids: Sequence[str]) -> str:
    """The field for somebody who had these ids, the last one first."""
    return " ".join(ids)


def ids_of_field(field: str) -> tuple[str, ...]:
    """The ids that a field is about, the last one first."""
    return tuple(field.split())
